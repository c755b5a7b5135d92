"""What names a blob: every version of every lock, and nothing that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.errors import StateError
from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import save_bytes
from runner.state.garbage import LockReader, Names, store_room, unwanted
from runner.state.lock_text import render_lock
from tests.support.desks import posix_only
from tests.support.made import entry, lock, sha, take

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records.lock import Entry

LATER = 1e12


def made(name: str) -> Entry:
    return entry(None, take(name), attempt=name, job=name, request_id=f"ace_{name}", path=f"audio/{name}.wav")


def text(*names: str) -> bytes:
    return render_lock(lock(*map(made, names)))


def test_every_take_of_a_lock_is_named() -> None:
    assert {sha("a"), sha("b")} <= LockReader().names("here", text("a", "b"))


def test_of_versions_that_share_blocks_each_has_all_its_names() -> None:
    reader = LockReader()
    for names in (("a",), ("a", "b"), ("b",), ("a", "b", "c"), ("a", "b")):
        assert {sha(name) for name in names} <= reader.names("here", text(*names))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_damaged_block_is_found_even_when_the_others_are_known(place: int) -> None:
    reader, names = LockReader(), ("a", "b", "c")
    reader.names("here", text(*(name for name in names if name != names[place])))
    damaged = text(*names).replace(sha(names[place]).encode(), sha("x").encode())
    with pytest.raises(StateError, match=r"refs/heads/main: a\.lock cannot be read: the block of"):
        reader.names("refs/heads/main: a.lock", damaged)


def test_a_lock_that_is_cut_off_or_of_a_later_version_is_in_doubt() -> None:
    whole = text("a", "b")
    for wrong in (whole[:-30], whole.replace(b'"version": 2', b'"version": 99')):
        with pytest.raises(StateError, match="here cannot be read"):
            LockReader().names("here", wrong)


def test_both_sides_of_a_conflict_are_named() -> None:
    ours, theirs = (text(name).decode() for name in "ab")
    conflicted = f"<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"
    assert {sha("a"), sha("b")} <= LockReader().names("here", conflicted.encode())


@pytest.mark.parametrize("data", [b"", b"[[package]]\nname = 'x'\n", b'{"jobs": {}, "version": 2}'])
def test_a_file_of_another_program_names_nothing(data: bytes) -> None:
    assert LockReader().names("here", data) == frozenset()


def test_a_file_that_is_younger_than_the_search_stays(tmp_path: Path) -> None:
    save_bytes(LocalBlobs(tmp_path), b"one")
    assert unwanted(tmp_path, Names(), before=0.0)[0] == ()
    assert len(unwanted(tmp_path, Names(), before=LATER)[0]) == 1


@posix_only("a link is made here")
def test_no_link_is_followed_out_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / sha("x")).write_bytes(b"mine")
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "ab").symlink_to(tmp_path / "outside")
    (tmp_path / "blobs" / "link").symlink_to(tmp_path / "outside" / sha("x"))
    assert unwanted(tmp_path / "blobs", Names(), before=LATER) == ((), {})


def test_the_room_of_a_store_is_that_of_its_takes(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    save_bytes(blobs, b"one")
    save_bytes(blobs, b"three")
    blobs.incoming.part().write_bytes(b"unfinished")
    assert (store_room(tmp_path).files, store_room(tmp_path).bytes) == (2, 8)
    assert store_room(tmp_path / "none").files == 0
