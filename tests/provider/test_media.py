"""The ways in which a provider hands over audio: links, texts, bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from runner.provider.protocol import read_submit
from runner.records.exchange import Media, Reply
from runner.records.provider import Provider, ResultRules, Transform
from tests.catalog.shelf import CATALOG

VERBATIK = CATALOG.providers["verbatik"]


def with_result(**rules: Any) -> Provider:
    return replace(VERBATIK, result=ResultRules(**rules), base_url="https://vendor.example")


def take(provider: Provider, document: Any) -> tuple[Media, ...]:
    answer = Reply(status=200, headers={}, body=json.dumps(document).encode())
    return read_submit(provider, CATALOG.models["verbatik/text-to-music"], answer).media


TRANSFORMS: list[tuple[str, Any, tuple[Media, ...]]] = [
    ("hex", "52494646", (Media(data=b"RIFF"),)),
    ("hex", ["52494646", "zz", "", None], (Media(data=b"RIFF"),)),
    ("base64", "UklGRg==", (Media(data=b"RIFF"),)),
    ("base64", "UklG Rg==", ()),
    ("base64", "ü", ()),
    ("data-url", "data:audio/mpeg;base64,UklGRg==", (Media(data=b"RIFF", media_type="audio/mpeg"),)),
    ("data-url", "data:audio/wav,RI%46F", (Media(data=b"RIFF", media_type="audio/wav"),)),
    ("data-url", "data:;base64,UklGRg==", (Media(data=b"RIFF"),)),
    ("data-url", "https://x.example/a.wav", ()),
    ("data-url", "data:audio/wav;base64,!", ()),
    ("relative-url", "/v1/audio?path=a.wav", (Media(url="https://vendor.example/v1/audio?path=a.wav"),)),
    ("relative-url", "a.wav", (Media(url="https://vendor.example/a.wav"),)),
    ("relative-url", "javascript:alert(1)", ()),
    ("relative-url", "//[", ()),
    ("json-string", '[{"file": "/v1/audio?path=a"}]', (Media(url="https://vendor.example/v1/audio?path=a"),)),
    ("json-string", '{"url": "https://x.example/a.wav"}', (Media(url="https://x.example/a.wav"),)),
    ("json-string", "[]", ()),
    ("json-string", "not json", ()),
    ("json-string", 7, ()),
]


@pytest.mark.parametrize(("transform", "value", "expected"), TRANSFORMS)
def test_a_transform_gives_links_or_bytes(transform: Any, value: Any, expected: tuple[Media, ...]) -> None:
    assert (
        take(with_result(media="audio", transform=Transform(transform) if transform else None), {"audio": value})
        == expected
    )


def test_a_relative_link_is_completed_with_the_base_url_in_use() -> None:
    provider = replace(with_result(media="audio", transform=Transform.RELATIVE_URL), base_url="http://127.0.0.1:9000")
    found = take(provider, {"audio": "/a.wav"})
    assert found == (Media(url="http://127.0.0.1:9000/a.wav"),)


def test_inline_audio_may_be_longer_than_other_answers() -> None:
    found = take(with_result(media="audio", transform=Transform.HEX), {"audio": "00" * (1 << 20)})
    assert len(found[0].data or b"") == 1 << 20


def test_each_take_keeps_its_own_type_and_seed() -> None:
    links = ["https://x.example/1", "https://x.example/2"]
    document = {"audio": links, "kinds": ["audio/wav", None], "seeds": [True, 7]}
    found = take(with_result(media="audio", media_type="kinds", seeds="seeds"), document)
    assert found == (Media(url=links[0], media_type="audio/wav"), Media(url=links[1], seed=7))


def test_a_path_that_does_not_suit_the_answer_finds_nothing() -> None:
    assert take(with_result(media="length(@.audio)"), {"audio": 7}) == ()


@pytest.mark.parametrize(
    ("transform", "value", "expected"),
    [
        ("hex", "52", (Media(data=b"R"),)),
        ("data-url", "data:audio/wav,a,b", (Media(data=b"a,b", media_type="audio/wav"),)),
        ("data-url", "data:audio/wav", ()),
        ("data-url", "x,UklGRg==", ()),
        ("data-url", "data:audio/wav;base64,Ukl GRg==", ()),
        ("data-url", "data:audio wav,RIFF", (Media(data=b"RIFF"),)),
        ("data-url", "data:audio,RIFF", (Media(data=b"RIFF"),)),
    ],
)
def test_an_odd_form_is_read_to_the_letter_or_not_at_all(
    transform: Any, value: Any, expected: tuple[Media, ...]
) -> None:
    assert take(with_result(media="audio", transform=Transform(transform)), {"audio": value}) == expected
