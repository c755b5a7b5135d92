"""What a download may bring: what is not the whole piece never stands at the output path, and is never paid for again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import charges_of, jobs_of, play, submits_of

if TYPE_CHECKING:
    from tests.support.project import Project


def test_a_bad_payload_is_kept_away_from_the_output(project: Project) -> None:
    scripts = jobs_of("media", "bad")
    project.write(scripts)
    for _ in range(2):
        done = play(project)
        assert (done.code, done.others(result="failed")) == (5, {})
        assert [job for job in scripts if project.audio(job) is not None] == []
    assert submits_of(project, scripts) == dict.fromkeys(scripts, 1)
    assert project.litter() == []


def test_a_passing_fault_is_mended_by_another_download(project: Project) -> None:
    scripts = jobs_of("media", "mended")
    project.write(scripts)
    done = play(project)
    assert (done.code, done.others(result="made")) == (0, {})
    assert [job for job in scripts if not project.is_right(job)] == []
    assert submits_of(project, scripts) == dict.fromkeys(scripts, 1)


def test_every_container_and_every_host_of_the_vendor_is_taken(project: Project) -> None:
    scripts = jobs_of("media", "whole")
    project.write(scripts)
    done = play(project)
    assert (done.code, done.others(result="made")) == (0, {})
    for job, (id_,) in charges_of(project, scripts).items():
        assert all("ocp-apim-subscription-key" not in row["headers"] for row in project.heard(id=f"media/{id_}"))
        name = scripts[job].partition("file:")[2].partition(" ")[0]
        if name:
            assert project.audio(job) == (project.vendor.folder / name).read_bytes(), job
        else:
            assert project.is_right(job), job


def test_links_that_are_always_dead_end_after_three_fresh_ones(project: Project) -> None:
    project.write({"a": "media=expired:4"})
    first = project.run()
    assert first.code == 5, first
    receipt = project.charges()[0]["id"]
    assert receipt in first.out
    assert len([row for row in project.heard(id=receipt) if "/media/" in row["path"]]) == 4
    assert project.run().code == 0, "the fifth link is alive: it costs nothing"
    assert (project.is_right("a"), len(project.submits())) == (True, 1)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("seconds", "said"), [("0.5", "0.50"), ("9.5", None), ("30", "30.00")])
def test_a_length_that_was_not_asked_for_is_a_warning(project: Project, seconds: str, said: str | None) -> None:
    length = {"type": "number", "minimum": 1, "maximum": 600, "description": "Length in seconds."}
    project.use_schemas(
        model={
            "properties": {"duration": length},
            "x-scorefile": {"duration_param": "duration", "duration_unit": "seconds", "media_types": ["audio/wav"]},
        }
    )
    warnings = [] if said is None else [f"take 1: expected 10 s of audio, received {said} s"]
    project.write({"a": f"seconds={seconds}"}, params={"duration": 10})
    first = project.run(timeout_s=30)
    assert first.code == 0, first
    assert project.audio("a") is not None
    assert [line.removeprefix("warning: a: ") for line in first.out.splitlines() if "warning" in line] == warnings
    assert project.run().code == 0
    assert len(project.submits()) == 1
    for verb in ("run", "status", "verify"):
        (job,) = json.loads(project.run(verb, "--format", "json", *["--yes"] * (verb == "run")).out)["jobs"]
        assert [found["message"] for found in job["deviations"]] == warnings
    shown = project.run("status").out
    assert all(warning in shown for warning in warnings)


def test_what_comes_in_another_container_gets_the_extension_of_what_it_is(project: Project) -> None:
    project.write({"a": "media=file:whole.flac"})
    first = project.run(timeout_s=30)
    assert first.code == 0, first
    assert "take 1: expected audio/mpeg, received audio/flac" in first.out
    (job,) = json.loads(project.run("status", "--format", "json").out)["jobs"]
    assert job["path"].endswith("/a.flac")
    assert job["deviations"] == [
        {
            "kind": "other-container",
            "take": 1,
            "promised": ["audio/mpeg"],
            "media_type": "audio/flac",
            "message": "take 1: expected audio/mpeg, received audio/flac",
        }
    ]


def test_three_pieces_that_cannot_be_played_stop_their_provider(project: Project) -> None:
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    project.write(dict.fromkeys("abc", "media=html") | {"d": "poll=held,done", "e": ""})
    child = project.start("run", "--yes", "-j", "1")
    for job in "abc":
        child.wait_for(f"s  {job}  failed")
    project.vendor.open_gate(project.name("d"))  # until here it may have the only slot: a download stops no submission
    first = child.wait(30)
    assert first.code == 5, first
    assert len(project.submits()) in (3, 4)
    assert project.charges("e") == []
    assert "e: not submitted: 3 pieces from" in first.out
    assert "cannot be played" in first.out


@pytest.mark.parametrize("step", ["drip", "endless"])
def test_a_download_without_an_end_is_left_and_goes_on_later(project: Project, step: str) -> None:
    limits = {"min_download_timeout_s": 0.8, "max_media_bytes": 1 << 20}
    project.write({"a": f"media={step}"}, timeout_s=0.8)
    first = project.run(timeout_s=15, limits=limits)
    assert first.code == 5, first
    assert first.seconds < 6
    assert project.audio("a") is None
    assert len(project.submits()) == 1
    assert project.litter() == []


def test_a_bomb_does_not_fill_the_memory(project: Project) -> None:
    project.write({"a": "submit=paid:gzip-bomb", "b": "submit=paid:endless", "c": "poll=gzip-bomb,endless,done"})
    assert project.run(timeout_s=30).rss_kib < 200 << 10


def test_a_download_does_not_hold_up_the_next_submission(project: Project) -> None:
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    project.write({"a": "media=held,ok", "b": ""})
    child = project.start()
    project.vendor.wait_for(project.name("b"), method="POST")
    project.vendor.open_gate(project.name("a"))
    assert child.wait(20).code == 0
