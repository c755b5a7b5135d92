"""Parameters become exactly the documented call; an answer becomes exactly one meaning."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.errors import StateError
from runner.provider.protocol import cancel_call, list_call, poll_call, read_poll, read_submit, submit_call
from runner.provider.responses import retry_after
from runner.records.exchange import Media, Reading, Reply, Verdict
from runner.records.pipeline import Webhook
from runner.records.provider import ErrorRow, Provider, ResultRules
from tests.catalog.shelf import CATALOG, cases, reply

PIXAZO, PIXVERSE, VERBATIK = (CATALOG.providers[name] for name in ("pixazo", "pixverse", "verbatik"))
TRACKS = CATALOG.models["pixazo/tracks"]
AUDIO_ID = "user:1234-pixverse:me@example.com-music:99"


def reading(data: dict[str, Any]) -> Reading:
    media = tuple(Media(**take) for take in data.get("media", ()))
    return Reading(**{**data, "verdict": Verdict(data["verdict"]), "media": media})


@pytest.mark.parametrize("case", cases("call"), ids=lambda case: case["id_"])
def test_a_submit_is_exactly_the_documented_call(case: dict[str, Any]) -> None:
    model = CATALOG.models[case["model"]]
    provider = CATALOG.providers[model.provider]
    webhook = Webhook(**case["webhook"]) if "webhook" in case else None
    call = submit_call(provider, model, case["params"], job=case.get("job", "title"), webhook=webhook)
    expected = case["call"]
    assert (call.method, call.url, dict(call.headers)) == (expected["method"], expected["url"], expected["headers"])
    assert call.body == json.dumps(expected["body"], ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("case", cases("submit"), ids=lambda case: case["id_"])
def test_a_submit_answer_has_one_meaning(case: dict[str, Any]) -> None:
    model = CATALOG.models[case["model"]]
    assert read_submit(CATALOG.providers[model.provider], model, reply(case["submit"])) == reading(case["reading"])


@pytest.mark.parametrize("case", cases("poll"), ids=lambda case: case["id_"])
def test_a_poll_answer_has_one_meaning(case: dict[str, Any]) -> None:
    model = CATALOG.models[case["model"]]
    found = read_poll(CATALOG.providers[model.provider], model, reply(case["poll"]), id=case["id"])
    assert found == reading(case["reading"])


@pytest.mark.parametrize("status", range(500, 600))
@pytest.mark.parametrize("name", ["pixazo", "pixverse", "verbatik"])
def test_a_5xx_on_submit_is_unknown(name: str, status: int) -> None:
    if (name, status) == ("pixverse", 596):
        return
    model = next(model for model in CATALOG.models.values() if model.provider == name)
    text = b'{"error": "All Credits have been used up", "request_id": "a", "audio_id": "a"}'
    found = read_submit(CATALOG.providers[name], model, Reply(status=status, headers={}, body=text))
    assert found.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("status", range(300, 1000))
@pytest.mark.parametrize("name", ["pixazo", "pixverse", "verbatik"])
def test_a_status_that_a_vendors_page_does_not_name_proves_nothing_on_a_submit(name: str, status: int) -> None:
    documented = {
        "pixazo": {400: "invalid", 401: "auth", 402: "balance", 403: "auth", 429: "rate"},
        "pixverse": {400: "invalid", 401: "auth", 402: "balance", 429: "busy", 596: "account"},
        "verbatik": {400: "invalid", 401: "auth", 402: "balance", 429: "rate"},
    }
    model = next(model for model in CATALOG.models.values() if model.provider == name)
    headers = {"location": "https://elsewhere.example/"}
    found = read_submit(CATALOG.providers[name], model, Reply(status=status, headers=headers, body=b'{"error": "x"}'))
    assert found.group == documented[name].get(status)
    assert (found.verdict is Verdict.REJECTED) == (status in documented[name])


def test_an_id_that_is_missing_is_a_word_about_polls() -> None:
    model = CATALOG.models["pixverse/music-2.6"]
    answer = Reply(status=404, headers={}, body=b'{"error": "Music not found"}')
    assert read_submit(PIXVERSE, model, answer).verdict is Verdict.UNKNOWN
    assert read_poll(PIXVERSE, model, answer, id="a").verdict is Verdict.MISSING


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


@pytest.mark.parametrize("status", range(100, 1000))
def test_no_status_makes_a_poll_lose_a_job(status: int) -> None:
    found = read_poll(PIXAZO, TRACKS, Reply(status=status, headers={}, body=b"{}"), id="tracks_1")
    assert found.verdict in {Verdict.RETRY, Verdict.REFUSED, Verdict.MISSING}


# ---------------------------------------------------------------- calls


def test_no_call_holds_a_key() -> None:
    call = submit_call(PIXAZO, TRACKS, {"prompt": "x"}, job="t", webhook=None)
    assert {name.lower() for name, _ in call.headers} == {"content-type", "cache-control"}


def test_text_is_sent_as_utf_8_and_not_escaped() -> None:
    call = submit_call(PIXAZO, TRACKS, {"prompt": "Träume 夢"}, job="t", webhook=None)
    assert call.body == '{"prompt":"Träume 夢"}'.encode()


def test_nan_is_never_sent() -> None:
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        submit_call(PIXAZO, TRACKS, {"bpm": float("nan")}, job="t", webhook=None)


def test_a_fixed_field_beats_a_parameter_of_the_same_name() -> None:
    model = CATALOG.models["pixverse/music-2.6"]
    call = submit_call(PIXVERSE, model, {"model": "other"}, job="t", webhook=None)
    assert call.body == b'{"model":"music-2.6"}'


@pytest.mark.parametrize("base", ["http://127.0.0.1:8123", "http://127.0.0.1:8123/"])
def test_a_base_url_can_be_replaced(base: str) -> None:
    call = submit_call(replace(PIXAZO, base_url=base), TRACKS, {}, job="t", webhook=None)
    assert call.url == "http://127.0.0.1:8123/tracks/v1/generate"


def test_a_path_cannot_change_the_host() -> None:
    provider = replace(PIXAZO, base_url="https://a.b")
    call = submit_call(provider, replace(TRACKS, path="@evil.example/x"), {}, job="t", webhook=None)
    assert call.url == "https://a.b/@evil.example/x"


def test_a_webhook_template_is_filled_once() -> None:
    model = CATALOG.models["pixverse/music-2.6"]
    webhook = Webhook(url="https://x.example/{job}")
    call = submit_call(PIXVERSE, model, {}, job="{url}", webhook=webhook)
    assert json.loads(call.body or b"") == {
        "model": "music-2.6",
        "replyUrl": "https://x.example/{job}",
        "replyRef": "{url}",
    }


def test_the_polling_url_is_used_on_the_providers_own_host() -> None:
    url = "https://gateway.pixazo.ai/v2/requests/status/tracks_1?fresh=1"
    assert poll_call(PIXAZO, id="tracks_1", poll_url=url).url == url
    named = "https://GATEWAY.pixazo.ai:443/x"
    assert poll_call(PIXAZO, id="tracks_1", poll_url=named).url == named


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://evil.example/v2/requests/status/tracks_1",
        "http://gateway.pixazo.ai/v2/requests/status/tracks_1",
        "https://gateway.pixazo.ai:8443/v2/requests/status/tracks_1",
        "https://gateway.pixazo.ai.evil.example/x",
        "https://gateway.pixazo.ai@evil.example/x",
        "https://me@gateway.pixazo.ai/x",
        "//gateway.pixazo.ai/x",
        "/v2/requests/status/tracks_1",
        "https://gateway.pixazo.ai/a b",
        "https://gateway.pixazo.ai/a\r\nX: y",
        "https://gateway.pixazo.ai:port/x",
        "https://[::1/x",
        "file:///etc/passwd",
    ],
)
def test_any_other_polling_url_gives_way_to_the_template(url: str | None) -> None:
    call = poll_call(PIXAZO, id="tracks_1", poll_url=url)
    assert (call.method, call.url) == ("GET", "https://gateway.pixazo.ai/v2/requests/status/tracks_1")


def test_an_id_is_percent_encoded_whole() -> None:
    encoded = "user%3A1234-pixverse%3Ame%40example.com-music%3A99"
    base = PIXVERSE.base_url
    assert poll_call(PIXVERSE, id=AUDIO_ID, poll_url=None).url == f"{base}/v2/pixverse/music/{encoded}"
    cancel = cancel_call(PIXVERSE, id=AUDIO_ID)
    assert (cancel.method, cancel.url) == ("DELETE", f"{base}/v2/pixverse/scheduler/{encoded}")


@pytest.mark.parametrize("bad", ["", "a b", "a\nb", "..", "a\u202eb", "a" * 513, "\ud800"])
def test_an_id_that_cannot_stand_in_a_url_is_refused(bad: str) -> None:
    with pytest.raises(StateError, match="cannot stand in a URL"):
        poll_call(PIXAZO, id=bad, poll_url=None)


@pytest.mark.parametrize("odd", ["a/../../b", "a?x=1", "a#b", "a%2fb", "ä"])
def test_an_odd_id_cannot_leave_its_place_in_the_path(odd: str) -> None:
    url = poll_call(PIXAZO, id=odd, poll_url=None).url
    tail = url.removeprefix("https://gateway.pixazo.ai/v2/requests/status/")
    assert not set("/?#") & set(tail)
    assert tail.isascii()


def test_a_call_that_a_provider_does_not_have_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="pixazo cannot cancel a job"):
        cancel_call(PIXAZO, id="a")
    with pytest.raises(ValueError, match="pixazo has no list of jobs"):
        list_call(PIXAZO)


def test_a_list_is_read_from_its_first_page() -> None:
    listing = list_call(PIXVERSE)
    assert (listing.method, listing.url) == ("GET", "https://api.useapi.net/v2/pixverse/music/")


def test_a_synchronous_vendor_cannot_be_polled() -> None:
    with pytest.raises(ValueError, match="verbatik answers at once and is not polled"):
        poll_call(VERBATIK, id="a", poll_url=None)


def test_a_local_provider_takes_no_submits() -> None:
    model = CATALOG.models["local/sketch"]
    with pytest.raises(ValueError, match="local takes no submits"):
        submit_call(CATALOG.providers["local"], model, {}, job="t", webhook=None)


# ---------------------------------------------------------------- ways to hand over audio


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
    assert take(with_result(media="audio", transform=transform), {"audio": value}) == expected


def test_a_relative_link_is_completed_with_the_base_url_in_use() -> None:
    provider = replace(with_result(media="audio", transform="relative-url"), base_url="http://127.0.0.1:9000")
    found = take(provider, {"audio": "/a.wav"})
    assert found == (Media(url="http://127.0.0.1:9000/a.wav"),)


def test_inline_audio_may_be_longer_than_other_answers() -> None:
    found = take(with_result(media="audio", transform="hex"), {"audio": "00" * (1 << 20)})
    assert len(found[0].data or b"") == 1 << 20


def test_each_take_keeps_its_own_type_and_seed() -> None:
    links = ["https://x.example/1", "https://x.example/2"]
    document = {"audio": links, "kinds": ["audio/wav", None], "seeds": [True, 7]}
    found = take(with_result(media="audio", media_type="kinds", seeds="seeds"), document)
    assert found == (Media(url=links[0], media_type="audio/wav"), Media(url=links[1], seed=7))


def test_a_path_that_does_not_suit_the_answer_finds_nothing() -> None:
    assert take(with_result(media="length(@.audio)"), {"audio": 7}) == ()


# ---------------------------------------------------------------- answers that are the audio

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


# ---------------------------------------------------------------- integer states, rows with text


def test_integer_and_boolean_states_are_read_as_json_writes_them() -> None:
    assert PIXAZO.status
    rules = replace(PIXAZO.status, words={"0": "waiting", "2": "failed", "true": "waiting", "false": "failed"})
    provider = replace(PIXAZO, status=rules)
    for value, verdict in ((0, Verdict.WAITING), (2, Verdict.FAILED), (True, Verdict.WAITING), (False, Verdict.FAILED)):
        answer = Reply(status=200, headers={}, body=json.dumps({"status": value}).encode())
        assert read_poll(provider, TRACKS, answer, id="a").verdict is verdict


@pytest.mark.parametrize(
    ("status", "text", "verdict"),
    [
        (200, "no balance left", Verdict.REJECTED),
        (422, "no balance left", Verdict.REJECTED),
        (500, "no balance left", Verdict.UNKNOWN),
        (200, "something else", Verdict.UNKNOWN),
        (409, "try later", Verdict.UNKNOWN),
    ],
)
def test_a_row_for_any_status_stops_short_of_5xx(status: int, text: str, verdict: Verdict) -> None:
    rows = (
        ErrorRow(status=None, contains="balance", group="balance"),
        ErrorRow(status=409, group="transient"),
    )
    provider = replace(PIXAZO, errors=rows)
    answer = Reply(status=status, headers={}, body=json.dumps({"message": text}).encode())
    assert read_submit(provider, TRACKS, answer).verdict is verdict


def test_a_row_may_say_that_a_404_is_passing() -> None:
    provider = replace(PIXAZO, errors=(ErrorRow(status=404, group="transient"),))
    answer = Reply(status=404, headers={}, body=b"{}")
    assert read_poll(provider, TRACKS, answer, id="a").verdict is Verdict.RETRY
