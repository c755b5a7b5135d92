"""Recorded replies, filled in; and JMESPaths as places."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import jmespath
import pytest
from msgspec.structs import replace

from runner.emulator import play
from runner.emulator.ids import job_id, model_in, uuid7
from runner.emulator.paths import EACH, place, steps
from runner.errors import EmulatorError
from runner.records.provider import ResultRules, StatusRules
from tests.support.catalog import shipped_catalog

MOMENT = datetime(2026, 11, 21, 12, 0, 5, 250_000, tzinfo=UTC)
FACTS = play.Facts(
    ids=("job-1", "job-2"),
    model="ace-step-xl",
    body={"prompt": "rain", "model": "music-v1"},
    created=MOMENT,
    now=MOMENT,
    poll_url="http://127.0.0.1:1/poll/job-1",
    media=("http://127.0.0.1:1/a", "http://127.0.0.1:1/b"),
    media_type="audio/wav",
    seeds=(7, 8),
    seconds=30.0,
)
PROVIDERS = shipped_catalog().providers


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("request_id", ("request_id",)),
        ("output.media_url", ("output", "media_url")),
        ("tracks[].audio_url", ("tracks", EACH, "audio_url")),
        ("tracks[*].seed", ("tracks", EACH, "seed")),
        ("tracks[0].id", ("tracks", 0, "id")),
        ("data[?create_mode=='music']", ("data", EACH)),
        ('"odd name".x || y', ("odd name", "x")),
        ("@", ()),
    ],
)
def test_a_path_becomes_places(expression: str, expected: tuple[object, ...]) -> None:
    assert steps(expression) == expected


def test_a_path_that_cannot_be_written_to_says_so() -> None:
    with pytest.raises(EmulatorError, match=r"cannot write to the JMESPath 'length\(a\)'"):
        steps("length(a)")


def test_placing_repeats_the_recorded_item_and_leaves_the_original_alone() -> None:
    recorded = {"tracks": [{"name": "n", "url": "old"}]}
    filled = place(recorded, steps("tracks[].url"), ["a", "b"])
    assert filled == {"tracks": [{"name": "n", "url": "a"}, {"name": "n", "url": "b"}]}
    assert recorded == {"tracks": [{"name": "n", "url": "old"}]}


def test_placing_makes_what_is_missing() -> None:
    assert place(None, steps("a.b[1].c"), 5) == {"a": {"b": [None, {"c": 5}]}}


def test_ids_have_the_form_of_each_provider() -> None:
    pixverse = PROVIDERS["pixverse"].id_shape
    assert job_id(pixverse, model="x", count=3, now_ms=0, noise=0) == (
        "user:1234-pixverse:rehearsal@example.com-music:0003"
    )
    tracks = job_id(PROVIDERS["pixazo"].id_shape, model="tracks", count=1, now_ms=1_795_000_000_000, noise=2**74 - 1)
    assert re.fullmatch(r"tracks_01a1[0-9a-f]{4}-[0-9a-f]{4}-7fff-bfff-ffffffffffff", tracks)


def test_uuid7_sorts_by_time() -> None:
    assert uuid7(1, 2**74 - 1) < uuid7(2, 0)


def test_the_recorded_model_is_read_from_the_recorded_id() -> None:
    assert model_in("{model}_{uuid}", "lyria-3-pro_019dxxxx-xxxx") == "lyria-3-pro"
    assert model_in("{uuid}", "019dxxxx") is None


@pytest.mark.parametrize("name", ["pixazo", "pixverse"])
def test_every_answer_of_a_job_carries_its_id_and_state(name: str) -> None:
    provider = PROVIDERS[name]
    assert provider.id_path is not None
    assert provider.status is not None
    answers = {
        "waiting": [play.accepted(provider, FACTS)]
        + [play.waiting(provider, FACTS, word) for word in play.waiting_words(provider)],
        "done": [play.done(provider, FACTS)],
        "failed": [play.failed(provider, FACTS)],
    }
    for state, played in answers.items():
        for answer in played:
            assert jmespath.search(provider.id_path, answer.json) == "job-1"
            assert provider.status.words[jmespath.search(provider.status.path, answer.json)] == state
            if provider.status.final_path:
                assert jmespath.search(provider.status.final_path, answer.json) is (state != "waiting")


def test_nothing_of_the_recorded_job_is_left_in_pixazos_answer() -> None:
    answer = play.done(PROVIDERS["pixazo"], FACTS)
    assert answer.json == {
        "request_id": "job-1",
        "status": "COMPLETED",
        "model_id": "ace-step-xl",
        "error": None,
        "output": {"media_url": ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"], "media_type": "audio/wav"},
        "created_at": "2026-11-21T12:00:05.250Z",
        "updated_at": "2026-11-21 12:00:05",
        "completed_at": "2026-11-21 12:00:05",
    }


def test_pixverse_looks_queued_in_every_field_at_first_and_generating_later() -> None:
    queued = play.waiting(PROVIDERS["pixverse"], FACTS, "QUEUED").json
    generating = play.waiting(PROVIDERS["pixverse"], FACTS, "GENERATING").json
    assert [answer["audio_status"] for answer in (queued, generating)] == [5, 10]


def test_pixverse_echoes_the_request_and_reports_the_length() -> None:
    answer = play.done(PROVIDERS["pixverse"], replace(FACTS, media=("http://127.0.0.1:1/a",))).json
    assert (answer["prompt"], answer["model"], answer["duration"]) == ("rain", "music-v1", 30)
    assert answer["url"] == "http://127.0.0.1:1/a"


def test_verbatik_gives_each_take_its_own_id_link_and_seed() -> None:
    tracks = play.done(PROVIDERS["verbatik"], FACTS).json["tracks"]
    assert [(track["id"], track["audio_url"][-1], track["seed"]) for track in tracks] == [
        ("job-1", "a", 7),
        ("job-2", "b", 8),
    ]


def test_a_failure_has_its_reason_where_the_provider_puts_it() -> None:
    facts = replace(FACTS, message="out of tune")
    assert play.failed(PROVIDERS["pixazo"], facts, "FAILED").json["error"] == "out of tune"
    assert play.failed(PROVIDERS["pixverse"], facts).json["fail_reason"] == "out of tune"


@pytest.mark.parametrize(
    ("name", "status", "message", "expected"),
    [
        (
            "pixazo",
            402,
            None,
            {"error": "Insufficient Balance", "message": "Your wallet does not have enough balance."},
        ),
        ("pixazo", 400, "bpm is 900", {"error": "Bad Request", "message": "bpm is 900"}),
        ("pixazo", 404, "no such id", {"error": "Not Found", "message": "no such id"}),
        ("pixverse", 400, "too long", {"error": "too long", "code": 400}),
        ("pixverse", 503, None, {"error": "Service Unavailable", "code": 503}),
        ("verbatik", 400, "no prompt", {"error": "no prompt"}),
    ],
)
def test_errors_have_the_form_of_the_provider(name: str, status: int, message: str | None, expected: object) -> None:
    assert play.error(PROVIDERS[name], status, message) == play.Answer(status=status, json=expected)


def test_an_accepted_answer_and_a_polled_one_may_differ_in_shape() -> None:
    shape = {
        "accepted": {"status": 200, "json": {"data": {"task_id": "t-0"}, "code": 200}},
        "waiting": {"status": 200, "json": {"data": [{"task_id": "t-0", "status": 0}], "code": 200}},
        "done": {"status": 200, "json": {"data": [{"task_id": "t-0", "status": 1, "file": "x"}], "code": 200}},
        "failed": {"status": 200, "json": {"data": [{"task_id": "t-0", "status": 2}], "code": 200}},
    }
    rules = StatusRules(path="data[0].status", words={"0": "waiting", "1": "done", "2": "failed"})
    result = ResultRules(media="data[0].file")
    provider = replace(
        PROVIDERS["pixazo"], id_path="data.task_id", poll=None, status=rules, result=result, replies=shape
    )
    one = replace(FACTS, media=FACTS.media[:1])
    assert play.accepted(provider, one).json == {"data": {"task_id": "job-1"}, "code": 200}
    assert play.waiting(provider, one, "0").json == {"data": [{"task_id": "job-1", "status": 0}], "code": 200}
    done = {"task_id": "job-1", "status": 1, "file": "http://127.0.0.1:1/a"}
    assert play.done(provider, one).json == {"data": [done], "code": 200}
