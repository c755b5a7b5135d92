"""What a run writes: rows, receipts, the lock, takes at their outputs. On real files."""

from __future__ import annotations

import contextlib
import errno
import time
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.errors import NotWritableError, StateError
from runner.plan.fingerprint import fingerprint
from runner.records.lock import Entry, Lock, Output, ProviderJobId, State, chosen_take
from runner.records.lock_json import take_to_json
from runner.records.submission import THE_LOCK, Event, Phase, Submission
from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import TakeMissing
from runner.state.disk_reserve import RESERVE_BYTES, DiskReserve
from runner.state.journal import Journal, read_events
from runner.state.lock_rules import join, receipts
from runner.state.lock_text import LockText, readable, render_lock
from runner.state.lock_writer import LOCK_EVERY_S, WRITING_SHARE, LockWriter
from runner.state.lockfile import read_lock
from runner.state.receipt_index import ReceiptIndex
from runner.state.store import StateStore
from runner.state.submissions import fold
from tests.support.made import XL, entry, lock, sha, submission, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

AT = "2026-11-20T12:00:00Z"


def new_store(folder: Path, *, keep_lock: bool = False) -> StateStore:
    return StateStore(
        root=folder,
        lock=LockWriter(folder / "night.lock", rehearsal=False),
        journal_path=folder / "state" / "journal.db",
        blobs=LocalBlobs(folder / "blobs"),
        keep_lock=keep_lock,
    )


@contextlib.contextmanager
def opened(folder: Path, *, keep_lock: bool = False) -> Iterator[StateStore]:
    store = new_store(folder, keep_lock=keep_lock)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    with opened(tmp_path) as store:
        yield store


def stored(store: StateStore, word: str, **over: Any) -> Entry:
    """Put one take into the store and return an entry of it, placed nowhere."""
    assert store.keep(word.encode()) == sha(word)
    values: dict[str, Any] = {"attempt": f"a_{word}", "request_id": f"id_{word}", "path": None} | over
    return entry({"prompt": word, "seed": 7}, take(word), **values)


def brought(store: StateStore, job: str, item: Entry, output: str, number: int = 1) -> Entry:
    """Put the take of this number of an entry at an output."""
    return store.bring(job, item, Output(path=output, sha256=chosen_take(item.takes, number).sha256))


def made_at(store: StateStore, item: Submission, job: str, output: str, number: int = 1) -> Entry:
    """Put the take of this number of a finished submission at an output."""
    return brought(store, job, store.finished(item, job), output, number)


def written(folder: Path) -> Lock:
    return read_lock(folder / "night.lock", rehearsal=False)


def planned(attempt: str, model: str = XL, job: str = "title") -> Event:
    sent = {"prompt": "low brass", "seed": 7}
    data = {"model": model, "params": sent, "fingerprint": fingerprint(model, sent), "seed_param": "seed"}
    price = {"price_usd": "0.10", "private": False}
    return Event(at=AT, job=job, attempt=attempt, phase=Phase.PLANNED, data=data | price)


def row(attempt: str, phase: Phase, job: str = "title", **data: Any) -> Event:
    return Event(at=AT, job=job, attempt=attempt, phase=phase, data=data)


def accepted(attempt: str, request_id: str) -> Event:
    return row(attempt, Phase.ACCEPTED, request_id=request_id)


def finished(store: StateStore, attempt: str, *words: str, job: str = "title", model: str = XL) -> Submission:
    """Record a submission whose takes are in the store, not yet at their output, and return it."""
    takes = [take_to_json(take(word, number=number)) for number, word in enumerate(words, start=1)]
    for word in words:
        store.keep(word.encode())
    sent = [] if model.startswith("local/") else [row(attempt, Phase.INTENT, job), accepted(attempt, f"id_{attempt}")]
    store.record(planned(attempt, model, job), *sent, row(attempt, Phase.FETCHED, job, takes=takes))
    return store.submissions[attempt]


# ---------------------------------------------------------------- outputs and lock


