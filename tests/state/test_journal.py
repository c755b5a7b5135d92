"""The journal: durable, only added to, and damage is found."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from runner.errors import StateError
from runner.records.submission import Event, Phase
from runner.state.checkpoint import Checkpoint
from runner.state.journal import Journal, read_events
from tests.support.catalog import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def row(number: int, phase: Phase = Phase.PLANNED) -> Event:
    return Event(
        at=f"2026-11-20T12:00:{number:02}Z",
        job="title",
        attempt=f"a{number}",
        phase=phase,
        data={"n": number, "t": "夢"},
    )


ROWS = tuple(row(number) for number in range(5))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "journal.db"
    book = Journal(path)
    book.append(ROWS[:3])
    book.append(ROWS[3:])
    book.close()
    return path


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_rows_are_read_back_in_order(journal: Path) -> None:
    assert read_events(journal) == ROWS


def test_a_reopened_journal_goes_on_where_it_stood(journal: Path) -> None:
    book = Journal(journal)
    assert book.events == ROWS
    book.append([row(9)])
    book.close()
    assert read_events(journal) == (*ROWS, row(9))


def checkpoint_of(path: Path) -> int:
    return Checkpoint(path.with_suffix(".checkpoint")).read()[0]


def test_the_checkpoint_counts_no_row_that_a_power_failure_may_take(journal: Path) -> None:
    book = Journal(journal)
    book.append([row(9)], durable=False)
    assert (len(read_events(journal)), checkpoint_of(journal)) == (6, 5)
    book.append([row(10)])
    assert checkpoint_of(journal) == 7
    book.append([row(11)], durable=False)
    book.close()
    assert (len(read_events(journal)), checkpoint_of(journal)) == (8, 8)


def test_only_a_durable_write_waits_for_the_disk(journal: Path) -> None:
    book = Journal(journal)
    for durable, level in ((False, 1), (True, 2), (False, 1)):
        book.append([row(9)], durable=durable)
        assert book._connection.execute("PRAGMA synchronous").fetchone() == (level,)
    book.close()


def test_no_journal_is_no_rows_and_is_not_created_by_reading(tmp_path: Path) -> None:
    assert read_events(tmp_path / "journal.db") == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET data = '{\"n\":99}' WHERE seq = 2",
        "UPDATE events SET phase = 'done' WHERE seq = 5",
        "UPDATE events SET at = '' WHERE seq = 1",
        "DELETE FROM events WHERE seq = 3",
        "DELETE FROM events WHERE seq = 1",
        "UPDATE events SET sum = 'x' WHERE seq = 5",
        "UPDATE events SET seq = 50 WHERE seq = 5",
    ],
)
def test_a_changed_row_is_found(journal: Path, damage: str) -> None:
    change(journal, damage)
    for look in (read_events, Journal):
        with pytest.raises(StateError, match="is damaged: row") as caught:
            look(journal)
        assert "nothing is submitted" in (caught.value.help or "")


def test_a_row_that_is_no_text_is_found(journal: Path) -> None:
    change(journal, "UPDATE events SET data = CAST(x'ff' AS TEXT) WHERE seq = 2")
    for look in (read_events, Journal):
        with pytest.raises(StateError, match="is damaged: Could not decode to UTF-8"):
            look(journal)


def test_swapped_rows_are_found(journal: Path) -> None:
    change(
        journal,
        "UPDATE events SET seq = 100 WHERE seq = 2",
        "UPDATE events SET seq = 2 WHERE seq = 3",
        "UPDATE events SET seq = 3 WHERE seq = 100",
    )
    with pytest.raises(StateError, match="is damaged"):
        read_events(journal)


def test_lost_last_rows_are_found(journal: Path) -> None:
    change(journal, "DELETE FROM events WHERE seq = 5")
    with pytest.raises(StateError, match="is damaged"):
        read_events(journal)


def test_a_run_that_was_killed_before_its_first_row_left_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch()
    assert read_events(path) == ()
    Journal(path).close()
    assert read_events(path) == ()


def test_a_journal_that_lost_its_layout_is_still_read(journal: Path) -> None:
    change(journal, "PRAGMA user_version=0")
    assert read_events(journal) == ROWS


@pytest.mark.parametrize(
    "content", [b"not a database, but longer than the header of one" * 40, b"SQLite format 3\x00" * 40]
)
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    for look in (read_events, Journal):
        with pytest.raises(StateError, match="is damaged"):
            look(path)
    assert path.read_bytes() == content


def test_another_layout_is_left_alone(journal: Path) -> None:
    change(journal, "PRAGMA user_version=2")
    for look in (Journal, read_events):
        with pytest.raises(StateError, match=r"another version of Scorefile \(layout 2, this one reads 1\)"):
            look(journal)


def test_an_append_that_cannot_be_written_raises_and_the_rest_stays(journal: Path) -> None:
    book = Journal(journal)
    book._connection.execute("PRAGMA query_only=ON")
    with pytest.raises(StateError, match="cannot write the journal"):
        book.append([row(9)])
    book._connection.execute("PRAGMA query_only=OFF")
    book.append([row(10)])
    book.close()
    assert read_events(journal) == (*ROWS, row(10))


KILLED = """
import os, signal, sys
from pathlib import Path
from runner.records.submission import Event, Phase
from runner.state.journal import Journal
book = Journal(Path(sys.argv[1]))
book.append([Event(at="t", job="title", attempt="a", phase=Phase.INTENT, data={})])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_row_is_there_when_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], env={"PYTHONPATH": str(ROOT)}, check=False)
    assert [event.phase for event in read_events(path)] == [Phase.INTENT]


def test_all_rows_of_one_append_are_there_or_none(journal: Path) -> None:
    book = Journal(journal)
    with pytest.raises(TypeError, match="not JSON serializable"):
        book.append([row(8), Event(at="t", job="j", attempt="a", phase=Phase.DONE, data={"x": object()})])
    book.close()
    assert read_events(journal) == ROWS


def test_a_journal_that_another_process_holds_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    monkeypatch.setattr(
        "runner.state.journal._connect", lambda at: sqlite3.connect(at, timeout=0)
    )  # locks answered at once
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.2, holder.close)
    release.start()
    try:
        Journal(path).close()
    finally:
        release.join()
    assert read_events(path) == ()


def test_a_line_of_the_checkpoint_that_was_torn_is_passed_over(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "journal.checkpoint")
    checkpoint.write(1, "a" * 64)
    checkpoint.close()
    with (tmp_path / "journal.checkpoint").open("ab") as file:
        file.write(b"2 bbb")
    assert checkpoint.read() == (1, "a" * 64)
    checkpoint.write(3, "c" * 64)
    checkpoint.close()
    assert checkpoint.read() == (3, "c" * 64)
