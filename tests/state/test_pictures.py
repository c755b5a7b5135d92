"""What is kept of a take to be looked at: whatever is wrong with it is made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.state.pictures import Pictures

if TYPE_CHECKING:
    from pathlib import Path

SHA = "a" * 64


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    kept = Pictures(tmp_path / "pictures", "picture")
    assert kept.read(SHA) is None
    kept.keep(SHA, b"one\ntwo")
    assert kept.read(SHA) == b"one\ntwo"
    assert Pictures(tmp_path / "pictures", "opus").read(SHA) is None
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == [f"{SHA}.picture"]


@pytest.mark.parametrize("damage", [b"", b"scorefile 0 x\nbody", b"\0" * 100])
def test_what_is_damaged_or_of_another_version_is_not_there(tmp_path: Path, damage: bytes) -> None:
    kept = Pictures(tmp_path, "picture")
    kept.keep(SHA, b"body")
    (tmp_path / f"{SHA}.picture").write_bytes(damage)
    assert kept.read(SHA) is None
    kept.keep(SHA, b"again")
    assert kept.read(SHA) == b"again"


def test_one_changed_byte_is_seen(tmp_path: Path) -> None:
    kept = Pictures(tmp_path, "picture")
    kept.keep(SHA, b"body")
    path = tmp_path / f"{SHA}.picture"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert kept.read(SHA) is None


def test_a_link_is_not_followed_and_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    kept = Pictures(tmp_path / "pictures", "picture")
    kept.keep(SHA, b"body")
    path = tmp_path / "pictures" / f"{SHA}.picture"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert kept.read(SHA) is None
    (tmp_path / "file").write_bytes(b"")
    Pictures(tmp_path / "file", "picture").keep(SHA, b"body")
