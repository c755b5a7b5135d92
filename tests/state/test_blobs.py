from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.state.blobs.local import Blobs, TakeMissing
from tests.support.made import sha

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def adopt(blobs: Blobs, word: str) -> Path:
    part = blobs.part()
    part.write_text(word)
    return blobs.adopt(part, sha(word))


def test_a_take_is_found_by_its_hash_and_read_only(blobs: Blobs) -> None:
    path = adopt(blobs, "take")
    assert sha("take") in blobs
    assert path == blobs.path(sha("take"))
    assert path.read_text() == "take"
    assert path.stat().st_mode & 0o222 == 0


def test_the_same_take_twice_is_one(blobs: Blobs, tmp_path: Path) -> None:
    adopt(blobs, "take")
    adopt(blobs, "take")
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 1


def test_what_is_not_there_is_not_in_it(blobs: Blobs) -> None:
    assert sha("take") not in blobs
    assert 5 not in blobs


def test_parts_never_share_a_name(blobs: Blobs) -> None:
    assert len({blobs.part() for _ in range(50)}) == 50


def test_a_sweep_removes_unfinished_downloads_only(blobs: Blobs) -> None:
    blobs.part().write_text("half")
    path = adopt(blobs, "take")
    blobs.sweep()
    assert list(blobs.part().parent.iterdir()) == []
    assert path.exists()


def test_a_sweep_of_nothing_is_nothing(blobs: Blobs) -> None:
    blobs.sweep()


def test_quarantine_is_no_part_of_the_store(blobs: Blobs) -> None:
    part = blobs.part()
    part.write_text("a page")
    kept = blobs.quarantine(part, sha("a page"))
    assert kept.read_text() == "a page"
    assert sha("a page") not in blobs
    assert not part.exists()


def test_a_sweep_leaves_the_downloads_of_another_pipeline_alone(tmp_path: Path) -> None:
    one, other = (Blobs(tmp_path / "blobs", pipeline=name) for name in ("one", "other"))
    part = one.part()
    part.write_text("half")
    other.sweep()
    Blobs(tmp_path / "blobs").sweep()
    assert part.read_text() == "half"
    one.sweep()
    assert not part.exists()


def test_a_damaged_take_is_set_aside_and_then_not_there(blobs: Blobs) -> None:
    path = adopt(blobs, "take")
    assert blobs.sound(sha("take"))
    path.chmod(0o644)
    path.write_text("tak")
    assert not blobs.sound(sha("take"))
    assert sha("take") not in blobs
    assert [found.read_text() for found in path.parents[1].glob("quarantine/*")] == ["tak"]
    assert not blobs.sound(sha("take")), "what is not there is not sound either"


def test_a_file_that_stands_elsewhere_is_kept_by_its_hash(blobs: Blobs, tmp_path: Path) -> None:
    file = tmp_path / "title.wav"
    file.write_text("take")
    assert blobs.keep(file, sha("take")).read_text() == "take"
    assert file.read_text() == "take"
    assert blobs.sound(sha("take"))


def test_another_file_than_was_said_is_not_kept(blobs: Blobs, tmp_path: Path) -> None:
    file = tmp_path / "title.wav"
    file.write_text("other")
    with pytest.raises(TakeMissing, match="is in the store no more, or was damaged there") as caught:
        blobs.keep(file, sha("take"))
    assert caught.value.sha256 == sha("take")
    assert list(blobs.part().parent.iterdir()) == []
    assert sha("other") not in blobs
