"""What a run writes: rows, receipts, the lock, takes at their outputs. On real files."""

from __future__ import annotations

import contextlib
import errno
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from runner.errors import NotWritableError, StateError
from runner.records.lock import Entry, Lock, ProviderJobId
from runner.records.submission import Event, Phase
from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import TakeMissing
from runner.state.disk_reserve import RESERVE_BYTES, DiskReserve
from runner.state.journal import Journal
from runner.state.lock_writer import LOCK_EVERY_S, WRITING_SHARE, LockWriter
from runner.state.lockfile import read_lock
from runner.state.receipt_index import ReceiptIndex
from runner.state.store import StateStore
from tests.support.made import XL, entry, sha, submission, take

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

AT = "2026-11-20T12:00:00Z"


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[StateStore]:
    store = StateStore(
        root=folder,
        lock_path=folder / "night.lock",
        journal_path=folder / "state" / "journal.db",
        blobs=LocalBlobs(folder / "blobs"),
        rehearsal=False,
    )
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    with opened(tmp_path) as store:
        yield store


def stored(store: StateStore, word: str) -> Entry:
    """Put one take into the store and return an entry of it, placed nowhere."""
    assert store.keep(word.encode()) == sha(word)
    return entry({"prompt": word, "seed": 7}, take(word), request_id=f"id_{word}")


def planned(attempt: str, model: str = XL) -> Event:
    data = {"model": model, "params": {}, "fingerprint": ""}
    return Event(at=AT, job="title", attempt=attempt, phase=Phase.PLANNED, data=data)


def accepted(attempt: str, request_id: str) -> Event:
    return Event(at=AT, job="title", attempt=attempt, phase=Phase.ACCEPTED, data={"request_id": request_id})


# ---------------------------------------------------------------- outputs and lock


def test_a_finished_submission_is_at_its_output_and_in_the_lock(store: StateStore, tmp_path: Path) -> None:
    stored(store, "take")
    done = submission(takes=(take("take"),))
    made = store.finish(done, job="title", output="audio/title.wav", take=1, private=False)
    store.tick()
    assert (tmp_path / "audio/title.wav").read_bytes() == b"take"
    assert read_lock(tmp_path / "night.lock", rehearsal=False) == Lock(jobs={"title": made})


def test_an_output_that_moved_leaves_its_old_place(store: StateStore, tmp_path: Path) -> None:
    before = store.bring("title", stored(store, "take"), "title", output="old.wav", take=1)
    store.bring("title", before, "title", output="new.wav", take=1)
    assert [path.name for path in tmp_path.glob("*.wav")] == ["new.wav"]


def test_an_old_place_that_another_job_uses_now_stays(store: StateStore, tmp_path: Path) -> None:
    one = store.bring("one", stored(store, "take"), "one", output="one.wav", take=1)
    store.bring("two", stored(store, "other"), "two", output="one.wav", take=1)
    store.bring("one", one, "one", output="new.wav", take=1)
    assert (tmp_path / "one.wav").read_bytes() == b"other"


def test_what_the_store_does_not_hold_is_not_removed(store: StateStore, tmp_path: Path) -> None:
    (tmp_path / "old.wav").write_bytes(b"mine")
    claimed = replace(stored(store, "take"), takes=(take("take", path="old.wav"), take("mine", path=None)))
    store.bring("title", claimed, "title", output="new.wav", take=1)
    assert (tmp_path / "old.wav").read_bytes() == b"mine"


def test_a_take_that_is_only_at_an_output_is_stored_first(store: StateStore, tmp_path: Path) -> None:
    (tmp_path / "old.wav").write_bytes(b"take")
    store.bring("title", entry(None, take("take", path="old.wav")), "title", output="new.wav", take=1)
    assert sha("take") in store.blobs
    assert (tmp_path / "new.wav").read_bytes() == b"take"


