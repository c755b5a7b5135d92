"""Files are written whole or not at all, and never outside their folder or over a stranger's."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

import pytest

from runner.errors import StateError
from runner.state.files import folder, path_folder, placing
from runner.state.files.atomic import write_atomic
from runner.state.files.folder import digest
from runner.state.files.placing import is_through_link, remove_owned
from tests.support.desks import posix_only
from tests.support.made import sha

if sys.platform != "win32":
    from runner.state.files import posix_folder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = posix_only("links, pipes and descriptors of folders are made here")
NONE: frozenset[str] = frozenset()


@pytest.fixture(params=["by descriptor", "by path, as on Windows"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with both kinds of open folders."""
    kind = posix_folder if request.param == "by descriptor" else path_folder
    monkeypatch.setattr(folder, "open_folder", kind.open_folder)
    monkeypatch.setattr(folder, "open_regular", kind.open_regular)


both_ways = pytest.mark.usefixtures("_both_ways")


def place(source: Path, root: Path, relative: str, *, owned: frozenset[str]) -> None:
    with source.open("rb") as reader:
        placing.place(reader, sha(source.read_text()), root, relative, owned=owned)


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take"
    path.write_bytes(b"take")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# ---------------------------------------------------------------- write_atomic


def test_a_file_is_replaced_whole_and_nothing_else_stays(tmp_path: Path) -> None:
    target = tmp_path / "new" / "night.lock"
    write_atomic(target, b"one")
    write_atomic(target, b"two")
    assert target.read_bytes() == b"two"
    assert names(tmp_path) == ["new", "new/night.lock"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "night.lock"
    write_atomic(target, b"one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(target, b"two")
    assert target.read_bytes() == b"one"
    assert names(tmp_path) == ["night.lock"]


def test_a_link_in_the_way_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    real, link = tmp_path / "real.lock", tmp_path / "night.lock"
    real.write_bytes(b"one")
    link.symlink_to(real)
    write_atomic(link, b"two")
    assert not link.is_symlink()
    assert link.read_bytes() == b"two"
    assert real.read_bytes() == b"one"


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    target = tmp_path / "night.lock"
    write_atomic(target, b"a" * 100_000)
    with target.open("rb") as reader:
        write_atomic(target, b"b" * 100_000)
        assert set(reader.read()) == {ord("a")}
    assert set(target.read_bytes()) == {ord("b")}


# ---------------------------------------------------------------- digest


@both_ways
def test_only_a_regular_file_has_a_digest(tmp_path: Path, take: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(take)
    assert digest(take) == sha("take")
    assert [digest(tmp_path / name) for name in ("pipe", "link", "nothing", ".")] == [None] * 4


# ---------------------------------------------------------------- place


@both_ways
def test_a_take_is_placed_in_folders_that_are_made_for_it(root: Path, take: Path) -> None:
    place(take, root, "audio/deep/title.wav", owned=NONE)
    assert (root / "audio/deep/title.wav").read_bytes() == b"take"
    assert names(root) == ["audio", "audio/deep", "audio/deep/title.wav"]


@both_ways
def test_our_own_file_is_replaced(root: Path, take: Path) -> None:
    (root / "title.wav").write_bytes(b"before")
    place(take, root, "title.wav", owned=frozenset({sha("before")}))
    assert (root / "title.wav").read_bytes() == b"take"


@both_ways
def test_a_file_that_is_the_same_already_is_no_stranger(root: Path, take: Path) -> None:
    (root / "title.wav").write_bytes(b"take")
    place(take, root, "title.wav", owned=NONE)
    assert (root / "title.wav").read_bytes() == b"take"


@both_ways
def test_a_strangers_file_is_never_overwritten(root: Path, take: Path) -> None:
    (root / "title.wav").write_bytes(b"mine")
    with pytest.raises(StateError, match=r"title\.wav already exists, and this pipeline did not write it"):
        place(take, root, "title.wav", owned=frozenset({sha("before")}))
    assert (root / "title.wav").read_bytes() == b"mine"
    assert names(root) == ["title.wav"]


@both_ways
@pytest.mark.parametrize("kind", ["link to a file", "link to nothing", "folder", "pipe"])
def test_what_is_no_regular_file_is_never_replaced(root: Path, take: Path, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    target = root / "title.wav"
    match kind:
        case "link to a file":
            outside.write_bytes(b"before")
            target.symlink_to(outside)
        case "link to nothing":
            target.symlink_to(outside)
        case "folder":
            target.mkdir()
        case _:
            os.mkfifo(target)
    with pytest.raises(StateError, match="already exists"):
        place(take, root, "title.wav", owned=frozenset({sha("before")}))
    assert not outside.exists() or outside.read_bytes() == b"before"


@both_ways
@pytest.mark.parametrize("path", ["audio/title.wav", "audio/deep/title.wav"])
def test_nothing_is_written_through_a_linked_folder(root: Path, take: Path, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "audio").symlink_to(outside)
    with pytest.raises(StateError, match="audio is a link or not a folder, so nothing is written through it"):
        place(take, root, path, owned=NONE)
    assert names(outside) == []


@both_ways
def test_nothing_is_written_under_a_file(root: Path, take: Path) -> None:
    (root / "audio").write_bytes(b"mine")
    with pytest.raises(StateError, match="audio is a link or not a folder"):
        place(take, root, "audio/title.wav", owned=NONE)


@both_ways
def test_a_failed_copy_leaves_nothing_half_written(root: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(3 if size else 0)
            if not data:
                raise OSError(errno.EIO, "Input/output error")
            return data

    with pytest.raises(OSError, match="Input/output error"):
        placing.place(Broken(b"take"), sha("take"), root, "title.wav", owned=NONE)
    assert names(root) == []


@both_ways
@pytest.mark.parametrize("name", ["dash-–-夢.wav", "x" * 240 + ".wav", "-n.wav"])
def test_unusual_names_work(root: Path, take: Path, name: str) -> None:
    place(take, root, name, owned=NONE)
    assert (root / name).read_bytes() == b"take"


@both_ways
@pytest.mark.parametrize("there", [False, True], ids=["nothing was there", "our own file was there"])
def test_what_came_while_it_was_written_is_not_replaced(
    root: Path, take: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    target = root / "title.wav"
    if there:
        target.write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", lambda _: target.write_bytes(b"mine"))
    with pytest.raises(StateError, match=r"title\.wav already exists"):
        place(take, root, "title.wav", owned=frozenset({sha("before")}))
    assert target.read_bytes() == b"mine"
    assert names(root) == ["title.wav"]


def test_what_comes_between_the_last_look_and_the_name_is_not_replaced(
    root: Path, take: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, look = root / "title.wav", os.lstat

    def look_and_lose(path: str, *, dir_fd: int) -> os.stat_result:
        try:
            return look(path, dir_fd=dir_fd)
        finally:
            if list(root.glob(".*.tmp")):
                target.write_bytes(b"mine")

    monkeypatch.setattr(os, "lstat", look_and_lose)
    with pytest.raises(StateError, match=r"title\.wav already exists"):
        place(take, root, "title.wav", owned=NONE)
    assert target.read_bytes() == b"mine"
    assert [path.name for path in root.iterdir()] == ["title.wav"]


@both_ways
def test_a_filesystem_without_hard_links_will_do(root: Path, take: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    place(take, root, "title.wav", owned=NONE)
    assert (root / "title.wav").read_bytes() == b"take"
    assert names(root) == ["title.wav"]


# ---------------------------------------------------------------- remove_owned


@both_ways
def test_nothing_is_removed_through_a_linked_folder(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "old.wav").write_bytes(b"before")
    (root / "audio").symlink_to(outside)
    assert not remove_owned(root, "audio/old.wav", owned=frozenset({sha("before")}))
    assert names(outside) == ["old.wav"]


@both_ways
def test_looking_for_what_may_be_removed_makes_no_folder(root: Path) -> None:
    assert not remove_owned(root, "gone/old.wav", owned=frozenset({sha("before")}))
    assert names(root) == []


@both_ways
def test_only_what_this_pipeline_wrote_is_removed(root: Path) -> None:
    (root / "old.wav").write_bytes(b"before")
    (root / "mine.wav").write_bytes(b"mine")
    owned = frozenset({sha("before")})
    assert remove_owned(root, "old.wav", owned=owned)
    assert not remove_owned(root, "mine.wav", owned=owned)
    assert not remove_owned(root, "nothing.wav", owned=owned)
    assert names(root) == ["mine.wav"]


@both_ways
def test_a_folder_is_through_a_link_or_not(root: Path, tmp_path: Path) -> None:
    (root / "audio").mkdir()
    (root / "linked").symlink_to(tmp_path)
    (root / "file").write_bytes(b"")
    ways = {name: is_through_link(root, name) for name in ("audio", "linked", "linked/deep", "file", "gone/deep", "")}
    assert ways == {"audio": False, "linked": True, "linked/deep": True, "file": True, "gone/deep": False, "": False}