def test_an_output_that_another_job_is_just_writing_is_not_removed(tmp_path: Path, store: StateStore) -> None:
    """Two jobs exchange their outputs: each path is left by one and written by the other, in whatever order."""
    one, two = (
        brought(store, "one", stored(store, "1"), "one.wav"),
        brought(store, "two", stored(store, "2"), "two.wav"),
    )
    with (
        store.placing("one", two, Output(path="one.wav", sha256=sha("2"))) as to_one,
        store.placing("two", one, Output(path="two.wav", sha256=sha("1"))) as to_two,
    ):
        left = store.copy(to_one)
        left_later = store.copy(to_two)
        store.placed(to_two, left_later)
        store.placed(to_one, left)
    assert ((tmp_path / "one.wav").read_bytes(), (tmp_path / "two.wav").read_bytes()) == (b"2", b"1")


def test_a_finished_submission_is_at_its_output_and_in_the_lock(store: StateStore, tmp_path: Path) -> None:
    made = made_at(store, finished(store, "a1", "take"), "title", "audio/title.wav")
    store.tick()
    assert (tmp_path / "audio/title.wav").read_bytes() == b"take"
    assert (made.state, made.output) == (State.DONE, Output(path="audio/title.wav", sha256=sha("take")))
    assert written(tmp_path) == lock(made)


@pytest.mark.parametrize(("number", "word"), [(1, "one"), (2, "two"), (5, "two")])
def test_one_take_is_at_the_output(store: StateStore, tmp_path: Path, number: int, word: str) -> None:
    made = made_at(store, finished(store, "a1", "one", "two"), "title", "new.wav", number)
    assert (tmp_path / "new.wav").read_bytes() == word.encode()
    assert made.output == Output(path="new.wav", sha256=sha(word))
    assert [item.sha256 for item in made.takes] == [sha("one"), sha("two")]


def test_an_output_that_moved_leaves_its_old_place(store: StateStore, tmp_path: Path) -> None:
    before = brought(store, "title", stored(store, "take"), "old.wav")
    brought(store, "title", before, "new.wav")
    assert [path.name for path in tmp_path.glob("*.wav")] == ["new.wav"]


def test_an_old_place_that_another_job_uses_now_stays(store: StateStore, tmp_path: Path) -> None:
    one = brought(store, "one", stored(store, "take"), "one.wav")
    brought(store, "two", stored(store, "other"), "one.wav")
    brought(store, "one", one, "new.wav")
    assert (tmp_path / "one.wav").read_bytes() == b"other"


def test_what_the_store_does_not_hold_is_not_removed(store: StateStore, tmp_path: Path) -> None:
    (tmp_path / "old.wav").write_bytes(b"mine")
    claimed = entry(None, take("take"), take("mine"), path=None)
    claimed = replace(claimed, output=Output(path="old.wav", sha256=sha("mine")))
    store.keep(b"take")
    brought(store, "title", claimed, "new.wav")
    assert (tmp_path / "old.wav").read_bytes() == b"mine"


def test_a_take_that_is_only_at_an_output_is_stored_first(store: StateStore, tmp_path: Path) -> None:
    (tmp_path / "old.wav").write_bytes(b"take")
    brought(store, "title", entry(None, take("take"), path="old.wav"), "new.wav")
    assert sha("take") in store.blobs
    assert (tmp_path / "new.wav").read_bytes() == b"take"


def test_a_take_that_is_nowhere_changes_nothing(store: StateStore) -> None:
    with pytest.raises(TakeMissing, match=sha("gone")[:12]):
        brought(store, "title", entry(None, take("gone")), "new.wav")
    assert store.lock == Lock()


def test_a_strangers_file_in_the_way_changes_nothing(store: StateStore, tmp_path: Path) -> None:
    (tmp_path / "title.wav").write_bytes(b"mine")
    with pytest.raises(StateError, match=r"title\.wav already exists"):
        brought(store, "title", stored(store, "take"), "title.wav")
    assert store.lock == Lock()
    assert (tmp_path / "title.wav").read_bytes() == b"mine"


