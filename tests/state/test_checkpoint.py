"""The journal's checkpoint: its last whole line is believed, and nothing that this program cannot have written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from runner.state.checkpoint import Checkpoint

if TYPE_CHECKING:
    from pathlib import Path

A, B = "a" * 64, "0123456789abcdef" * 4


def write(path: Path, count: int, total: str) -> None:
    checkpoint = Checkpoint(path)
    checkpoint.write(count, total)
    checkpoint.close()


@pytest.mark.parametrize("content", [None, b"", b"7 torn"])
def test_where_there_is_no_whole_line_there_is_no_checkpoint(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "checkpoint").write_bytes(content)
    assert Checkpoint(tmp_path / "checkpoint").read() == (0, "")


def test_each_line_is_written_whole_and_the_last_one_holds(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "checkpoint")
    checkpoint.write(1, A)
    checkpoint.write(12, B)
    checkpoint.close()
    assert checkpoint.read() == (12, B)
    assert (tmp_path / "checkpoint").read_bytes() == f"1 {A}\n12 {B}\n".encode()


@pytest.mark.parametrize("torn", [b"2", b"2 bbb"])
def test_a_torn_line_stays_a_line_of_its_own(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(f"1 {A}\n".encode() + torn)
    write(path, 3, B)
    assert path.read_bytes() == f"1 {A}\n".encode() + torn + f"\n3 {B}\n".encode()
    assert Checkpoint(path).read() == (3, B)


def test_a_first_line_that_was_torn_hides_no_later_one(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(b"1")
    write(path, 1, A)
    assert Checkpoint(path).read() == (1, A)


@pytest.mark.parametrize(
    "line",
    ["", "x", f"one {A}", f"-1 {A}", "1", f"1 {A}a", "1 " + "a" * 63, "1 " + "g" * 64, f"1  {A}", f"1 {A} 2", f" {A}"],
)
def test_a_line_that_this_program_cannot_have_written_is_damage(tmp_path: Path, line: str) -> None:
    (tmp_path / "checkpoint").write_text(f"1 {A}\n{line}\n")
    with pytest.raises(ValueError, match=r"^its checkpoint cannot be read$"):
        Checkpoint(tmp_path / "checkpoint").read()


def test_bytes_that_are_no_ascii_are_damage(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"1 \xff\n")
    with pytest.raises(ValueError, match="ascii"):
        Checkpoint(tmp_path / "checkpoint").read()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits for a group or others")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    write(tmp_path / "checkpoint", 1, A)
    assert (tmp_path / "checkpoint").stat().st_mode & 0o777 == 0o600
