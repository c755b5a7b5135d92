"""A paid take becomes a finished piece, and nothing of that is ever paid for."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runner.audio.probe.decode import probe
from runner.audio.tags.write import read_tags
from tests.audio.master.heard import heard
from tests.support.command import environment, fork_server, scorefile, vendors_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.emulator import RunningEmulator

PIPELINE = """\
version: 1
name: night
defaults:
  model: pixazo/tracks
  params: {duration: 4}
  output: "audio/{{ job.id }}"
  master: {loudness: -16 LUFS, fade_out: 500 ms, format: flac}
jobs:
  title: {prompt: low brass, tags: {artist: Ember Studio}}
  loop: {prompt: war drums, master: {loop: {crossfade: 1 s}, fade_out: null, format: opus}}
  bare: {prompt: high flutes, master: false}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, emulator: RunningEmulator) -> Path:
    """Return a folder in which everything is made and mastered, once for all; nothing may be changed in it."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "scorefile.yaml").write_text(PIPELINE)
    done = scorefile("run", "--yes", cwd=folder, env=vendors_at(emulator.url))
    assert done.code == 0, done
    return folder


@pytest.fixture
def mastered(finished: Path, folder: Path) -> None:
    """Fill the folder with a copy of what is finished."""
    shutil.copytree(finished, folder, dirs_exist_ok=True)


@pytest.fixture
def run(folder: Path, emulator: RunningEmulator) -> Callable[..., dict[str, str]]:
    def call(*words: str) -> dict[str, str]:
        done = scorefile("run", "--yes", "-q", "--format", "json", *words, cwd=folder, env=vendors_at(emulator.url))
        assert done.code == 0, done
        return {job["job"]: job["result"] for job in done.json["jobs"]}

    return call


def outputs(folder: Path) -> dict[str, Any]:
    """Return what the lock says of the output of each job."""
    jobs = json.loads((folder / "scorefile.lock").read_text())["jobs"]
    return {job: item["output"] for job, block in jobs.items() for item in block["submissions"] if "output" in item}


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "scorefile.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def verbs(folder: Path) -> dict[str, tuple[str, str]]:
    planned = scorefile("plan", "--format", "json", cwd=folder).json
    return {action["job"]: (action["verb"], action["reason"]) for action in planned["actions"]}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_measured(finished: dict[str, Any], path: Path) -> None:
    """Check that what the lock says of a finished piece is what another meter hears in it."""
    assert finished["master"].startswith("sha256:")
    found, whole = heard(path), probe(path)
    assert finished["bytes"] == path.stat().st_size
    assert finished["seconds"] == pytest.approx(whole.seconds, abs=0.002)
    assert (finished["rate_hz"], finished["channels"]) == (whole.rate_hz, whole.channels)
    assert finished["lufs"] == pytest.approx(found.lufs, abs=0.15)
    assert finished["true_peak_dbtp"] == pytest.approx(found.peak_dbtp, abs=0.3)


def test_a_story_of_finished_pieces(
    folder: Path, run: Callable[..., dict[str, str]], emulator: RunningEmulator
) -> None:
    planned = scorefile("plan", cwd=folder).out
    assert "not made yet; then master to -16 LUFS, fades, flac" in planned
    assert planned.count("then master to") == 2
    before = len(emulator.ledger()["submits"])
    assert set(run().values()) == {"made"}
    assert len(emulator.ledger()["submits"]) == before + 3

    title, loop, bare = (folder / "audio" / name for name in ("title.flac", "loop.opus", "bare.wav"))
    for path in (title, loop):
        found = heard(path)
        assert found.lufs == pytest.approx(-16, abs=0.3)
        assert found.peak_dbtp < -1
    said = outputs(folder)
    assert said["title"]["sha256"] == sha256(title) != said["title"]["finished"]["take"]
    for name, path in (("title", title), ("loop", loop)):
        is_measured(said[name]["finished"], path)
    assert set(said["bare"]) == {"path", "sha256"}
    assert probe(bare).media_type == "audio/wav"
    told = read_tags(title)
    assert (told["artist"], told["title"], told["job"]) == ("Ember Studio", "title", "title")
    assert told["model"] == "pixazo/tracks"
    assert told["source_type"].endswith("/trainedAlgorithmicMedia")
    assert told["take_sha256"] == said["title"]["finished"]["take"]

    asked, lock = emulator.ledger(), (folder / "scorefile.lock").read_bytes()
    assert set(run().values()) == {"reused"}
    assert (folder / "scorefile.lock").read_bytes() == lock
    assert scorefile("verify", cwd=folder).code == 0

    edit(folder, "-16 LUFS", "-20 LUFS")
    assert verbs(folder) == {
        "title": ("master", "master-changed"),
        "loop": ("master", "master-changed"),
        "bare": ("reuse", "up-to-date"),
    }
    assert run() == {"title": "mastered", "loop": "mastered", "bare": "reused"}
    assert heard(title).lufs == pytest.approx(-20, abs=0.3)
    edit(folder, "format: flac", "format: mp3")
    assert run()["title"] == "mastered"
    assert not title.exists(), "the piece of another format is no output any more"
    edit(folder, "  master: {loudness: -20 LUFS, fade_out: 500 ms, format: mp3}\n", "")
    edit(folder, ", tags: {artist: Ember Studio}", "")
    assert run()["title"] == "restored"
    assert probe(folder / "audio" / "title.wav").media_type == "audio/wav"
    assert emulator.ledger() == asked, "nothing of this asks a provider"


def test_the_table_of_a_run_shows_what_is_at_the_output(folder: Path, emulator: RunningEmulator) -> None:
    done = scorefile("run", "--yes", cwd=folder, env=vendors_at(emulator.url))
    rows = {line.split()[0]: line.split() for line in done.out.splitlines() if "made" in line}
    assert rows["title"][3:6] == ["4.0", "s", "-16.0"], done.out
    assert rows["loop"][3:6] == ["3.0", "s", "-16.0"], "a second of the loop was mixed into its head"


@pytest.mark.usefixtures("mastered")
def test_takes_status_and_verify_tell_what_a_take_became(folder: Path, run: Callable[..., dict[str, str]]) -> None:
    said = outputs(folder)["title"]
    told = {
        name: said["finished"].get(name)
        for name in ("bytes", "seconds", "rate_hz", "channels", "lufs", "true_peak_dbtp")
    }
    told |= {"path": "audio/title.flac", "sha256": said["sha256"], "media_type": "audio/flac"}
    for verb in ("status", "verify"):
        jobs = {job["job"]: job for job in scorefile(verb, "--format", "json", cwd=folder).json["jobs"]}
        assert (jobs["title"]["finished"], jobs["bare"]["finished"]) == (told, None)
    takes = {take["job"]: take for take in scorefile("takes", "--format", "json", cwd=folder).json["takes"]}
    assert (takes["title"]["finished"], takes["bare"]["finished"]) == (told, None)
    assert takes["title"]["lufs"] != told["lufs"], "the take's own"
    lines = [line.split() for line in scorefile("takes", "title", cwd=folder).out.splitlines()]
    assert lines[1][:3] == ["title", "1", "*"]
    assert lines[2] == ["title", "finished", "4.0", "s", "-16.0", str(told["true_peak_dbtp"]), said["sha256"][:12]]


@pytest.mark.usefixtures("mastered")
def test_a_fresh_checkout_reuses_what_is_there_and_finishes_again_what_is_not(
    folder: Path, run: Callable[..., dict[str, str]], emulator: RunningEmulator
) -> None:
    said, asked = outputs(folder), len(emulator.ledger()["submits"])
    store = next((folder / ".scorefile").rglob("blobs"))
    takes = [block["finished"]["take"] for block in said.values() if "finished" in block]
    raw = {take: store / take[:2] / take for take in takes}
    assert all(path.is_file() for path in raw.values())

    kept = folder / "kept"
    shutil.move(folder / ".scorefile", kept)
    assert set(verbs(folder).values()) == {("reuse", "up-to-date")}, "its bytes are what the lock names"
    assert set(run().values()) == {"reused"}

    shutil.rmtree(folder / ".scorefile", ignore_errors=True)
    shutil.move(kept, folder / ".scorefile")
    for name in ("title", "loop"):
        path = folder / said[name]["path"]
        path.unlink()
        (store / said[name]["sha256"][:2] / said[name]["sha256"]).unlink()
    assert verbs(folder)["title"] == ("master", "master-missing")
    assert run("--locked")["title"] == "mastered", "the same take, settings and versions make the same bytes"
    assert outputs(folder) == said
    assert sha256(folder / said["title"]["path"]) == said["title"]["sha256"]
    assert len(emulator.ledger()["submits"]) == asked


@pytest.mark.usefixtures("mastered")
def test_locked_refuses_a_piece_with_other_bytes(folder: Path, run: Callable[..., dict[str, str]]) -> None:
    edit(folder, "-16 LUFS", "-20 LUFS")
    done = scorefile("run", "--locked", "--yes", cwd=folder)
    assert done.code == 4, done
    lock = folder / "scorefile.lock"
    data = json.loads(lock.read_text())
    (item,) = data["jobs"]["title"]["submissions"]
    old, item["output"]["sha256"] = item["output"]["sha256"], "0" * 64
    item.pop("sum")
    lock.write_text(json.dumps(data))
    edit(folder, "-20 LUFS", "-16 LUFS")
    (folder / "audio" / "title.flac").unlink()
    done = scorefile("run", "--locked", "--yes", cwd=folder)
    assert done.code == 5, done
    assert "other settings finished it, or other versions of FFmpeg or of this program" in done.err + done.out
    assert not (folder / "audio" / "title.flac").exists()
    assert old not in lock.read_text()


def test_a_piece_that_cannot_be_finished_keeps_its_paid_take(
    folder: Path, emulator: RunningEmulator, run: Callable[..., dict[str, str]]
) -> None:
    edit(folder, "crossfade: 1 s", "crossfade: 20 s")
    env = vendors_at(emulator.url)
    done = scorefile("run", "--yes", "loop", cwd=folder, env=env)
    assert done.code == 5
    assert (
        "made, but not mastered: the piece of 4.00 s is too short for a loop with a crossfade of 20 s"
        in done.err + done.out
    )
    asked = emulator.ledger()
    assert verbs(folder)["loop"] == ("master", "not-mastered")
    again = scorefile("run", "--yes", "loop", cwd=folder, env=env)
    assert again.code == 5
    assert "not mastered: the piece of 4.00 s is too short" in again.err + again.out
    edit(folder, "crossfade: 20 s", "crossfade: 1 s")
    assert run("loop") == {"loop": "mastered"}
    assert emulator.ledger() == asked, "the take is paid for once"


@pytest.mark.usefixtures("mastered")
def test_a_renamed_job_says_its_new_name(
    folder: Path, run: Callable[..., dict[str, str]], emulator: RunningEmulator
) -> None:
    asked = emulator.ledger()
    edit(folder, "  title: {", "  opening: {")
    assert verbs(folder)["opening"] == ("master", "renamed")
    assert run()["opening"] == "mastered"
    assert read_tags(folder / "audio" / "opening.flac")["job"] == "opening"
    assert not (folder / "audio" / "title.flac").exists()
    assert emulator.ledger() == asked


@pytest.mark.usefixtures("mastered")
def test_an_edited_piece_is_left_alone(folder: Path, run: Callable[..., dict[str, str]]) -> None:
    (folder / "audio" / "title.flac").write_bytes(b"my own mix")
    edit(folder, "-16 LUFS", "-20 LUFS")
    assert verbs(folder)["title"] == ("blocked", "edited-output")
    scorefile("run", "--yes", cwd=folder)
    assert (folder / "audio" / "title.flac").read_bytes() == b"my own mix"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("words", [(), ("--processes", "2")])
def test_a_rehearsal_masters_too(words: tuple[str, ...], folder: Path) -> None:
    done = scorefile("run", "--rehearse", "-q", *words, cwd=folder)
    assert done.code == 0, done
    (piece,) = (folder / "scorefile-rehearsal").rglob("title.flac")
    assert heard(piece).lufs == pytest.approx(-16, abs=0.3)
    assert read_tags(piece)["job"] == "title"


def test_tags_alone_leave_the_audio_as_it_came(folder: Path, run: Callable[..., dict[str, str]]) -> None:
    edit(folder, "master: false", "master: false, tags: {genre: Flute}")
    run()
    said = outputs(folder)["bare"]
    path = folder / said["path"]
    assert read_tags(path)["genre"] == "Flute"
    store = next((folder / ".scorefile").rglob("blobs"))
    take = store / said["finished"]["take"][:2] / said["finished"]["take"]
    is_measured(said["finished"], path)
    assert said["finished"]["codec"] == "pcm_s16le", "all that was measured of the take still holds"
    assert (heard(path).samples == heard(Path(shutil.copy(take, folder / "take.wav"))).samples).all()


@pytest.mark.usefixtures("mastered")
def test_frozen_restores_a_piece_from_the_store(folder: Path, run: Callable[..., dict[str, str]]) -> None:
    before = sha256(folder / "audio" / "title.flac")
    shutil.rmtree(folder / "audio")
    assert run("--frozen")["title"] == "restored"
    assert sha256(folder / "audio" / "title.flac") == before


@pytest.mark.usefixtures("mastered")
def test_a_file_is_identified_by_its_bytes_and_by_its_tags(folder: Path, run: Callable[..., dict[str, str]]) -> None:
    piece = folder / "audio" / "title.flac"
    done = scorefile("identify", "audio/title.flac", cwd=folder)
    assert done.code == 0
    assert done.out.startswith(
        "audio/title.flac is the output of title, finished from take 1\n  model: pixazo/tracks\n"
    )
    said = outputs(folder)
    store = next((folder / ".scorefile").rglob("blobs"))
    take = said["title"]["finished"]["take"]
    shutil.copy(store / take[:2] / take, folder / "take.wav")
    assert scorefile("identify", "take.wav", cwd=folder).out.startswith("take.wav is take 1 of title\n")

    shutil.copy(piece, folder / "old.flac")
    edit(folder, "-16 LUFS", "-20 LUFS")
    run()
    done = scorefile("identify", "old.flac", "--format", "json", cwd=folder)
    (found,) = done.json["found"]
    assert (done.code, found["by"], found["job"], found["number"], found["take"]) == (0, "tag", "title", 1, take)
    assert done.json["tags"]["artist"] == "Ember Studio"


@pytest.mark.usefixtures("mastered")
def test_a_file_of_another_project_is_not_identified(folder: Path, run: Callable[..., dict[str, str]]) -> None:
    (folder / "other").mkdir()
    (folder / "other" / "scorefile.yaml").write_text(PIPELINE)
    piece = shutil.copy(folder / "audio" / "title.flac", folder / "other" / "found.flac")
    done = scorefile("identify", "found.flac", cwd=folder / "other")
    assert (done.code, done.out) == (1, "")
    assert (
        "found.flac is not of this lock: no output and no take of 0 submissions in scorefile.lock has the hash"
        in done.err
    )
    assert "its tags say: job title, made with pixazo/tracks; that take is not in this lock" in done.err
    Path(piece).write_text("no audio")
    assert "it has no tags" in scorefile("identify", "found.flac", cwd=folder / "other").err
    done = scorefile("identify", "missing.flac", cwd=folder / "other")
    assert done.code == 2
    assert "missing.flac is not a file" in done.err


def test_a_run_that_is_killed_while_it_masters_leaves_nothing_half_written(
    folder: Path, run: Callable[..., dict[str, str]], emulator: RunningEmulator
) -> None:
    edit(folder, "duration: 4", "duration: 40")
    edit(folder, "format: flac", "format: mp3")
    words = ("run", "--yes", "--progress", "plain", "title")
    child = fork_server().start(words, cwd=folder, env=environment(vendors_at(emulator.url)))
    child.wait_for("title  mastering")
    time.sleep(0.2)
    child.signal(signal.SIGKILL)
    assert child.wait().killed
    assert not (folder / "audio").exists()
    asked = len(emulator.ledger()["submits"])
    assert run("title") == {"title": "made"}
    assert len(emulator.ledger()["submits"]) == asked, "the take is paid for once"
    assert heard(folder / "audio" / "title.mp3").lufs == pytest.approx(-16, abs=0.3)
    assert list(next((folder / ".scorefile").rglob("incoming")).iterdir()) == []