def test_a_finished_entry_takes_its_jobs_place_and_the_one_before_it_stays_in_the_lock(store: StateStore) -> None:
    before = brought(store, "title", stored(store, "old"), "title.wav")
    after = brought(store, "title", stored(store, "new"), "title.wav")
    held = store.lock
    assert (held.current("title"), held.placed("title"), held.at_path["title.wav"]) == (after, after, (after,))
    old = held.entries[before.attempt]
    assert (old.takes, old.receipt, old.output) == (before.takes, before.receipt, None)


def test_what_a_provider_made_stays_behind_what_was_made_here(store: StateStore, tmp_path: Path) -> None:
    paid = brought(store, "title", stored(store, "take"), "title.wav")
    draft = made_at(store, finished(store, "b1", "draft", model="local/sketch"), "title", "title.wav")
    assert draft.receipt is None
    store.tick()
    held = written(tmp_path)
    assert [item.attempt for item in held.jobs["title"]] == ["b1", paid.attempt]
    assert held.entries[paid.attempt].receipt == paid.receipt


def test_the_same_bytes_made_here_again_change_nothing(store: StateStore) -> None:
    first = made_at(store, finished(store, "b1", "drum", model="local/sketch"), "title", "a.wav")
    before = store.lock
    again = made_at(store, finished(store, "b2", "drum", model="local/sketch"), "title", "a.wav")
    assert again == first
    assert store.lock is before
    other = made_at(store, finished(store, "b3", "drum 2", model="local/sketch"), "title", "a.wav")
    assert (other.attempt, store.lock.current("title")) == ("b3", other)


def test_names_swapped_one_at_a_time_keep_both_receipts(store: StateStore, tmp_path: Path) -> None:
    one, two = (brought(store, word, stored(store, word), f"{word}.wav") for word in ("one", "two"))
    swapped = brought(store, "one", store.lock.entries[two.attempt], "one.wav")
    brought(store, "two", store.lock.entries[one.attempt], "two.wav")
    assert [(tmp_path / f"{word}.wav").read_bytes() for word in ("one", "two")] == [b"two", b"one"]
    assert {item.attempt: item.job for item in store.lock.entries.values()} == {"a_one": "two", "a_two": "one"}
    assert swapped.receipt == two.receipt


