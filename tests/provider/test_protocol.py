"""Parameters become exactly the documented call; an answer becomes exactly one meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from runner.provider.protocol import read_poll, read_submit, submit_call
from runner.records.exchange import Media, Reading, Reply, Verdict
from runner.records.pipeline import Webhook
from runner.records.provider import ErrorGroup, ErrorRow
from tests.catalog.shelf import CATALOG, cases, reply

PIXAZO, PIXVERSE = (CATALOG.providers[name] for name in ("pixazo", "pixverse"))
TRACKS = CATALOG.models["pixazo/tracks"]


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


@pytest.mark.parametrize("name", ["pixazo", "pixverse", "verbatik"])
def test_a_5xx_on_submit_is_unknown(name: str) -> None:
    model = next(model for model in CATALOG.models.values() if model.provider == name)
    text = b'{"error": "All Credits have been used up", "request_id": "a", "audio_id": "a"}'
    verdicts = {
        status: read_submit(CATALOG.providers[name], model, Reply(status=status, headers={}, body=text)).verdict
        for status in range(500, 600)
        if (name, status) != ("pixverse", 596)
    }
    assert {status: verdict for status, verdict in verdicts.items() if verdict is not Verdict.UNKNOWN} == {}


@pytest.mark.parametrize("name", ["pixazo", "pixverse", "verbatik"])
def test_a_status_that_a_vendors_page_does_not_name_proves_nothing_on_a_submit(name: str) -> None:
    documented = {
        "pixazo": {400: "invalid", 401: "auth", 402: "balance", 403: "auth", 429: "rate"},
        "pixverse": {400: "invalid", 401: "auth", 402: "balance", 429: "busy", 596: "account"},
        "verbatik": {400: "invalid", 401: "auth", 402: "balance", 429: "rate"},
    }
    model = next(model for model in CATALOG.models.values() if model.provider == name)
    headers = {"location": "https://elsewhere.example/"}
    readings = {
        status: read_submit(
            CATALOG.providers[name], model, Reply(status=status, headers=headers, body=b'{"error": "x"}')
        )
        for status in range(300, 1000)
    }
    assert {status: found.group for status, found in readings.items() if found.group is not None} == documented[name]
    assert {status for status, found in readings.items() if found.verdict is Verdict.REJECTED} == set(documented[name])


def test_an_id_that_is_missing_is_a_word_about_polls() -> None:
    model = CATALOG.models["pixverse/music-2.6"]
    answer = Reply(status=404, headers={}, body=b'{"error": "Music not found"}')
    assert read_submit(PIXVERSE, model, answer).verdict is Verdict.UNKNOWN
    assert read_poll(PIXVERSE, model, answer, id="a").verdict is Verdict.MISSING


def test_no_status_makes_a_poll_lose_a_job() -> None:
    verdicts = {
        status: read_poll(PIXAZO, TRACKS, Reply(status=status, headers={}, body=b"{}"), id="tracks_1").verdict
        for status in range(100, 1000)
    }
    safe = {Verdict.RETRY, Verdict.REFUSED, Verdict.MISSING}
    assert {status: verdict for status, verdict in verdicts.items() if verdict not in safe} == {}


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
        ErrorRow(status=None, contains="balance", group=ErrorGroup.BALANCE),
        ErrorRow(status=409, group=ErrorGroup.TRANSIENT),
    )
    provider = replace(PIXAZO, errors=rows)
    answer = Reply(status=status, headers={}, body=json.dumps({"message": text}).encode())
    assert read_submit(provider, TRACKS, answer).verdict is verdict


def test_a_row_may_say_that_a_404_is_passing() -> None:
    provider = replace(PIXAZO, errors=(ErrorRow(status=404, group=ErrorGroup.TRANSIENT),))
    answer = Reply(status=404, headers={}, body=b"{}")
    assert read_poll(provider, TRACKS, answer, id="a").verdict is Verdict.RETRY