def test_a_take_that_is_nowhere_changes_nothing(store: StateStore) -> None:
    with pytest.raises(TakeMissing, match=sha("gone")[:12]):
        store.bring("title", entry(None, take("gone")), "title", output="new.wav", take=1)
    assert store.lock == Lock()


def test_a_strangers_file_in_the_way_changes_nothing(store: StateStore, tmp_path: Path) -> None:
    (tmp_path / "title.wav").write_bytes(b"mine")
    with pytest.raises(StateError, match=r"title\.wav already exists"):
        store.bring("title", stored(store, "take"), "title", output="title.wav", take=1)
    assert store.lock == Lock()
    assert (tmp_path / "title.wav").read_bytes() == b"mine"


def test_a_pending_receipt_is_written_when_the_run_ends(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.note_pending(submission(), private=False)
    held = read_lock(tmp_path / "night.lock", rehearsal=False).jobs["title"]
    assert (str(held.receipt.request_id), held.takes) == ("ace_1", ())


def test_a_run_that_changed_nothing_leaves_the_lock_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.note_pending(submission(), private=False)
    (tmp_path / "night.lock").touch()
    before = (tmp_path / "night.lock").stat()
    with opened(tmp_path) as store:
        store.drop_pending(submission(request_id="another"))
        store.tick()
    assert (tmp_path / "night.lock").stat().st_ino == before.st_ino


# ---------------------------------------------------------------- when the lock is written


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lock_of(number: int) -> Lock:
    return Lock(jobs={f"job{number}": entry()})


def test_the_lock_is_written_at_once_and_then_not_more_often_than_it_may(tmp_path: Path) -> None:
    path, clock = tmp_path / "night.lock", Clock()
    writer = LockWriter(path, Lock(), monotonic=clock)
    writer.write_when_due(lock_of(1))
    assert list(read_lock(path, rehearsal=False).jobs) == ["job1"]
    writer.write_when_due(lock_of(2))
    assert list(read_lock(path, rehearsal=False).jobs) == ["job1"]
    clock.now += LOCK_EVERY_S + 0.01
    writer.write_when_due(lock_of(3))
    assert list(read_lock(path, rehearsal=False).jobs) == ["job3"]


def test_a_lock_that_takes_long_to_write_is_written_less_often(tmp_path: Path) -> None:
    path, clock = tmp_path / "night.lock", Clock()

    def slow() -> float:
        clock.now += 1.0  # each look at the clock: one second later
        return clock.now

    writer = LockWriter(path, Lock(), monotonic=slow)
    writer.write(lock_of(1))
    clock.now += WRITING_SHARE - 1
    writer.write_when_due(lock_of(2))
    assert list(read_lock(path, rehearsal=False).jobs) == ["job1"], "its last write took a second"
    clock.now += LOCK_EVERY_S + 1
    writer.write_when_due(lock_of(2))
    assert list(read_lock(path, rehearsal=False).jobs) == ["job2"]


def test_a_write_that_fails_is_tried_again_later_and_raised_at_the_end(tmp_path: Path) -> None:
    folder, clock = tmp_path / "folder", Clock()
    folder.write_bytes(b"a file where the lock's folder should be")
    writer, lock = LockWriter(folder / "night.lock", Lock(), monotonic=clock), lock_of(1)
    writer.write_when_due(lock)
    folder.unlink()
    writer.write_when_due(lock)
    assert not folder.exists(), "not before its time"
    clock.now += LOCK_EVERY_S + 0.01
    writer.write_when_due(lock)
    assert list(read_lock(folder / "night.lock", rehearsal=False).jobs) == ["job1"]
    (folder / "night.lock").unlink()
    folder.rmdir()
    folder.write_bytes(b"again")
    with pytest.raises(OSError, match="folder"):
        writer.write(lock_of(2))


# ---------------------------------------------------------------- receipts on a full disk


def test_the_reserve_takes_its_space_on_disk_and_gives_it_back(tmp_path: Path) -> None:
    reserve = DiskReserve(tmp_path / "journal.reserve")
    reserve.set_aside()
    found = (tmp_path / "journal.reserve").stat()
    assert found.st_size == RESERVE_BYTES
    assert found.st_blocks * 512 >= RESERVE_BYTES, "a file with holes would free nothing"
    reserve.give_up()
    reserve.give_up()
    assert list(tmp_path.iterdir()) == []


def test_a_store_sets_its_reserve_aside(store: StateStore, tmp_path: Path) -> None:
    assert store.broken is None
    assert (tmp_path / "state" / "journal.reserve").stat().st_size == RESERVE_BYTES


def test_a_receipt_gets_the_reserve_when_the_disk_is_full(
    store: StateStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reserve, append = tmp_path / "state" / "journal.reserve", Journal.append

    def full(journal: Journal, events: Iterable[Event]) -> None:
        if reserve.exists():
            raise NotWritableError(f"cannot write the journal: {errno.errorcode[errno.ENOSPC]}")
        append(journal, events)

    monkeypatch.setattr(Journal, "append", full)
    store.record_paid("pixazo", planned("a1"), accepted("a1", "ace_9"))
    assert store.broken == "cannot write the journal: ENOSPC"
    assert capsys.readouterr().err == "PAID provider=pixazo id=ace_9 job=title\n"
    store.close()
    with opened(tmp_path) as again:
        assert [event.phase for event in again.events] == [Phase.PLANNED, Phase.ACCEPTED]


# ---------------------------------------------------------------- who holds an id


def test_an_id_is_held_by_the_submission_that_got_it_first() -> None:
    index = ReceiptIndex(Lock(), [planned("a1"), accepted("a1", "ace_1"), planned("a2"), accepted("a2", "ace_1")])
    assert not index.is_held_by_another("pixazo", "ace_1", "a1")
    assert index.is_held_by_another("pixazo", "ace_1", "a2")
    assert not index.is_held_by_another("pixazo", "ace_2", "a2")
    assert not index.is_held_by_another("pixverse", "ace_1", "a2")


def test_a_submission_holds_the_last_id_that_it_was_given() -> None:
    index = ReceiptIndex(Lock(), [planned("a1"), accepted("a1", "wrong"), accepted("a1", "right")])
    assert [index.is_held_by_another("pixazo", id_, "a2") for id_ in ("wrong", "right")] == [False, True]


def test_an_id_that_only_the_lock_knows_is_held() -> None:
    inner = replace(entry(request_id="ace_2"), takes=())
    index = ReceiptIndex(Lock(jobs={"title": replace(entry(), pending=inner)}), ())
    for id_ in ("ace_1", "ace_2", str(ProviderJobId.of("ace_2").hidden())):
        assert index.is_held_by_another("pixazo", id_, "a1")
        assert not index.is_held_by_another("pixazo", id_, None), "it is this receipt itself"


def test_the_store_knows_ids_of_its_journal_and_learns_new_ones(store: StateStore) -> None:
    store.record(planned("a1"), accepted("a1", "ace_1"))
    assert store.is_held_by_another("pixazo", "ace_1", "a2")
    assert store.is_held_by_another("pixazo", "ace_1", None)


def test_a_lock_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    path.write_text("the old one")
    writer = LockWriter(path, Lock())
    made = entry()
    waiting = replace(made, takes=(), receipt=replace(made.receipt, request_id=None))
    with pytest.raises(
        StateError, match=r"night\.lock was not written, since it could not be read again: .* needs the provider job id"
    ):
        writer.write(Lock(jobs={"a": waiting}))
    writer.write_when_due(Lock(jobs={"a": waiting}))
    assert path.read_text() == "the old one"
    writer.write(Lock(jobs={"a": made}))
    assert read_lock(path, rehearsal=False).jobs == {"a": made}