def test_what_is_taken_up_by_another_job_is_recorded_with_its_output(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        before = brought(store, "title", stored(store, "take"), "title.wav")
        store.take_up({before.attempt: "opening", "unknown": "opening"})
        assert store.submissions == {}, "it was never in this journal"
        after = store.lock.entries[before.attempt]
        assert (after.job, after.output, after.revision > before.revision) == ("opening", before.output, True)
        store.take_up({before.attempt: "opening"})
        assert store.lock.entries[before.attempt] == after
    assert written(tmp_path).entries == {before.attempt: after}


def test_an_accepted_submission_is_in_the_lock_when_the_run_ends(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.record(planned("a1"), row("a1", Phase.INTENT))
        assert store.lock == Lock(), "it may yet prove unpaid"
        store.record(accepted("a1", "ace_1"))
    (held,) = written(tmp_path).jobs["title"]
    assert (str(held.request_id), held.state, held.takes) == ("ace_1", State.PENDING, ())


@pytest.mark.parametrize(
    ("phase", "state"), [(Phase.UNKNOWN, State.UNKNOWN), (Phase.REJECTED, None), (Phase.FAILED, State.FAILED_CHARGED)]
)
def test_a_submission_that_ended_without_an_id_is_in_the_lock_unless_it_is_proven_free(
    tmp_path: Path, phase: Phase, state: State | None
) -> None:
    with opened(tmp_path) as store:
        store.record(planned("a1"), row("a1", Phase.INTENT), row("a1", phase))
    assert [item.state for item in written(tmp_path).entries.values()] == ([state] if state else [])


def test_an_intent_that_a_run_left_behind_is_in_the_lock_of_the_next_one(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.record(planned("a1"), row("a1", Phase.INTENT))
    assert written(tmp_path) == Lock()
    with opened(tmp_path):
        pass
    assert [item.state for item in written(tmp_path).entries.values()] == [State.UNKNOWN]


def test_what_only_the_lock_knows_is_in_the_journal_from_then_on(tmp_path: Path) -> None:
    (tmp_path / "night.lock").write_bytes(render_lock(lock(entry(state=State.PENDING))))
    with opened(tmp_path) as store:
        assert store.submissions["a1"].phase is Phase.ACCEPTED
        assert store.events == (), "as it was when it was opened"
    (tmp_path / "night.lock").unlink()
    with opened(tmp_path) as again:
        assert [event.phase for event in again.events] == [Phase.PLANNED, Phase.ACCEPTED]
        assert again.lock.entries["a1"].request_id == entry().request_id


def test_a_lock_that_is_to_stay_as_it_is_refuses_what_would_change_it(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        held = brought(store, "title", stored(store, "take"), "title.wav")
    before = (tmp_path / "night.lock").read_bytes()
    with opened(tmp_path, keep_lock=True) as store:
        assert brought(store, "title", held, "title.wav") == held
        with pytest.raises(StateError, match="the audio is not the audio that the lock names for title") as caught:
            brought(store, "title", held, "new.wav")
        assert caught.value.help == "run without --locked to update the lock"
        store.take_up({held.attempt: "opening"})
        store.record(planned("a9"), row("a9", Phase.INTENT), accepted("a9", "ace_9"))
        store.tick()
    assert (tmp_path / "night.lock").read_bytes() == before
    assert not (tmp_path / "new.wav").exists()


def test_a_run_that_changed_nothing_leaves_the_lock_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.record(planned("a1"), row("a1", Phase.INTENT), accepted("a1", "ace_1"))
    (tmp_path / "night.lock").touch()
    before = (tmp_path / "night.lock").stat()
    with opened(tmp_path) as store:
        store.tick()
    assert (tmp_path / "night.lock").stat().st_ino == before.st_ino


# ---------------------------------------------------------------- when the lock is written


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lock_of(number: int) -> Lock:
    return lock(entry(job=f"job{number}", attempt=f"a{number}", request_id=f"id_{number}"))


def opened_writer(path: Path, clock: Callable[[], float] = time.monotonic) -> LockWriter:
    return LockWriter(path, rehearsal=False, monotonic=clock)


def test_a_lock_is_parsed_again_only_when_its_bytes_are_other_ones(tmp_path: Path) -> None:
    path, known = tmp_path / "night.lock", lock_of(1)
    assert LockWriter(path, rehearsal=False, known=(None, known)).lock is known
    data = render_lock(known)
    path.write_bytes(data)
    assert LockWriter(path, rehearsal=False, known=(data, known)).lock is known
    assert LockWriter(path, rehearsal=False, known=(None, known)).lock is not known
    path.write_bytes(render_lock(lock_of(2)))
    assert list(LockWriter(path, rehearsal=False, known=(data, known)).lock.jobs) == ["job2"]


def test_the_lock_is_written_at_once_and_then_not_more_often_than_it_may(tmp_path: Path) -> None:
    path, clock = tmp_path / "night.lock", Clock()
    writer = opened_writer(path, clock)
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

    writer = opened_writer(path, slow)
    writer.write(lock_of(1))
    clock.now += WRITING_SHARE - 1
    writer.write_when_due(lock_of(2))
    assert list(read_lock(path, rehearsal=False).jobs) == ["job1"], "its last write took a second"
    clock.now += LOCK_EVERY_S + 1
    writer.write_when_due(lock_of(2))
    assert list(read_lock(path, rehearsal=False).jobs) == ["job2"]


def test_a_write_that_fails_is_tried_again_later_and_raised_at_the_end(tmp_path: Path) -> None:
    folder, clock = tmp_path / "folder", Clock()
    writer, held = opened_writer(folder / "night.lock", clock), lock_of(1)
    folder.write_bytes(b"a file where the lock's folder should be")
    assert writer.write_when_due(held) is held
    folder.unlink()
    writer.write_when_due(held)
    assert not folder.exists(), "not before its time"
    clock.now += LOCK_EVERY_S + 0.01
    writer.write_when_due(held)
    assert list(read_lock(folder / "night.lock", rehearsal=False).jobs) == ["job1"]
    (folder / "night.lock").unlink()
    folder.rmdir()
    folder.write_bytes(b"again")
    with pytest.raises((OSError, StateError), match="folder"):
        writer.write(lock_of(2))


# ---------------------------------------------------------------- other programs write the lock, too


def test_a_file_that_changed_on_disk_is_read_again_and_joined(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    writer = opened_writer(path)
    writer.write(lock_of(1))
    path.write_bytes(render_lock(lock_of(2)))  # as git does when somebody pulls
    after = writer.write(join(lock_of(1), lock_of(3)))
    assert list(after.jobs) == ["job1", "job3", "job2"]
    assert read_lock(path, rehearsal=False) == after


def test_a_file_that_went_away_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    writer = opened_writer(path)
    writer.write(lock_of(1))
    path.unlink()
    writer.write(lock_of(1))
    assert read_lock(path, rehearsal=False) == lock_of(1)


def test_a_file_that_is_the_same_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    path.write_bytes(render_lock(lock_of(1)))
    before = path.stat().st_ino
    writer = opened_writer(path)
    assert writer.write(lock_of(1)) == lock_of(1)
    assert path.stat().st_ino == before
    opened_writer(tmp_path / "none.lock").write(Lock())
    assert not (tmp_path / "none.lock").exists(), "nothing was to be said"


@pytest.mark.parametrize("found", [b"<<<<<<< ours\n=======\n>>>>>>> theirs\n", b"{", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_at_a_write_is_kept_and_reported_at_the_end(tmp_path: Path, found: bytes) -> None:
    path, clock = tmp_path / "night.lock", Clock()
    writer = opened_writer(path, clock)
    writer.write(lock_of(1))
    path.write_bytes(found)
    clock.now += LOCK_EVERY_S + 0.01
    more = join(lock_of(1), lock_of(2))
    assert writer.write_when_due(more) is more
    with pytest.raises(StateError, match=r"night\.lock (contains git's conflict markers|cannot be read)"):
        writer.write(more)
    assert path.read_bytes() == found
    path.write_bytes(render_lock(lock_of(3)))  # somebody resolved it
    assert set(writer.write(more).jobs) == {"job1", "job2", "job3"}


def test_a_run_keeps_every_receipt_in_its_journal_while_the_lock_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    store = new_store(tmp_path)
    path.write_bytes(b"<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    store.record(planned("a1"), row("a1", Phase.INTENT), accepted("a1", "ace_1"))
    store.tick()
    with pytest.raises(StateError, match="conflict markers"):
        store.close()
    path.unlink()
    with opened(tmp_path):
        pass
    assert receipts(written(tmp_path)) == {("pixazo", ProviderJobId.of("ace_1"))}


def test_a_run_learns_what_the_file_knew_beside(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.record(planned("a1"), row("a1", Phase.INTENT), accepted("a1", "ace_1"))
        (tmp_path / "night.lock").write_bytes(render_lock(lock_of(2)))
        store.tick()
        assert set(store.lock.entries) == {"a1", "a2"}
        made = made_at(store, finished(store, "a3", "take", job="other"), "other", "a.wav")
    assert set(written(tmp_path).entries) == {"a1", "a2", "a3"}
    assert made.revision > max(item.revision for name, item in written(tmp_path).entries.items() if name != "a3")


def test_an_entry_that_another_copy_of_the_lock_moved_is_where_that_says(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        before = brought(store, "title", stored(store, "take"), "title.wav")
        store.tick()
        moved = replace(before, job="opening", revision=before.revision + 5)
        (tmp_path / "night.lock").write_bytes(render_lock(lock(moved)))
        store.record(planned("a1"), row("a1", Phase.INTENT), accepted("a1", "ace_1"))
    assert written(tmp_path).entries[before.attempt].job == "opening"


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

    def full(journal: Journal, events: Iterable[Event], *, durable: bool = True) -> None:
        if reserve.exists():
            raise NotWritableError(f"cannot write the journal: {errno.errorcode[errno.ENOSPC]}")
        append(journal, events, durable=durable)

    monkeypatch.setattr(Journal, "append", full)
    store.stage(planned("a1"))
    store.stage_paid("pixazo", accepted("a1", "ace_9"))
    store.stage(planned("a2"), row("a2", Phase.INTENT))
    unwritten = store.commit()
    assert unwritten is not None
    assert unwritten.attempts == {"a2"}, "what proves nothing is given back to its job, which sends nothing"
    assert unwritten.error.message == store.broken == "cannot write the journal: ENOSPC"
    assert capsys.readouterr().err == "PAID provider=pixazo id=ace_9 job=title\n"
    store.close()
    with opened(tmp_path) as again:
        assert [event.phase for event in again.events] == [Phase.PLANNED, Phase.ACCEPTED]


def test_a_full_disk_without_a_receipt_costs_no_reserve(
    store: StateStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(journal: Journal, events: Iterable[Event], *, durable: bool = True) -> None:
        raise NotWritableError("cannot write the journal")

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", full)
        store.stage(planned("a1"), row("a1", Phase.INTENT))
        unwritten = store.commit()
    assert unwritten is not None
    assert unwritten.attempts == {"a1"}
    assert (store.broken, store.commit()) == (None, None)
    assert (tmp_path / "state" / "journal.reserve").exists()


# ---------------------------------------------------------------- one write a turn


def journal_of(store: StateStore) -> tuple[Event, ...]:
    return read_events(store._journal.path)


def test_all_rows_of_a_turn_are_one_write_and_known_at_once(store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    writes, append = list[tuple[tuple[Phase, ...], bool]](), Journal.append

    def counted(journal: Journal, events: Iterable[Event], *, durable: bool = True) -> None:
        writes.append((tuple(event.phase for event in events), durable))
        append(journal, events, durable=durable)

    monkeypatch.setattr(Journal, "append", counted)
    store.stage(planned("a1"), row("a1", Phase.INTENT))
    store.stage(planned("a2"))
    assert (store.submissions["a1"].phase, store.submissions["a2"].phase) == (Phase.INTENT, Phase.PLANNED)
    assert journal_of(store) == ()
    assert store.commit() is None
    assert writes == [((Phase.PLANNED, Phase.INTENT, Phase.PLANNED), True)]
    assert len(journal_of(store)) == 3
    assert store.commit() is None
    assert len(writes) == 1, "nothing was staged since"


@pytest.mark.parametrize(
    "phase",
    ["planned", "intent", "accepted", "unknown", "not_sent", "rejected", "failed", "stalled", "lost", "expired"],
)
def test_rows_that_guard_money_are_synced_at_once_and_the_others_ride_along(
    store: StateStore, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    synced, append = list[bool](), Journal.append

    def counted(journal: Journal, events: Iterable[Event], *, durable: bool = True) -> None:
        synced.append(durable)
        append(journal, events, durable=durable)

    store.record(planned("a1"), row("a1", Phase.INTENT), accepted("a1", "ace_1"))
    monkeypatch.setattr(Journal, "append", counted)
    store.stage(planned("a2") if phase == "planned" else row("a1", Phase(phase)))
    store.commit()
    assert synced == [phase in ("intent", "accepted", "unknown")]


def test_what_was_staged_is_written_when_the_store_closes(store: StateStore, tmp_path: Path) -> None:
    store.stage(planned("a1"), row("a1", Phase.INTENT), accepted("a1", "ace_1"))
    store.close()
    with opened(tmp_path) as again:
        assert [event.phase for event in again.events] == [Phase.PLANNED, Phase.INTENT, Phase.ACCEPTED]


# ---------------------------------------------------------------- who holds an id


def index_of(*rows: Event) -> ReceiptIndex:
    return ReceiptIndex(fold(rows).values())


def test_an_id_is_held_by_the_submission_that_got_it_first() -> None:
    index = index_of(planned("a1"), accepted("a1", "ace_1"), planned("a2"), accepted("a2", "ace_1"))
    assert not index.is_held_by_another("pixazo", "ace_1", "a1")
    assert index.is_held_by_another("pixazo", "ace_1", "a2")
    assert not index.is_held_by_another("pixazo", "ace_2", "a2")
    assert not index.is_held_by_another("pixverse", "ace_1", "a2")


def test_a_submission_holds_the_last_id_that_it_was_given() -> None:
    index = index_of(planned("a1"), accepted("a1", "wrong"), accepted("a1", "right"))
    assert [index.is_held_by_another("pixazo", id_, "a2") for id_ in ("wrong", "right")] == [False, True]
    item = submission(request_id="wrong")
    index = ReceiptIndex((item,))
    index.add(replace(item, request_id=ProviderJobId.of("right")))
    assert [index.is_held_by_another("pixazo", id_, "a2") for id_ in ("wrong", "right")] == [False, True]


def test_an_id_that_only_the_lock_knows_is_held(tmp_path: Path) -> None:
    waits = entry(attempt="a2", state=State.PENDING, request_id="ace_2")
    (tmp_path / "night.lock").write_bytes(render_lock(lock(entry(), waits)))
    with opened(tmp_path) as store:
        for id_, attempt in (
            ("ace_1", "a1"),
            ("ace_2", "a2"),
            (str(ProviderJobId.of("ace_2").hidden()), "a2"),
        ):
            assert store.is_held_by_another("pixazo", id_, "a9")
            assert not store.is_held_by_another("pixazo", id_, attempt), "it is this receipt itself"


def test_the_store_knows_ids_of_its_journal_and_learns_new_ones(store: StateStore) -> None:
    store.record(planned("a1"), accepted("a1", "ace_1"))
    assert store.is_held_by_another("pixazo", "ace_1", "a2")
    assert not store.is_held_by_another("pixazo", "ace_1", "a1")


def test_a_lock_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    path.write_bytes(render_lock(lock_of(7)))
    before, writer, made = path.read_bytes(), opened_writer(path), entry()
    damaged = lock(replace(made, takes=()))
    why = r"night\.lock was not written, since it could not be read again: .* a submission that is done has 0"
    with pytest.raises(StateError, match=why) as caught:
        writer.write(damaged)
    assert caught.value.help == "the journal holds every receipt; keep .scorefile"
    assert writer.write_when_due(damaged) is damaged
    assert path.read_bytes() == before
    writer.write(lock(made))
    assert read_lock(path, rehearsal=False) == lock(made)


def test_what_a_pull_brought_during_a_run_is_in_the_journal_at_its_end(tmp_path: Path) -> None:
    with opened(tmp_path):
        (tmp_path / "night.lock").write_bytes(render_lock(lock(entry(attempt="theirs"))))
    rows = read_events(tmp_path / "state" / "journal.db")
    assert [(row.attempt, row.phase, row.data["via"]) for row in rows][-1] == ("theirs", Phase.DONE, THE_LOCK)


def test_what_is_written_into_the_lock_while_a_run_writes_it_is_kept_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, theirs = tmp_path / "night.lock", lock(entry(attempt="theirs", request_id="ace_9"))
    writer = LockWriter(path, rehearsal=False)

    def rendered(at: Path, held: Lock, text: LockText) -> bytes:
        data = readable(at, held, text)
        if not path.exists():
            path.write_bytes(render_lock(theirs))  # as git does between our reading and our writing
        return data

    monkeypatch.setattr("runner.state.lock_writer.readable", rendered)
    assert writer.write(lock(entry())).entries.keys() == {"a1", "theirs"}
    assert read_lock(path, rehearsal=False).entries.keys() == {"a1", "theirs"}
    assert [item.name for item in tmp_path.iterdir()] == ["night.lock"]
