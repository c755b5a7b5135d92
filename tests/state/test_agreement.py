"""Who reads an agreed lock alone knows what who reads the journal too knows; one bit of either ends the agreement."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from runner.errors import StateError
from runner.records.lock import State
from runner.records.submission import Phase
from runner.state.agreement import NAME, Agreement
from runner.state.journal import Journal, read_events
from runner.state.lock_text import render_lock
from runner.state.lockfile import understood
from runner.state.reconcile import Reconciled, says_all, unfinished
from tests.state.test_reconcile import ENTRIES, HISTORIES, row, rows_to
from tests.support.made import entry, lock

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records.lock import Lock

DONE = lock(entry())


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    opened = Journal(path)
    opened.append(rows_to(Phase.DONE))
    opened.close()
    return path


def look(journal: Path, held: Lock) -> Reconciled:
    """Read lock and journal as a command does that only looks."""
    data = render_lock(held)
    read = understood(journal.with_name("night.lock"), data, rehearsal=False)
    return Agreement(journal).reconcile(data, read, lambda: read_events(journal))


def is_noted(journal: Path, held: Lock) -> bool:
    return Agreement(journal).is_noted(render_lock(held))


@pytest.mark.sampled(5)
@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("held", ENTRIES)
def test_a_lock_that_says_all_is_all_that_is_known(history: str, held: str) -> None:
    rows, before = HISTORIES[history], lock(ENTRIES[held])
    known = Reconciled(before, rows)
    if not known.missing and says_all(before, known.submissions):
        assert known.lock == before
        assert list(unfinished(known.lock, known.submissions)) == []
        assert {item.state for item in before.entries.values() if item.state.is_live} <= {State.DONE}
    else:
        waits = list(unfinished(known.lock, known.submissions))
        assert known.missing or waits or known.lock != before


def test_a_lock_and_a_journal_that_say_the_same_are_noted_once_both_were_read(journal: Path) -> None:
    assert not is_noted(journal, DONE)
    assert look(journal, DONE).lock == DONE
    assert is_noted(journal, DONE)


@pytest.mark.parametrize(
    "held",
    [lock(), lock(entry(state=State.PENDING)), lock(entry(), entry(attempt="a2", request_id="ace_2"))],
    ids=["the lock has nothing", "the lock is behind", "the journal lacks a receipt"],
)
def test_what_one_of_them_lacks_is_not_noted(journal: Path, held: Lock) -> None:
    look(journal, held)
    assert not is_noted(journal, held)


def test_a_free_result_that_no_text_of_a_lock_holds_is_not_noted(tmp_path: Path) -> None:
    unwritten = lock(entry(), entry(local=True, attempt="a2", job="other", path=None))
    Journal(tmp_path / "journal.db").close()
    assert not says_all(unwritten, Reconciled(unwritten, rows_to(Phase.DONE)).submissions)


@pytest.mark.parametrize("phase", [Phase.INTENT, Phase.ACCEPTED, Phase.LOST])
def test_a_submission_that_needs_a_resume_or_a_decision_is_not_noted(tmp_path: Path, phase: Phase) -> None:
    journal = tmp_path / "journal.db"
    opened = Journal(journal)
    opened.append(rows_to(phase))
    opened.close()
    held = Reconciled(lock(), rows_to(phase)).lock
    look(journal, held)
    assert not is_noted(journal, held)


def test_a_row_or_a_change_of_the_lock_ends_it(journal: Path) -> None:
    look(journal, DONE)
    assert not is_noted(journal, replace(DONE, entries={"a1": replace(entry(), revision=2)}))
    opened = Journal(journal)
    opened.append([row(Phase.ACCEPTED)])
    assert not is_noted(journal, DONE), "the row may be in the write-ahead log alone"
    opened.close()
    assert not is_noted(journal, DONE)


@pytest.mark.parametrize("name", ["journal.db", "journal.checkpoint"])
def test_one_flipped_bit_ends_it(journal: Path, name: str) -> None:
    look(journal, DONE)
    path = journal.with_name(name)
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)
    assert not is_noted(journal, DONE)


def test_a_journal_that_is_gone_or_older_than_its_checkpoint_is_found(journal: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    shutil.copy(journal, older)
    look(journal, DONE)
    opened = Journal(journal)
    opened.append(rows_to(Phase.INTENT, "a2"))
    opened.close()
    shutil.copy(older, journal)
    with pytest.raises(StateError, match="its checkpoint recorded"):
        look(journal, DONE)
    assert not is_noted(journal, DONE)
    journal.unlink()
    assert not is_noted(journal, DONE)


def test_what_changes_while_it_is_read_is_not_noted(journal: Path) -> None:
    data = render_lock(DONE)

    def read() -> list[object]:
        rows = read_events(journal)
        opened = Journal(journal)
        opened.append(rows_to(Phase.INTENT, "a2"))
        opened.close()
        return list(rows)

    Agreement(journal).reconcile(data, DONE, read)  # type: ignore[arg-type]
    assert not is_noted(journal, DONE)
    assert not journal.with_name(NAME).exists()


@pytest.mark.parametrize("noted", [b"", b"\xff" * 64, b"0" * 64, b"0" * 65])
def test_a_note_that_is_another_is_no_agreement(journal: Path, noted: bytes) -> None:
    journal.with_name(NAME).write_bytes(noted)
    assert not is_noted(journal, DONE)


def test_a_note_that_cannot_be_written_is_left_out(journal: Path) -> None:
    journal.with_name(NAME).mkdir()
    assert look(journal, DONE).lock == DONE
    assert not is_noted(journal, DONE)
