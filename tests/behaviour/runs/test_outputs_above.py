"""Outputs lie anywhere in the git work tree of their pipeline, under the same rules of ownership, and nowhere else."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from runner.commands.facts import by_folder, output_hashes
from runner.errors import StateError
from runner.state.blobs.local import LocalBlobs
from runner.state.finding import is_too_high, levels_above
from runner.state.outputs import Outputs
from tests.support.command import scorefile

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}}
jobs:
  title: {prompt: calm, output: "../Assets/Audio/title"}
  inside: {prompt: low, output: inside}
"""


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """The folder of a pipeline inside a game's repository."""
    (tmp_path / "game" / ".git").mkdir(parents=True)
    folder = tmp_path / "game" / "music"
    folder.mkdir()
    (folder / "scorefile.yaml").write_text(PIPELINE)
    return folder


def test_an_output_goes_into_the_folder_of_the_game_and_comes_back(music: Path) -> None:
    made = scorefile("run", cwd=music)
    assert made.code == 0, made
    output = music.parent / "Assets" / "Audio" / "title.wav"
    audio = output.read_bytes()
    assert scorefile("plan", "--locked", cwd=music).code == 0
    assert scorefile("verify", cwd=music).code == 0
    output.unlink()
    assert scorefile("verify", cwd=music).code == 4
    assert scorefile("run", cwd=music).code == 0
    assert output.read_bytes() == audio
    file = music / "scorefile.yaml"
    file.write_text(PIPELINE.replace("../Assets/Audio/title", "../Sounds/title"))
    assert scorefile("run", cwd=music.parent).code == 2, "a folder above the pipeline knows nothing of it"
    assert scorefile("run", cwd=music).code == 0
    assert (music.parent / "Sounds" / "title.wav").read_bytes() == audio
    assert not output.exists(), "an output that moved is not left behind"
    assert scorefile("run", "--frozen", cwd=music).code == 0


def test_a_file_that_somebody_else_wrote_there_is_left_alone(music: Path) -> None:
    theirs = music.parent / "Assets" / "Audio" / "title.wav"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    done = scorefile("run", cwd=music)
    assert done.code == 5, done
    assert theirs.read_bytes() == b"theirs"


def test_a_link_on_the_way_is_not_followed(music: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (music.parent / "Assets").symlink_to(tmp_path / "outside")
    assert scorefile("run", cwd=music).code == 5
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("../../x", "leaves the git work tree"),
        ("../music/x", "leads back towards the pipeline's folder"),
        ("../Assets/../../x", "leaves the pipeline's folder"),
        ("../.git/x", "has a component that starts with ."),
        ("..", "leaves the pipeline's folder"),
        ("../", "is empty"),
    ],
)
def test_no_output_leaves_the_work_tree_or_has_two_names(music: Path, output: str, message: str) -> None:
    (music / "scorefile.yaml").write_text(PIPELINE.replace("../Assets/Audio/title", output))
    done = scorefile("validate", cwd=music)
    assert done.code == 3
    assert f'error[SF501]: the output "{output}" {message}' in done.out


def test_without_git_the_folder_is_the_limit(music: Path) -> None:
    (music.parent / ".git").rmdir()
    done = scorefile("validate", cwd=music)
    assert done.code == 3
    assert 'the output "../Assets/Audio/title" leaves the pipeline\'s folder' in done.out


def test_a_rehearsal_stays_in_its_folder(music: Path) -> None:
    done = scorefile("run", "--rehearse", cwd=music)
    assert done.code == 0, done
    assert done.out.endswith("listen in scorefile-rehearsal/scorefile\n")
    assert sorted(path.name for path in music.parent.iterdir()) == [".git", "music"]
    assert (music / "scorefile-rehearsal" / "scorefile" / "above" / "Assets" / "Audio" / "title.wav").exists()


def test_a_lock_from_elsewhere_moves_and_removes_nothing_outside_of_the_work_tree(music: Path, tmp_path: Path) -> None:
    assert scorefile("run", cwd=music).code == 0
    lock = music / "scorefile.lock"
    outside = tmp_path / "title.wav"
    outside.write_bytes((music.parent / "Assets" / "Audio" / "title.wav").read_bytes())
    for path in ("../../title.wav", "./../../title.wav", "..//../title.wav"):
        text = lock.read_text().replace("../Assets/Audio/title.wav", path)
        data = json.loads(text)
        for job in data["jobs"].values():
            job.pop("sum", None)
        for words in (("run", "--frozen"), ("run",), ("run", "--locked")):
            lock.write_text(json.dumps(data))
            scorefile(*words, cwd=music)
            assert outside.exists(), (path, words)
            lock.write_text(text)
            scorefile(*words, cwd=music)
            assert outside.exists(), (path, words)


@pytest.mark.parametrize("path", ["../../title.wav", "./../../title.wav", "..//../title.wav"])
def test_the_writer_of_outputs_neither_reads_nor_writes_outside_of_the_work_tree(
    music: Path, tmp_path: Path, path: str
) -> None:
    assert scorefile("run", cwd=music).code == 0
    audio = (music / "inside.wav").read_bytes()
    sha256 = hashlib.sha256(audio).hexdigest()
    outputs = Outputs(music, LocalBlobs(music / ".scorefile" / "blobs"))
    with pytest.raises(StateError, match="is outside of the git work tree"):
        outputs.put(sha256, path, previous=None, mine=frozenset({sha256}))
    assert not (tmp_path / "title.wav").exists()
    (tmp_path / "title.wav").write_bytes(audio)
    assert outputs.stored([path, "inside.wav"]) == {"inside.wav": sha256}
    assert output_hashes(music, by_folder([path, "inside.wav"]), tmp_path / "state") == {
        path: None,
        "inside.wav": sha256,
    }


def test_folders_above_are_counted_however_they_are_written(tmp_path: Path) -> None:
    paths = {"x": 0, "../x": 1, "./../x": 1, "..//../x": 2, "../../x": 2, "a/x": 0}
    assert {path: [is_too_high(path, levels) for levels in (0, 1, 2)].count(True) for path in paths} == paths
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert [levels_above(tmp_path / name) for name in (".", "a", "a/b")] == [0, 1, 2]
    assert levels_above(tmp_path / "a" / ".scorefile" / "rehearsal" / "x") == 0
    assert levels_above(tmp_path / "a" / "scorefile-rehearsal" / "x") == 0
    (tmp_path / "a" / "link").symlink_to(tmp_path.parent)
    assert levels_above(tmp_path / "a" / "link") == 0
