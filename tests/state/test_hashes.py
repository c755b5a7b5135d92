"""A remembered hash is that of the file as it is now, whatever was done to it since, and as fast as can be."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.state import hashes
from runner.state.hashes import LARGE, NAME, HashMemory, hashed
from tests.support.desks import posix_only
from tests.support.long import sampled

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("one.wav", "two.wav", "three.wav")
TICK_S = 0.05
"""Longer than a file has to be left alone until its hash may be kept."""


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode())
    time.sleep(TICK_S)
    return tmp_path


def memory(folder: Path) -> HashMemory:
    return HashMemory(folder, folder / "state")


def read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the files that a look at all of them reads."""
    found: set[str] = set()

    def noted(root: Path, names: Any) -> Any:
        found.update(names)
        return hashed(root, names)

    with monkeypatch.context() as patch:
        patch.setattr(hashes, "hashed", noted)
        assert memory(folder).digests(NAMES) == {
            name: sha((folder / name).read_bytes()) if (folder / name).is_file() else None for name in NAMES
        }
    return found


CHANGES = st.sampled_from(["write", "write and restore mtime", "replace", "swap", "link", "remove", "look", "wait"])


@settings(max_examples=sampled(30, 100), deadline=None)
@example(steps=[("write and restore mtime", 0, b"b"), ("look", 0, b"")])
@example(steps=[("swap", 0, b""), ("look", 0, b"")])
@example(steps=[("replace", 0, b"b"), ("look", 0, b"")])
@given(steps=st.lists(st.tuples(CHANGES, st.integers(0, 1), st.sampled_from([b"a", b"b"])), max_size=12))
def test_a_hash_is_always_that_of_the_file_as_it_is(steps: list[tuple[str, int, bytes]]) -> None:
    """All contents have one size, and most changes happen within one tick of the clock."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        one, two = files = [folder / "one.wav", folder / "two.wav"]
        (folder / "state").mkdir()
        for change, which, content in [("write", 0, b"a"), ("write", 1, b"b"), ("wait", 0, b""), *steps]:
            file = files[which]
            match change:
                case "write":
                    file.write_bytes(content)
                case "write and restore mtime" if file.exists():
                    before = file.stat()
                    file.write_bytes(content)
                    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
                case "replace":
                    (folder / "new").write_bytes(content)
                    (folder / "new").replace(file)
                case "swap" if one.exists() and two.exists():
                    one.rename(folder / "aside")
                    two.rename(one)
                    (folder / "aside").rename(two)
                case "link" if one.exists() and two.exists():
                    file.unlink()
                    os.link(files[1 - which], file)
                case "remove":
                    file.unlink(missing_ok=True)
                case "wait":
                    time.sleep(0.03)
            if change in ("look", "wait"):
                found = memory(folder).digests(["one.wav", "two.wav"])
                assert found == {file.name: sha(file.read_bytes()) if file.exists() else None for file in files}


@posix_only("Windows has no time of the last change")
def test_what_was_left_alone_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_again(folder, monkeypatch) == set(NAMES)
    assert read_again(folder, monkeypatch) == set()
    (folder / "two.wav").write_bytes(b"2")
    assert read_again(folder, monkeypatch) == {"two.wav"}
    time.sleep(TICK_S)
    assert read_again(folder, monkeypatch) == {"two.wav"}, "it had just changed when it was read"
    assert read_again(folder, monkeypatch) == set()
    (folder / "one.wav").unlink()
    assert read_again(folder, monkeypatch) == {"one.wav"}


def test_what_was_read_in_the_tick_of_its_change_is_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "two.wav").write_bytes(b"2")
    read_again(folder, monkeypatch)
    assert "two.wav" in read_again(folder, monkeypatch)


def _set_back(data: dict[str, Any]) -> None:
    data["moment_ns"] = time.time_ns() + 3_600_000_000_000


def _another_version(data: dict[str, Any]) -> None:
    data["version"] += 1


def _no_hash(data: dict[str, Any]) -> None:
    data["files"]["one.wav"][1] = 5


def _short_stamp(data: dict[str, Any]) -> None:
    data["files"]["one.wav"][0].pop()


def _no_files(data: dict[str, Any]) -> None:
    del data["files"]


@pytest.mark.parametrize("change", [_set_back, _another_version, _no_hash, _short_stamp, _no_files])
def test_after_the_clock_was_set_back_or_with_another_file_all_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None]
) -> None:
    read_again(folder, monkeypatch)
    kept = folder / "state" / NAME
    data = json.loads(kept.read_text()) if kept.exists() else {"version": 1, "files": {"one.wav": [[0], ""]}}
    change(data)
    kept.write_text(json.dumps(data))
    assert read_again(folder, monkeypatch) == set(NAMES)


@pytest.mark.parametrize("kept", [b"", b"\xff", b"[]", b"[" * 100_000])
def test_a_damaged_memory_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch, kept: bytes) -> None:
    (folder / "state" / NAME).write_bytes(kept)
    assert read_again(folder, monkeypatch) == set(NAMES)


def test_nothing_is_kept_of_files_on_another_device(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = folder.stat().st_dev
    monkeypatch.setattr(HashMemory, "_clock_now", lambda _self: (device + 1, time.time_ns()))
    read_again(folder, monkeypatch)
    assert not (folder / "state" / NAME).exists()


def test_without_a_state_folder_nothing_is_kept_and_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "one.wav").write_bytes(b"1")
    assert HashMemory(tmp_path, tmp_path / "state").digests(["one.wav"]) == {"one.wav": sha(b"1")}
    assert [path.name for path in tmp_path.iterdir()] == ["one.wav"]


@posix_only("links are made here")
def test_a_link_in_the_state_folder_is_not_written_through(folder: Path) -> None:
    (folder / "state" / f"{NAME}.clock").symlink_to(folder / "one.wav")
    assert memory(folder).digests(NAMES)["one.wav"] == sha(b"one.wav")
    assert (folder / "one.wav").read_bytes() == b"one.wav"


@posix_only("links are made here")
def test_a_link_or_a_folder_has_no_hash(folder: Path) -> None:
    (folder / "link.wav").symlink_to(folder / "one.wav")
    (folder / "inner.wav").mkdir()
    names = ["link.wav", "inner.wav", "missing.wav"]
    assert memory(folder).digests(names) == dict.fromkeys(names)


def test_large_files_are_read_by_threads_and_small_ones_are_not(tmp_path: Path) -> None:
    contents = {f"{number}.wav": bytes([number]) * (LARGE * (number % 3)) for number in range(12)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    found = hashed(tmp_path, list(contents))
    assert {name: sha256 for name, (_, sha256) in found.items()} == {name: sha(data) for name, data in contents.items()}
