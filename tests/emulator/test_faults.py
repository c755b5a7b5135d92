"""Planned faults: each does what its word says, to the submit it names and to no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runner.emulator.faults import Fault, parse_faults, pick
from runner.errors import UsageError
from runner.records.exchange import Verdict
from tests.support.emulator import running_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.emulator import RunningEmulator

MODEL = "pixazo/tracks"
SHORT = {"prompt": "x", "duration": 1}
PLAN: list[dict[str, Any]] = [
    {"model": MODEL, "nth": 1, "do": "http", "status": 500},
    {"model": MODEL, "nth": 2, "do": "http", "status": 500, "charged": True},
    {"model": MODEL, "nth": 3, "do": "http", "on": "poll", "status": 503, "times": 2},
    {"model": MODEL, "nth": 4, "do": "http", "on": "media", "status": 403},
    {"model": MODEL, "nth": 5, "do": "failed", "word": "ERROR"},
    {"model": MODEL, "nth": 6, "do": "unknown-word", "word": "TUNING"},
    {"model": MODEL, "nth": 7, "do": "never-ends"},
    {"model": MODEL, "nth": 8, "do": "html-media"},
    {"model": MODEL, "nth": 9, "do": "short-media"},
    {"model": "verbatik/text-to-music", "do": "failed"},
]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    plan = tmp_path_factory.mktemp("faults") / "plan.json"
    plan.write_text(json.dumps(PLAN))
    with running_emulator(faults=plan, plain=False) as running:
        yield running


def test_each_fault_meets_its_submit(faulty: RunningEmulator) -> None:
    refused = faulty.submit(MODEL, SHORT)
    assert (refused.status_code, refused.json()) == (500, {"error": "Internal Server Error"})

    charged = faulty.submit(MODEL, SHORT)
    assert charged.status_code == 500
    assert [entry["accepted"] for entry in faulty.ledger()["submits"]] == [False, True]

    flapping = faulty.submit(MODEL, SHORT)
    job_id = flapping.json()["request_id"]
    assert [faulty.poll(MODEL, job_id).status_code for _ in range(3)] == [503, 503, 200]
    assert faulty.finish(MODEL, flapping)[0].verdict is Verdict.DONE

    expired, _ = faulty.finish(MODEL, faulty.submit(MODEL, SHORT))
    assert [faulty.download(expired)[0].status_code for _ in range(2)] == [403, 200]

    failed, _ = faulty.finish(MODEL, faulty.submit(MODEL, SHORT))
    assert (failed.verdict, failed.word, failed.charged) == (Verdict.FAILED, "ERROR", False)
    assert failed.message == "This failure was planned for the rehearsal."
    assert faulty.ledger()["submits"][-1]["charged_usd"] == "0"

    strange, words = faulty.finish(MODEL, faulty.submit(MODEL, SHORT))
    assert set(words) == {"TUNING", "COMPLETED"}
    assert strange.verdict is Verdict.DONE

    endless = faulty.submit(MODEL, SHORT).json()["request_id"]
    assert {faulty.poll(MODEL, endless).json()["status"] for _ in range(5)} <= {"QUEUED", "PROCESSING"}

    page, _ = faulty.finish(MODEL, faulty.submit(MODEL, SHORT))
    assert faulty.download(page)[0].headers["content-type"].startswith("text/html")

    short, _ = faulty.finish(MODEL, faulty.submit(MODEL, SHORT))
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        faulty.download(short)

    fine, _ = faulty.finish(MODEL, faulty.submit(MODEL, SHORT))
    assert faulty.download(fine)[0].content.startswith(b"RIFF")


def test_a_synchronous_provider_that_fails_says_so_in_its_own_words(faulty: RunningEmulator) -> None:
    response = faulty.submit("verbatik/text-to-music", {"prompt": "x"})
    (track,) = response.json()["tracks"]
    assert (response.status_code, track["status"]) == (200, "failed")
    assert track["error"] == "This failure was planned for the rehearsal."


def test_a_fault_without_a_model_counts_all_submits() -> None:
    fault = Fault(do="failed", nth=3)
    assert pick((fault,), model="a/b", nth=3, nth_of_model=1) == fault
    assert pick((fault,), model="a/b", nth=1, nth_of_model=3) is None


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({}, "a fault plan is a JSON list of objects"),
        ([{"do": "explode"}], "a fault's 'do' is one of http, failed, .*, not 'explode'"),
        ([{"nth": 1}], "a fault's 'do' is one of .*, not None"),
        ([{"do": "http", "on": "tuesday"}], "a fault's 'on' is one of submit, poll, media, not 'tuesday'"),
        ([{"do": "http", "sattus": 500}], "a fault has no field 'sattus'"),
    ],
)
def test_a_plan_that_is_not_understood_is_refused(plan: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_faults(plan)
