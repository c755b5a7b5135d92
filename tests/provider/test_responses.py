"""What an answer says beside its words: that it is the audio, and how long to wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.provider.protocol import read_submit
from runner.provider.responses import retry_after
from runner.records.exchange import Media, Reply, Verdict
from tests.catalog.shelf import CATALOG

VERBATIK = CATALOG.providers["verbatik"]
TRACKS = CATALOG.models["pixazo/tracks"]
BYTES = replace(VERBATIK, mode="sync-bytes", result=None, title="Bytes")


@pytest.mark.parametrize("kind", ["audio/mpeg", "Audio/MPEG; x=1", "application/octet-stream"])
def test_an_answer_may_be_the_audio(kind: str) -> None:
    found = read_submit(BYTES, TRACKS, Reply(status=200, headers={"content-type": kind}, body=b"ID3"))
    assert found.media == (Media(data=b"ID3", media_type=kind.partition(";")[0].lower()),)
    assert found.verdict is Verdict.DONE


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("application/json", b"{}", "Bytes answered 200: the answer is application/json, not audio"),
        ("text/html", b"<html>", "Bytes answered 200: the answer is text/html, not audio"),
        ("audio/mpeg", b"", "Bytes answered 200: the answer is empty"),
    ],
)
def test_an_answer_that_is_not_the_audio_is_unknown(kind: str, body: bytes, message: str) -> None:
    found = read_submit(BYTES, TRACKS, Reply(status=200, headers={"content-type": kind}, body=body))
    assert (found.verdict, found.message) == (Verdict.UNKNOWN, message)


NOW = {"date": "Sat, 21 Nov 2026 10:00:00 GMT"}
STRANGE_DATES = [
    "Mon, 01 Jan 99999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2024 00:00:00 +999999999999999",
    "Mon, 01 Jan 9999 23:59:60 GMT",
    "Mon, 01 Jan 2027 99999999999999:00:00 GMT",
    "Mon,",
    "\u0661\u0661, 01 Jan 2027 00:00:00 GMT",
]


@pytest.mark.parametrize("text", STRANGE_DATES)
@pytest.mark.parametrize("name", ["retry-after", "date"])
def test_a_strange_date_tells_nothing(name: str, text: str) -> None:
    assert retry_after(NOW | {"retry-after": "Sat, 21 Nov 2026 10:00:42 GMT"} | {name: text}) is None


@given(later=st.text(), now=st.text())
@example(later="1" * 5000, now="")
def test_no_header_makes_the_reading_of_a_pause_stumble(later: str, now: str) -> None:
    found = retry_after({"retry-after": later, "date": now})
    assert found is None or 0 <= found <= 300
