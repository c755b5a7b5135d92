"""When something breaks that nobody thought of, it costs one job its turn and nobody a receipt."""

from __future__ import annotations

import base64
import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.commands.resolve import resolve
from runner.engine.executor import Executor
from runner.records.endings import Lost, Unexpected
from runner.state.store import StateStore
from tests.support import locks
from tests.support.answers import answering
from tests.support.lab import Lab
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.provider.access import ProviderAccess
    from runner.records.exchange import Call, Reply
    from tests.support.answers import Answer, Answering, Asked
    from tests.support.project import Project

PROMPTS = {"a": "one", "b": "two", "c": "three"}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path / "project")
    lab.write(PROMPTS)
    return lab


def test_a_fault_in_one_life_ends_that_job_only(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    query: Callable[[Call, ProviderAccess], Reply] = lab.vendor.query

    def failing(call: Call, access: ProviderAccess) -> Reply:
        if call.url.endswith("tracks_2"):
            raise RuntimeError("nobody thought of this")
        return query(call, access)

    with monkeypatch.context() as patch:
        patch.setattr(lab.vendor, "query", failing)
        ended = {outcome.job: outcome for outcome in lab.run()}
    assert sorted(outcome.result for outcome in ended.values()) == ["failed", "made", "made"]
    (failed,) = (outcome for outcome in ended.values() if outcome.result == "failed")
    assert failed.ending == Unexpected(kind="RuntimeError", why="nobody thought of this")
    assert {outcome.result for outcome in lab.run()} == {"made", "reused"}
    assert len(lab.vendor.charges) == 3


@pytest.mark.parametrize("moment", range(1, 12))
def test_a_fault_in_the_loop_loses_no_receipt(lab: Lab, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    ticks = iter(range(1, 1000))
    tick = StateStore.tick

    def breaking(store: StateStore) -> None:
        if next(ticks) >= moment:
            raise RuntimeError("the loop broke")
        tick(store)

    with monkeypatch.context() as patch:
        patch.setattr(StateStore, "tick", breaking)
        with pytest.raises(RuntimeError, match="the loop broke"):
            lab.run(jobs=3)
    assert all(charge.told for charge in lab.vendor.charges)
    assert {outcome.result for outcome in lab.run()} <= {"made", "reused"}
    assert len(lab.vendor.charges) == 3


def test_a_loop_that_fails_in_each_turn_waits_for_the_answers_that_are_on_their_way(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = lab.vendor.submit

    def late(*args: Any, **named: Any) -> Reply:
        reply = submit(*args, **named)
        time.sleep(0.5)
        return reply

    def breaking(_store: StateStore) -> None:
        if lab.vendor.charges:
            raise RuntimeError("the loop broke")

    with monkeypatch.context() as patch:
        patch.setattr(lab.vendor, "submit", late)
        patch.setattr(StateStore, "tick", breaking)
        patch.setattr(Executor, "_wait_s", lambda _executor: 0.001)
        with pytest.raises(RuntimeError, match="the loop broke"):
            lab.run(jobs=3)
    assert {outcome.result for outcome in lab.run()} <= {"made", "reused"}
    assert len(lab.vendor.charges) == 3


def test_a_listener_that_breaks_disturbs_nobody(lab: Lab) -> None:
    def closed(_progress: object) -> None:
        raise BrokenPipeError

    lab.notify = closed
    assert {outcome.result for outcome in lab.run()} == {"made"}


@pytest.mark.parametrize("fate", ["404", "bad"])
def test_a_receipt_that_may_still_be_asked_stays_in_the_lock(lab: Lab, fate: str) -> None:
    lab.limits = replace(lab.limits, missing_is_lost_after_s=20.0)
    lab.write({"a": "one"})
    kind = "poll" if fate == "404" else "fetch"
    lab.vendor.fates[kind].extend([fate] * (200 if kind == "poll" else 1))
    (ended,) = lab.run()
    assert ended.result == "failed"
    lab.vendor.fates[kind].clear()
    assert locks.receipts((lab.folder / "trial.lock").read_text()) == {lab.vendor.charges[0].id}
    shutil.rmtree(lab.folder / ".scorefile")
    assert [outcome.result for outcome in lab.run()] == ["made"]
    assert len(lab.vendor.charges) == 1


# ---------------------------------------------------------------- answers that are long, or are the audio themselves


def test_a_long_answer_keeps_its_receipt(project: Project) -> None:
    def say(asked: Asked, here: Answering) -> Answer:
        if asked.method == "POST":
            return 202, {}, {"request_id": "id-1", "status": "QUEUED", "echo": "x" * 900_000}
        if asked.path.endswith(".wav"):
            return 200, {"Content-Type": "audio/wav"}, song("id-1")
        return 200, {}, _done(f"{here.url}/id-1.wav")

    project.write({"a": ""})
    with answering(say) as vendor:
        project.env["SCOREFILE_PIXAZO_BASE_URL"] = vendor.url
        done = project.run()
    assert done.code == 0, done
    assert project.audio("a") == song("id-1")


def test_audio_inside_an_answer_is_kept_and_not_bought_twice(project: Project) -> None:
    data = song("id-1", seconds=200.0)
    assert len(data) > 3 << 20

    def say(asked: Asked, _here: Answering) -> Answer:
        if asked.method == "POST":
            return 202, {}, {"request_id": "id-1", "status": "QUEUED"}
        return 200, {}, _done(base64.b64encode(data).decode())

    project.use_schemas(provider={"result": {"transform": "base64"}})
    project.write({"a": ""})
    with answering(say) as vendor:
        project.env["SCOREFILE_PIXAZO_BASE_URL"] = vendor.url
        done = project.run()
        assert done.code == 0, done
        assert project.audio("a") == data
        assert project.run().code == 0
    assert len(vendor.posts()) == 1


def _done(media: str) -> dict[str, object]:
    output = {"media_url": [media], "media_type": "audio/wav"}
    return {"request_id": "id-1", "status": "COMPLETED", "output": output}


# ---------------------------------------------------------------- a vendor that answers once


@pytest.fixture
def once(project: Project) -> Project:
    """Return a project whose vendor hands its link over with the answer to the submit, and can be asked for nothing."""
    settings = {"model": "verbatik/text-to-music", "params": {"format": "wav"}}
    project.settings = {"defaults": settings}
    project.write_jobs({"v": {"prompt": "slow"}, "w": {"prompt": "fast"}})
    return project


def _once(state: dict[str, int]) -> Callable[[Asked, Answering], Answer]:
    def say(asked: Asked, here: Answering) -> Answer:
        if asked.method == "POST":
            number = len(here.posts())
            return (
                200,
                {},
                {"success": True, "tracks": [{"id": f"vid-{number}", "audio_url": f"{here.url}/m/{number}.wav"}]},
            )
        if state.get("media") and asked.path.endswith("/1.wav"):
            return state["media"], {}, b"gone"
        return 200, {"Content-Type": "audio/wav"}, song(asked.path)

    return say


def test_a_link_that_cannot_be_had_afresh_is_tried_again_and_never_paid_unasked(once: Project) -> None:
    state = {"media": 403}
    with answering(_once(state)) as vendor:
        once.env["SCOREFILE_VERBATIK_BASE_URL"] = vendor.url
        for _ in range(2):
            done = once.run()
            assert done.code == 5, done
            assert "--force" in done.out
        state.clear()
        done = once.run()
        assert done.code == 0, done
    assert len(vendor.posts()) == 2


def test_audio_that_is_nowhere_and_cannot_be_asked_for_is_said(once: Project) -> None:
    with answering(_once({})) as vendor:
        once.env["SCOREFILE_VERBATIK_BASE_URL"] = vendor.url
        assert once.run().code == 0
        shutil.rmtree(once.folder / ".scorefile")
        shutil.rmtree(once.folder / "audio")
        for _ in range(2):
            done = once.run()
            assert done.code == 5, done
            assert "its provider cannot be asked for it again; name the job with --force" in done.out
        assert len(vendor.posts()) == 2
        done = once.run("run", "--yes", "--force", "--target", "*")
        assert done.code == 0, done
    assert len(vendor.posts()) == 4


# ---------------------------------------------------------------- what is in the way


@pytest.mark.sampled(2)
@pytest.mark.parametrize("what", ["file", "folder", "link", "linked folder"])
def test_what_stands_at_an_output_is_found_before_anything_is_paid(project: Project, what: str) -> None:
    project.write({"a": ""})
    elsewhere = project.folder.with_name("elsewhere")
    elsewhere.mkdir()
    if what == "linked folder":
        (project.folder / "audio").symlink_to(elsewhere)
    else:
        target = project.folder / "audio" / "a.mp3"
        target.parent.mkdir()
        match what:
            case "file":
                target.write_bytes(b"mine")
            case "folder":
                target.mkdir()
            case _:
                target.symlink_to(elsewhere / "nowhere")
    for words in ((), ("run", "--yes", "--force", "--target", "*")):
        done = project.run(*words)
        assert done.code == 5, done
        assert "audio/a.mp3 was not made by this pipeline" in done.out
    assert project.submits() == []


def test_what_nobody_asks_for_any_more_and_fails_is_said(project: Project) -> None:
    project.write({"a": "poll=" + "word:QUEUED," * 20 + "word:FAILED"})
    child = project.start()
    project.vendor.wait_for(project.name("a"), method="POST")
    project.vendor.wait_for(project.charges("a")[0]["id"], method="GET")
    child.signal(signal.SIGINT)
    assert child.wait(20).code == 130
    project.write({"b": ""})
    done = project.run()
    assert done.code == 5, done
    assert "a~" in done.out
    assert project.is_right("b")


def test_what_nobody_asks_for_and_is_lost_can_be_given_up(lab: Lab) -> None:
    lab.limits = replace(lab.limits, missing_is_lost_after_s=20.0)
    lab.write({"a": "one"})
    lab.vendor.fates["poll"].extend(["404"] * 200)
    lab.run()
    lab.write({"a": "two"})
    left = [outcome for outcome in lab.run() if outcome.job.startswith("a~")]
    assert [outcome.result for outcome in left] == ["failed"]
    assert isinstance(left[0].ending, Lost)
    assert left[0].ending.given_up_as == left[0].job
    resolve(lab.session(), left[0].job, "not-charged")
    lab.vendor.fates["poll"].clear()
    assert {outcome.job for outcome in lab.run()} == {"a"}
