"""The store of takes: what every store has to do, and what the local one does on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import Blobs, TakeMissing, corrupted, save_bytes, save_copy
from tests.support.desks import posix_only
from tests.support.made import sha

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return LocalBlobs(tmp_path / "blobs")


def save(blobs: Blobs, word: str) -> str:
    return save_bytes(blobs, word.encode())


def read(blobs: Blobs, sha256: str) -> str:
    with blobs.open(sha256) as file:
        return file.read().decode()


def spoil(folder: Path, sha256: str, text: str) -> None:
    (found,) = folder.glob(f"blobs/??/{sha256}")
    found.chmod(0o644)
    found.write_text(text)


# ---------------------------------------------------------------- every store


def test_a_take_is_found_by_its_hash(blobs: Blobs) -> None:
    assert save(blobs, "take") == sha("take")
    assert sha("take") in blobs
    assert blobs.check(sha("take"))
    assert read(blobs, sha("take")) == "take"
    assert list(blobs.list()) == [sha("take")]


def test_the_same_take_twice_is_one(blobs: Blobs, tmp_path: Path) -> None:
    save(blobs, "take")
    save(blobs, "take")
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 1


def test_what_is_not_there_is_not_in_it(blobs: Blobs) -> None:
    assert sha("take") not in blobs
    assert 5 not in blobs
    assert not blobs.check(sha("take"))
    assert list(blobs.list()) == []
    blobs.set_aside(sha("take"))
    with pytest.raises(TakeMissing, match=rf"take {sha('take')[:12]}… is missing from the store or corrupted"):
        blobs.open(sha("take"))


def test_looking_at_a_corrupted_take_changes_nothing(blobs: Blobs, tmp_path: Path) -> None:
    save(blobs, "take")
    save(blobs, "other")
    spoil(tmp_path, sha("take"), "tak")
    before = sorted(tmp_path.rglob("*"))
    assert not blobs.check(sha("take"))
    assert corrupted(blobs) == (sha("take"),)
    assert sorted(tmp_path.rglob("*")) == before
    assert sha("take") in blobs


def test_a_take_that_is_set_aside_is_not_there_and_its_bytes_are_kept(blobs: Blobs, tmp_path: Path) -> None:
    save(blobs, "take")
    spoil(tmp_path, sha("take"), "tak")
    blobs.set_aside(sha("take"))
    assert sha("take") not in blobs
    assert corrupted(blobs) == ()
    assert [found.read_text() for found in tmp_path.glob("blobs/quarantine/*")] == ["tak"]


def test_a_file_that_is_elsewhere_is_saved_by_its_hash(blobs: Blobs, tmp_path: Path) -> None:
    file = tmp_path / "title.wav"
    file.write_text("take")
    save_copy(blobs, file, sha("take"))
    assert read(blobs, sha("take")) == file.read_text() == "take"


def test_another_file_than_was_said_is_not_saved(blobs: Blobs, tmp_path: Path) -> None:
    file = tmp_path / "title.wav"
    file.write_text("other")
    with pytest.raises(TakeMissing, match="is missing from the store or corrupted") as caught:
        save_copy(blobs, file, sha("take"))
    assert caught.value.sha256 == sha("take")
    assert list(blobs.incoming.part().parent.iterdir()) == []
    assert sha("other") not in blobs


# ---------------------------------------------------------------- downloads in progress


def test_parts_never_share_a_name(blobs: Blobs) -> None:
    assert len({blobs.incoming.part() for _ in range(50)}) == 50


def test_a_sweep_removes_unfinished_downloads_only(blobs: Blobs) -> None:
    blobs.incoming.part().write_text("half")
    save(blobs, "take")
    blobs.incoming.sweep()
    assert list(blobs.incoming.part().parent.iterdir()) == []
    assert blobs.check(sha("take"))


def test_a_sweep_of_nothing_is_nothing(blobs: Blobs) -> None:
    blobs.incoming.sweep()


def test_quarantine_is_no_part_of_the_store(blobs: Blobs) -> None:
    part = blobs.incoming.part()
    part.write_text("a page")
    kept = blobs.incoming.quarantine(part, sha("a page"))
    assert kept.read_text() == "a page"
    assert sha("a page") not in blobs
    assert not part.exists()


def test_a_sweep_leaves_the_downloads_of_another_pipeline_alone(tmp_path: Path) -> None:
    one, other = (LocalBlobs(tmp_path / "blobs", pipeline=name).incoming for name in ("one", "other"))
    part = one.part()
    part.write_text("half")
    other.sweep()
    LocalBlobs(tmp_path / "blobs").incoming.sweep()
    assert part.read_text() == "half"
    one.sweep()
    assert not part.exists()


# ---------------------------------------------------------------- on disk


@posix_only("Windows removes no read-only file, so there are none")
def test_a_take_on_disk_is_read_only(blobs: Blobs, tmp_path: Path) -> None:
    save(blobs, "take")
    (path,) = tmp_path.glob("blobs/??/*")
    assert path.stat().st_mode & 0o222 == 0
