"""The lock that a run writes can be read again: answers without an id, locks that would be too large."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.machines import forget_state, made, write
from tests.support.recorder import Recorder, Says, recording
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project import Project


@pytest.fixture
def speaker() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


def ask_synchronously(project: Project, speaker: Recorder, track: dict[str, str], media: Says) -> None:
    """Let the provider that answers with the audio's address answer with this track."""
    project.env["SCOREFILE_VERBATIK_BASE_URL"] = speaker.url
    project.settings = {"defaults": {"model": "verbatik/text-to-music"}}
    write(project, {"a": "p1", "b": "p2"}, params={"output_format": "wav"})
    speaker.say("/api/v1/text-to-music", Says.of(200, {"tracks": [track | {"audio_url": f"{speaker.url}/media.wav"}]}))
    speaker.say("/media.wav", media)


WITHOUT_ID = pytest.mark.parametrize("track", [{}, {"id": ""}, {"id": "a b"}], ids=["none", "empty", "with a blank"])


def assert_no_verb_is_locked_out(project: Project) -> None:
    for verb in ("plan", "status", "verify", "log"):
        done = project.run(verb)
        nothing_made = verb == "verify" and "there is no trial.lock" in done.err
        assert done.code in (0, 4) or nothing_made, done


def submits(speaker: Recorder) -> int:
    return sum(seen.method == "POST" for seen in speaker.seen)


@pytest.mark.sampled(3)
@WITHOUT_ID
def test_attack_10_an_answer_without_an_id_makes_no_lock_that_cannot_be_read(
    project: Project, speaker: Recorder, track: dict[str, str]
) -> None:
    ask_synchronously(project, speaker, track, Says(status=404))
    assert project.run().code == 5
    assert_no_verb_is_locked_out(project)
    assert project.run().code == 5
    assert submits(speaker) == 2, "one for each job"


@pytest.mark.sampled(3)
@WITHOUT_ID
def test_attack_10_a_kill_after_an_answer_without_an_id_locks_no_verb_out(
    project: Project, speaker: Recorder, track: dict[str, str]
) -> None:
    whole = song("x")
    ask_synchronously(project, speaker, track, Says(body=whole, headers=(("Content-Type", "audio/wav"),), slow_s=1.0))
    child = project.start()
    until = time.monotonic() + 20
    while len(speaker.to("/media.wav")) < 2:
        assert time.monotonic() < until, "no download began"
        time.sleep(0.01)
    child.signal(signal.SIGINT)
    assert child.wait().code == 130
    assert_no_verb_is_locked_out(project)
    speaker.say("/media.wav", Says.file(whole, "audio/wav"))
    made(project)
    assert submits(speaker) == 2
    forget_state(project)
    done = project.run("plan")
    assert done.code == 0, done
    assert submits(speaker) == 2


def test_attack_10_a_lock_that_would_be_too_large_is_refused_before_anything_is_sent(project: Project) -> None:
    (project.folder / "long.txt").write_text("submit=free:400 " + "low brass " * 99_900)
    jobs = {f"j{number}": {"prompt": {"file": "long.txt"}, "output": f"audio/j{number}"} for number in range(70)}
    project.write_jobs(jobs)
    done = project.run(timeout_s=100)
    assert done.code in (2, 3, 6), (done.code, done.err[-600:])
    assert "64 MiB" in done.out + done.err
    assert [row for row in project.vendor.requests("low brass", method="POST") if len(row["body"]) > 900_000] == []
