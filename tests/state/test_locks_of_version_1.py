"""Locks that version 1 wrote in the situations that matter: each is read, and none loses a receipt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from runner.state.lockfile import parse_lock, render_lock
from tests.support import locks
from tests.support.catalog import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "tests" / "cases" / "locks" / "v1"
LOCKS = sorted(FOLDER.glob("*.lock"))
COUNTS = {
    name: int(count)
    for name, count in re.findall(r"^\| `(.+?)` \|.*\| (\d+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
}


def test_the_page_names_every_lock() -> None:
    assert sorted(COUNTS) == [path.name for path in LOCKS]
    assert len(LOCKS) >= 8


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_of_version_1_is_read_and_written_without_losing_a_receipt(path: Path) -> None:
    before = path.read_text(encoding="utf-8")
    after = render_lock(parse_lock(before)).decode()
    assert len(locks.receipts(before)) == COUNTS[path.name]
    assert locks.receipts(after) == locks.receipts(before)
    assert sorted((x.job, x.id, x.state, x.takes) for x in locks.submissions(after)) == sorted(
        (x.job, x.id, x.state, x.takes) for x in locks.submissions(before)
    )
