"""Outputs that change hands while two jobs of a run are brought at once."""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.state import outputs as module
from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import save_bytes
from runner.state.files import system
from runner.state.files.folder import digest
from runner.state.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE, TWO = b"the music of one", b"the music of two"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("moment", ["before its output is looked at", "after its output is looked at"])
def test_a_take_whose_output_another_job_replaces_meanwhile_is_placed(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody replaces an output whose bytes the store does not hold, so the take is there then."""
    (tmp_path / "one").write_bytes(ONE)
    (tmp_path / "two").write_bytes(TWO)
    files = Outputs(tmp_path, LocalBlobs(tmp_path / "blobs"))

    def replaced(path: Path) -> str | None:
        monkeypatch.setattr(module, "digest", digest)
        found = digest(path) if moment.startswith("after") else None
        files.put(sha256(TWO), "one", previous="two", mine=frozenset({sha256(ONE)}))
        return found or digest(path)

    monkeypatch.setattr(module, "digest", replaced)
    files.put(sha256(ONE), "two", previous="one", mine=frozenset({sha256(TWO)}))
    assert ((tmp_path / "one").read_bytes(), (tmp_path / "two").read_bytes()) == (TWO, ONE)


class _SavedMeanwhile(LocalBlobs):
    """A store into which another thread saves a take just after it was found not to be there."""

    def check(self, sha256: str) -> bool:
        found = super().check(sha256)
        if not found:
            save_bytes(self, ONE)
        return found


def test_a_take_that_is_saved_while_it_is_looked_for_is_not_taken_for_a_corrupted_one(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(ONE)
    blobs = _SavedMeanwhile(tmp_path / "blobs")
    Outputs(tmp_path, blobs).copy(sha256(ONE), ["one"], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == ONE
    assert not [*tmp_path.rglob("*.damaged")]


def in_memory(path: Path) -> bool:
    """Say whether the system holds the first page of a file in memory."""
    libc, pages = ctypes.CDLL(None, use_errno=True), -(-path.stat().st_size // mmap.PAGESIZE)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as data:
        held = (ctypes.c_ubyte * pages)()
        first = ctypes.c_char.from_buffer(data)
        failed = libc.mincore(ctypes.byref(first), ctypes.c_size_t(len(data)), held)
        del first
    assert not failed, os.strerror(ctypes.get_errno())
    return bool(held[0] & 1)


@pytest.fixture
def disk() -> Iterator[Path]:
    """Yield a folder that outlives a restart: the other ones of tests may be in memory."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system decides alone")
def test_memory_holds_the_output_and_not_the_copy_in_the_store(disk: Path) -> None:
    take = bytes(1 << 20)
    with (disk / "probe").open("wb") as file:
        file.write(take)
        file.flush()
        system.sync_file(file.fileno())
        system.release_memory(file)
    if in_memory(disk / "probe"):
        pytest.skip("the whole file system is in memory")
    blobs = LocalBlobs(disk / "blobs")
    stored = blobs.file(save_bytes(blobs, take))
    assert stored is not None
    assert in_memory(stored)
    Outputs(disk, blobs).put(sha256(take), "out.wav", previous=None, mine=frozenset())
    assert in_memory(disk / "out.wav")
    assert not in_memory(stored)
    assert stored.read_bytes() == take
