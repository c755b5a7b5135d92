"""Local models on jobs and files: by content, in the order of their inputs, in rehearsals and in other processes as well."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.support.command import Done, scorefile
from tests.support.desks import posix_only

if TYPE_CHECKING:
    from pathlib import Path

TICK_S = 0.05
"""Longer than a file has to be left alone until its hash may be kept."""
PIPELINE = """\
version: 1
defaults: {model: local/sketch}
jobs:
  title: {prompt: calm, params: {duration: 1}}
  war: {prompt: drums, params: {duration: 1}}
  medley: {model: local/concat, inputs: [{job: title, gain_db: -3}, {job: war}], params: {crossfade: 0.25}}
  scene: {model: local/mix, inputs: [{job: medley}, {file: sounds/door.wav, offset: 0.5}]}
  sting: {model: local/stinger, inputs: [{job: medley}], params: {bpm: 120, time_signature: 2/4}}
  door: {model: local/import, params: {file: sounds/door.wav, rights: recorded by us}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pipeline of sketches, what is made of them, and a sound."""
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    (tmp_path / "sounds").mkdir()
    sound(tmp_path)
    return tmp_path


def sound(folder: Path, level: float = 0.1) -> None:
    soundfile.write(folder / "sounds" / "door.wav", np.full((24_000, 1), level), 48_000)


def run(folder: Path, *words: str, code: int = 0) -> Done:
    done = scorefile("run", *words, cwd=folder)
    assert done.code == code, done
    return done


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / "scorefile.yaml").read_text()
    assert old in text
    (folder / "scorefile.yaml").write_text(text.replace(old, new))


def planned(folder: Path) -> dict[str, str]:
    """Return what a run would do with each job, and why."""
    actions = scorefile("plan", "--format", "json", cwd=folder).json["actions"]
    return {action["job"]: f"{action['verb']}: {action['why']}" for action in actions}


def seconds(folder: Path, job: str) -> float:
    return float(soundfile.info(folder / "audio" / f"{job}.wav").duration)


def test_what_is_made_of_jobs_is_made_after_them_and_once(folder: Path) -> None:
    assert planned(folder) == {
        "title": "generate: not made yet",
        "war": "generate: not made yet",
        "medley": "generate: after title, war",
        "scene": "generate: after medley",
        "sting": "generate: after medley",
        "door": "generate: not made yet",
    }
    assert "6 made" in run(folder).out
    assert seconds(folder, "medley") == 1.75
    assert seconds(folder, "scene") == 1.75
    assert seconds(folder, "sting") == 1.0
    assert (folder / "audio" / "door.wav").read_bytes() == (folder / "sounds" / "door.wav").read_bytes()
    assert run(folder).out.startswith("nothing to do")
    assert scorefile("verify", cwd=folder).code == 0


def test_the_names_of_jobs_and_files_make_nothing_again(folder: Path) -> None:
    run(folder)
    edit(folder, "title", "theme")
    edit(folder, "sounds/door.wav", "sounds/gate.wav")
    (folder / "sounds" / "door.wav").rename(folder / "sounds" / "gate.wav")
    verbs = {job: why.partition(":")[0] for job, why in planned(folder).items()}
    assert verbs == {"theme": "restore", **dict.fromkeys(("war", "medley", "scene", "sting", "door"), "reuse")}
    assert "5 reused, 1 restored" in run(folder).out


def test_a_changed_file_makes_again_what_is_made_of_it(folder: Path) -> None:
    run(folder)
    sound(folder, 0.2)
    plan = planned(folder)
    assert plan["scene"] == "regenerate: inputs changed"
    assert plan["door"] == "regenerate: file changed"
    assert plan["medley"].startswith("reuse")
    assert "2 made" in run(folder).out


def test_a_changed_job_makes_again_all_that_is_made_of_it(folder: Path) -> None:
    run(folder)
    edit(folder, "calm", "wild")
    plan = planned(folder)
    assert plan["medley"] == "regenerate: after title"
    assert plan["scene"] == "regenerate: after medley"
    assert "4 made, 2 reused" in run(folder).out
    edit(folder, "wild", "calm")
    assert run(folder).code == 0
    assert run(folder).out.startswith("nothing to do")


def test_a_target_brings_its_inputs_with_it(folder: Path) -> None:
    assert "3 made" in run(folder, "medley").out
    edit(folder, "calm", "wild")
    assert "3 made, 1 reused" in run(folder, "scene").out


def test_inputs_may_be_in_outputs_alone_as_in_a_fresh_clone(folder: Path) -> None:
    run(folder)
    (folder / ".scorefile").rename(folder / "elsewhere")
    edit(folder, "crossfade: 0.25", "crossfade: 0.5")
    assert "1 made" in run(folder, "medley").out
    assert seconds(folder, "medley") == 1.5


def test_in_a_fresh_clone_a_take_behind_a_finished_output_is_made_available_first(folder: Path) -> None:
    edit(folder, "{prompt: calm,", "{prompt: calm, master: {fade_out: 0.1},")
    run(folder)
    (folder / ".scorefile").rename(folder / "elsewhere")
    assert run(folder).out.startswith("nothing to do")
    edit(folder, "crossfade: 0.25", "crossfade: 0.5")
    assert planned(folder)["title"].startswith("regenerate: audio/title.wav is not on this machine")
    assert "2 made, 1 reused" in run(folder, "medley").out
    assert seconds(folder, "medley") == 1.5


def test_a_group_is_all_its_cells(folder: Path) -> None:
    (folder / "scorefile.yaml").write_text(
        "version: 1\njobs:\n"
        "  battle: {model: local/sketch, matrix: {heat: {calm: 90, hot: 150}}, prompt: drums,"
        ' params: {duration: 0.5, bpm: "{{ heat }}"}}\n'
        "  all: {model: local/concat, inputs: [{job: battle}, {job: battle@hot}]}\n"
    )
    run(folder)
    assert seconds(folder, "all") == 1.5


@pytest.mark.sampled(2)
@pytest.mark.parametrize("how", [("--rehearse",), ("--processes", "2")])
def test_it_works_in_rehearsals_and_in_other_processes(folder: Path, how: tuple[str, ...]) -> None:
    assert "6 made" in run(folder, *how).out
    found = sorted(path.name for path in folder.rglob("*.wav") if path.parent.name == "audio")
    assert found == [f"{name}.wav" for name in ("door", "medley", "scene", "sting", "title", "war")]


def test_bad_audio_that_only_decoding_finds_is_named_with_its_place_and_ends_its_job_alone(folder: Path) -> None:
    file = folder / "sounds" / "door.wav"
    soundfile.write(file, np.random.default_rng(1).uniform(-0.5, 0.5, (24_000, 1)), 48_000, format="FLAC")
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2] + bytes(2000) + data[len(data) // 2 + 2000 :])
    done = scorefile("run", "--format", "json", cwd=folder)
    assert done.code == 5
    told = {job["job"]: job["message"] for job in done.json["jobs"] if job["result"] == "failed"}
    assert set(told) == {"scene", "door"}
    assert told["scene"].startswith("sounds/door.wav (scorefile.yaml:7): broken")
    sound(folder)
    assert "2 made, 4 reused" in run(folder).out


def test_what_needs_an_input_that_failed_is_not_made(folder: Path) -> None:
    edit(folder, "crossfade: 0.25", "crossfade: 3")
    done = scorefile("run", "--format", "json", cwd=folder)
    assert done.code == 5
    told = {job["job"]: job["message"] for job in done.json["jobs"]}
    assert told["medley"].startswith("title is too short for its crossfades")
    assert told["scene"] == "needs medley, which was not made"


def test_a_bar_that_is_not_there_is_named(folder: Path) -> None:
    edit(folder, "bpm: 120", "bpm: 120, start_bar: 3")
    done = scorefile("run", "--format", "json", cwd=folder)
    told = {job["job"]: job["message"] for job in done.json["jobs"]}
    assert told["sting"].startswith("medley ends before, and the stinger goes from 2.00 s to 3.00 s")


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("{job: medley}, {file", "{job: medly}, {file", "SF207", "scene needs medly, and there is no job of that name"),
        ("{job: war}]", "{job: scene}]", "SF208", "jobs need each other in a circle: medley → scene → medley"),
        (
            "sounds/door.wav, offset",
            "../door.wav, offset",
            "SF504",
            'the path "../door.wav" leaves the pipeline\'s folder',
        ),
        ("sounds/door.wav, offset", "/etc/passwd, offset", "SF504", 'the path "/etc/passwd" is absolute'),
        ("sounds/door.wav, offset", "sounds, offset", "SF503", "sounds cannot be read: it is a folder"),
        ("sounds/door.wav, offset", "sounds/no.wav, offset", "SF503", "there is no file sounds/no.wav"),
        ("{job: war}]", "{job: war, file: a.wav}]", "SF407", "an input is exactly one of job and file"),
        ("offset: 0.5", "offset: -1", "SF401", "offset is -1"),
        ("gain_db: -3", "volume: 3", "SF402", "volume"),
    ],
)
def test_what_is_wrong_with_inputs_is_found_by_validate(
    folder: Path, old: str, new: str, code: str, message: str
) -> None:
    edit(folder, old, new)
    problems = scorefile("validate", "--format", "json", cwd=folder).json["problems"]
    found = [(problem["code"], problem["message"]) for problem in problems if problem["severity"] == "error"]
    assert any(one == code and message in said for one, said in found), found
    assert all(problem["place"] for problem in problems)


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "door.wav"
    (folder / "sounds" / "door.wav").rename(outside)
    (folder / "sounds" / "door.wav").symlink_to(outside)
    problems = scorefile("validate", "--format", "json", cwd=folder).json["problems"]
    assert {problem["message"] for problem in problems} == {
        "sounds/door.wav cannot be read: it leads out of the pipeline's folder"
    }


def test_the_lock_says_what_a_piece_is_made_of_by_content(folder: Path) -> None:
    run(folder)
    lock = json.loads((folder / "scorefile.lock").read_text())["jobs"]
    title = lock["title"]["submissions"][0]["takes"][0]["sha256"]
    war = lock["war"]["submissions"][0]["takes"][0]["sha256"]
    request = lock["medley"]["submissions"][0]["request"]
    assert request["inputs"] == [{"gain_db": -3, "sha256": title}, {"sha256": war}]
    assert lock["door"]["submissions"][0]["request"]["rights"] == "recorded by us"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty: there are 0 bytes"),
        (b"<!doctype html><p>Not found</p>", "not audio: an HTML page, 31 bytes"),
        (b"fLaC\0\0\0", "cut short inside its header: 7 bytes"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "Git LFS left a pointer there in place of the audio",
        ),
    ],
)
def test_a_file_that_is_no_audio_is_named_before_anything_is_sent(folder: Path, data: bytes, why: str) -> None:
    (folder / "sounds" / "door.wav").write_bytes(data)
    for words in (("validate",), ("plan",), ("run", "--yes")):
        done = scorefile(*words, cwd=folder)
        assert done.code == 3, done
        assert f"sounds/door.wav cannot be read: {why}" in done.out + done.err
        assert "help: name an audio file in the pipeline's folder" in done.out + done.err
    assert not (folder / "audio").exists()


def test_a_file_that_is_cut_short_is_named_before_anything_is_sent(folder: Path) -> None:
    sound = folder / "sounds" / "door.wav"
    sound.write_bytes(sound.read_bytes()[:-100])
    done = scorefile("validate", cwd=folder)
    assert (
        "sounds/door.wav cannot be read: cut short: the header promises 24000 samples, 23950 are there" in done.out
    ), done


@posix_only("Windows has no time of the last change, so nothing is remembered there")
def test_a_file_is_read_again_only_when_it_changed(folder: Path) -> None:
    run(folder)
    time.sleep(TICK_S)
    scorefile("plan", cwd=folder)  # a hash is kept once it is clear that every later change shows
    kept = folder / ".scorefile" / "pipelines" / "scorefile" / "input-hashes"
    data = json.loads(kept.read_text())
    assert list(data["files"]) == ["sounds/door.wav"]
    data["files"]["sounds/door.wav"][1] = "ab" * 32
    kept.write_text(json.dumps(data))
    assert planned(folder)["door"] == "regenerate: file changed", "the file itself was not read"
    sound(folder, 0.1)
    assert planned(folder)["door"] == "reuse: up to date"
