"""What one run learned of a provider's slots, and the next one starts with."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from runner.state.files.atomic import temporary_name
from runner.state.pace import MAX_AGE, NAME, Pace
from tests.support.desks import posix_only

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = "2026-11-21T12:00:00Z"


def test_the_next_run_starts_with_what_a_run_has_found(tmp_path: Path) -> None:
    Pace(tmp_path, NOW).keep({"pixazo": 5, "verbatik": None})
    assert Pace(tmp_path, NOW + timedelta(hours=1)).slots == {"pixazo": 5}


def test_a_run_without_news_writes_nothing(tmp_path: Path) -> None:
    Pace(tmp_path, NOW).keep({"pixazo": None})
    assert list(tmp_path.iterdir()) == []
    Pace(tmp_path, NOW).keep({"pixazo": 5})
    before = (tmp_path / NAME).stat()
    Pace(tmp_path, NOW).keep({"pixazo": 5})
    assert (tmp_path / NAME).stat() == before


def test_a_run_that_used_one_provider_keeps_what_is_known_of_others(tmp_path: Path) -> None:
    Pace(tmp_path, NOW).keep({"pixazo": 5, "pixverse": 2})
    Pace(tmp_path, NOW).keep({"pixazo": 7})
    assert Pace(tmp_path, NOW).slots == {"pixazo": 7, "pixverse": 2}
    Pace(tmp_path, NOW).keep({"pixverse": None})
    assert Pace(tmp_path, NOW).slots == {"pixazo": 7}


@pytest.mark.parametrize("age", [-timedelta(seconds=1), MAX_AGE + timedelta(seconds=1)])
def test_what_is_older_than_a_week_or_of_the_future_is_not_known(tmp_path: Path, age: timedelta) -> None:
    Pace(tmp_path, NOW - age).keep({"pixazo": 5})
    assert Pace(tmp_path, NOW).slots == {}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe", b"{", b"null", b"[1]", b'"x"', b"[" * 100_000, b"{" + b" " * 70_000 + b"}",
        *(json.dumps({"pixazo": row}).encode() for row in (
            5, None, [5], {}, {"slots": 5}, {"at": AT}, {"slots": "5", "at": AT}, {"slots": 5.5, "at": AT},
            {"slots": True, "at": AT}, {"slots": 0, "at": AT}, {"slots": -4, "at": AT}, {"slots": 5, "at": 7},
            {"slots": 5, "at": "soon"}, {"slots": 5, "at": "2026-11-21T12:00:00"}, {"slots": 5, "at": "9999-99-99"},
        )),
    ],
)  # fmt: skip
def test_a_damaged_or_foreign_file_counts_as_unknown_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    pace = Pace(tmp_path, NOW)
    assert pace.slots == {}
    pace.keep({"pixazo": 5})
    assert Pace(tmp_path, NOW).slots == {"pixazo": 5}


@posix_only("what a link is")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(json.dumps({"pixazo": {"slots": 5, "at": AT}}))
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / NAME).symlink_to(elsewhere)
    assert Pace(folder, NOW).slots == {}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Pace(tmp_path / "file", NOW).keep({"pixazo": 5})


def test_what_a_killed_run_left_of_the_file_is_removed_by_the_next_one(tmp_path: Path) -> None:
    left = tmp_path / temporary_name(NAME)
    left.write_text("{")
    Pace(tmp_path, NOW).keep({"pixazo": None})
    assert list(tmp_path.iterdir()) == []
