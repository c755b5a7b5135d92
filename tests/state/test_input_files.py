"""Files that a pipeline names as inputs: by content, inside its folder, and looked at again only when they changed."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import pytest

from runner.errors import ScorefileError, StateError
from runner.state.input_files import MAX_AUDIO_BYTES, copy_input, hash_inputs
from tests.support.desks import posix_only

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TICK_S = 0.05
"""Longer than a file has to be left alone until its hash may be kept."""
DOOR = hashlib.sha256(b"door").hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    (tmp_path / "door.wav").write_bytes(b"door")
    time.sleep(TICK_S)
    return tmp_path


@pytest.fixture
def looked_at() -> list[str]:
    return []


@pytest.fixture
def hashes(folder: Path, looked_at: list[str]) -> Callable[..., dict[str, str]]:
    """Return a function that tells what is known of files, errors as their message."""

    def told(*names: str, why: str = "") -> dict[str, str]:
        def check(path: Path) -> None:
            looked_at.append(path.name)
            if why:
                raise ScorefileError(why)

        found = hash_inputs(folder, names, state=folder / "state", check=check)
        return {
            name: said if isinstance(said, str) else f"{type(said).__name__}: {said}" for name, said in found.items()
        }

    return told


@posix_only("Windows has no time of the last change, so nothing is remembered there")
def test_a_file_that_did_not_change_is_looked_at_once(
    folder: Path, hashes: Callable[..., dict[str, str]], looked_at: list[str]
) -> None:
    for _ in range(3):
        assert hashes("door.wav") == {"door.wav": DOOR}
    assert looked_at == ["door.wav"]
    (folder / "door.wav").write_bytes(b"gate")
    assert hashes("door.wav") == {"door.wav": hashlib.sha256(b"gate").hexdigest()}
    assert looked_at == ["door.wav"] * 2


def test_a_file_that_is_no_audio_is_looked_at_each_time(
    hashes: Callable[..., dict[str, str]], looked_at: list[str]
) -> None:
    for _ in range(2):
        assert hashes("door.wav", why="not audio: text") == {"door.wav": "ValueError: not audio: text"}
    assert looked_at == ["door.wav"] * 2
    assert hashes("door.wav") == {"door.wav": DOOR}


def test_without_a_state_folder_nothing_is_kept_and_none_is_made(
    folder: Path, hashes: Callable[..., dict[str, str]]
) -> None:
    (folder / "state").rmdir()
    assert hashes("door.wav") == {"door.wav": DOOR}
    assert not (folder / "state").exists()


@posix_only("Windows needs a privilege for links")
def test_what_cannot_be_an_input_says_why(
    folder: Path, hashes: Callable[..., dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.wav"
    outside.write_bytes(b"secret")
    (folder / "out.wav").symlink_to(outside)
    (folder / "in.wav").symlink_to(folder / "door.wav")
    (folder / "large.wav").touch()
    with (folder / "large.wav").open("rb+") as file:
        file.truncate(MAX_AUDIO_BYTES + 1)
    (folder / "lfs.wav").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    assert hashes("out.wav", "in.wav", "large.wav", "none.wav", "state") == {
        "out.wav": "ValueError: it leads out of the pipeline's folder",
        "in.wav": DOOR,
        "large.wav": "ValueError: it is larger than 1024 MiB",
        "none.wav": "FileNotFoundError: there is no such file",
        "state": "IsADirectoryError: it is a folder",
    }
    assert hashes("lfs.wav", why="not audio: text") == {
        "lfs.wav": "ValueError: Git LFS left a pointer there in place of the audio"
    }


def test_a_file_that_changed_since_it_was_hashed_is_not_copied(folder: Path) -> None:
    copy_input(folder, "door.wav", DOOR, folder / "copy.wav")
    assert (folder / "copy.wav").read_bytes() == b"door"
    (folder / "door.wav").write_bytes(b"gate")
    with pytest.raises(StateError, match=r"^door\.wav was changed while the run was at work$"):
        copy_input(folder, "door.wav", DOOR, folder / "copy.wav")
