"""The rules by which receipts change hands, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.records.lock import Entry, Lock, ProviderJobId
from runner.records.submission import Phase
from runner.state.lock_rules import (
    finished_entries,
    only_in_lock,
    receipts,
    result,
    with_pending,
    with_placed,
    without_pending,
)
from tests.support.made import XL, entry, submission, take

DONE = entry()
"""Finished, receipt ace_1, its take at audio/title.wav."""
ID_2 = ProviderJobId.of("ace_2")
WAITS = replace(entry(request_id="ace_2"), takes=())
"""Accepted, receipt ace_2, not finished."""
OTHER = entry({"prompt": "high strings", "seed": 7}, take("other", path="audio/title.wav"), request_id="ace_3")
LOCAL = entry(
    {"prompt": "a drum", "seed": 7}, take("drum", path="audio/title.wav"), model="local/sketch", request_id=""
)


def lock(**jobs: Entry) -> Lock:
    return Lock(jobs=jobs)


def bare(item: Entry) -> Entry:
    """Return an entry whose takes are at no output."""
    return replace(item, takes=tuple(replace(one, path=None) for one in item.takes))


def placed(before: Lock, job: str, item: Entry, source: str | None = None) -> Lock:
    return with_placed(before, job, item, source=source or job, output="audio/title.wav", take=1)


# ---------------------------------------------------------------- pending receipts


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lock(), lock(title=WAITS)),
        (lock(title=DONE), lock(title=replace(DONE, pending=WAITS))),
        (lock(title=replace(DONE, pending=entry(request_id="ace_0"))), lock(title=replace(DONE, pending=WAITS))),
        (lock(other=DONE), lock(other=DONE, title=WAITS)),
    ],
    ids=["a new job", "beside a finished entry", "in place of an older one", "beside other jobs"],
)
def test_an_accepted_submission_enters_the_lock(before: Lock, after: Lock) -> None:
    assert with_pending(before, submission(request_id="ace_2"), private=False) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lock(title=WAITS), lock()),
        (lock(title=replace(DONE, pending=WAITS)), lock(title=DONE)),
        (lock(title=replace(WAITS, receipt=replace(WAITS.receipt, request_id=ID_2.hidden()))), lock()),
    ],
    ids=["alone", "beside a finished entry", "known by its digest"],
)
def test_a_submission_that_came_to_nothing_leaves_the_lock(before: Lock, after: Lock) -> None:
    assert without_pending(before, submission(request_id="ace_2")) == after


@pytest.mark.parametrize(
    "before",
    [lock(), lock(title=DONE), lock(title=replace(DONE, receipt=WAITS.receipt)), lock(other=WAITS)],
    ids=["no such job", "nothing pending", "finished with this id", "another job's"],
)
def test_only_a_pending_receipt_of_this_submission_leaves(before: Lock) -> None:
    assert without_pending(before, submission(request_id="ace_2")) is before


def test_of_a_private_id_only_the_digest_enters_the_lock() -> None:
    item = submission(request_id="user:1", poll_url="https://api.example/user:1")
    noted = with_pending(lock(), item, private=True).jobs["title"].receipt
    assert (str(noted.request_id), noted.poll_url) == (str(ProviderJobId.of("user:1").hidden()), None)


# ---------------------------------------------------------------- finished entries


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lock(), lock(title=DONE)),
        (lock(title=OTHER), lock(title=DONE)),
        (lock(title=replace(DONE, takes=())), lock(title=DONE)),
        (lock(title=WAITS), lock(title=replace(DONE, pending=WAITS))),
        (lock(title=replace(OTHER, pending=WAITS)), lock(title=replace(DONE, pending=WAITS))),
    ],
    ids=["a new job", "made anew", "its own receipt was pending", "another receipt is pending", "both"],
)
def test_a_finished_entry_takes_its_jobs_place(before: Lock, after: Lock) -> None:
    assert placed(before, "title", DONE) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lock(title=DONE), lock(title=replace(LOCAL, paid=bare(DONE)))),
        (lock(title=replace(LOCAL, paid=bare(DONE))), lock(title=replace(LOCAL, paid=bare(DONE)))),
        (lock(title=replace(DONE, pending=WAITS)), lock(title=replace(LOCAL, pending=WAITS, paid=bare(DONE)))),
        (lock(title=LOCAL), lock(title=LOCAL)),
    ],
    ids=["once", "twice", "with a pending one", "nothing was paid"],
)
def test_what_a_provider_made_stays_behind_what_was_made_here(before: Lock, after: Lock) -> None:
    assert placed(before, "title", LOCAL) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lock(old=DONE), lock(title=DONE)),
        (lock(old=DONE, title=OTHER), lock(title=DONE, old=bare(OTHER))),
        (lock(old=replace(DONE, pending=WAITS)), lock(old=WAITS, title=DONE)),
        (lock(old=replace(LOCAL, paid=bare(DONE))), lock(old=LOCAL, title=DONE)),
        (lock(old=replace(OTHER, pending=replace(DONE, takes=()))), lock(old=OTHER, title=DONE)),
        (lock(old=OTHER), lock(old=OTHER, title=DONE)),
    ],
    ids=[
        "renamed",
        "names swapped one at a time",
        "what it still waits for stays",
        "out from behind what was made here",
        "it was pending there",
        "another receipt stays",
    ],
)
def test_a_receipt_changes_hands_and_nothing_else_does(before: Lock, after: Lock) -> None:
    assert placed(before, "title", DONE, source="old") == after


def test_what_stands_behind_an_entry_comes_forward_when_that_changes_hands() -> None:
    before = lock(old=replace(LOCAL, paid=bare(DONE), pending=WAITS))
    after = placed(before, "title", LOCAL, source="old")
    assert after == lock(old=replace(bare(DONE), pending=WAITS), title=LOCAL)


@pytest.mark.parametrize(("number", "path"), [(1, "one"), (2, "two"), (5, "two")])
def test_one_take_is_at_the_output(number: int, path: str) -> None:
    item = entry(None, take("one", path="old.wav"), take("two"))
    after = with_placed(lock(), "title", item, source="title", output="new.wav", take=number).jobs["title"]
    assert [one.path for one in after.takes] == ["new.wav" if path == word else None for word in ("one", "two")]
    assert after.take == number


def test_no_rule_loses_a_paid_receipt() -> None:
    full = lock(old=replace(LOCAL, paid=bare(DONE), pending=WAITS), title=OTHER)
    for item, source in [(DONE, "old"), (LOCAL, "old"), (OTHER, "title"), (LOCAL, "title")]:
        assert set(receipts(placed(full, "title", item, source))) >= set(receipts(full)) - {
            ("pixazo", ProviderJobId.of("ace_3"))
        }


# ---------------------------------------------------------------- results of submissions


def test_the_same_bytes_made_here_again_keep_their_receipt() -> None:
    made_here = submission(
        model="local/sketch",
        params=dict(LOCAL.request),
        request_id=None,
        takes=(take("drum"),),
        submitted_at=None,
        planned_at="2027-01-01T00:00:00Z",
    )
    again = result(lock(title=LOCAL), made_here, job="title", take=1, private=False)
    assert again.receipt == LOCAL.receipt
    changed = replace(made_here, takes=(take("another drum"),))
    assert (
        result(lock(title=LOCAL), changed, job="title", take=1, private=False).receipt.submitted_at
        == "2027-01-01T00:00:00Z"
    )


@pytest.mark.parametrize("phase", Phase)
def test_only_what_was_made_to_its_end_is_a_finished_entry(phase: Phase) -> None:
    found = finished_entries((submission(phase=phase, takes=(take(),)),), private=frozenset())
    assert [job for job, _ in found] == (["title"] if phase in (Phase.DONE, Phase.PLACED) else [])
    assert finished_entries((submission(phase=phase),), private=frozenset()) == ()


def test_a_finished_entry_of_a_private_model_has_a_digest() -> None:
    ((_, found),) = finished_entries((submission(phase=Phase.DONE, takes=(take(),)),), private=frozenset({XL}))
    assert str(found.receipt.request_id) == str(ProviderJobId.of("ace_1").hidden())


@pytest.mark.parametrize(
    ("held", "journal", "found"),
    [
        (lock(title=WAITS), (), [("title", WAITS)]),
        (lock(title=replace(DONE, pending=WAITS)), (), [("title", WAITS)]),
        (lock(title=WAITS), (submission(request_id="ace_2"),), []),
        (lock(title=WAITS), (submission(request_id=str(ID_2.hidden())),), []),
        (lock(title=replace(DONE, pending=replace(DONE, takes=()))), (), []),
        (lock(title=DONE), (), []),
    ],
    ids=["pending", "beside finished", "journaled", "only its digest is journaled", "finished already", "none"],
)
def test_a_pending_receipt_counts_once(held: Lock, journal: tuple[object, ...], found: list[tuple[str, Entry]]) -> None:
    assert list(only_in_lock(held, journal)) == found  # type: ignore[arg-type]


def test_every_receipt_in_the_lock_is_seen() -> None:
    full = lock(title=replace(LOCAL, paid=replace(bare(DONE), pending=WAITS)), other=OTHER)
    assert set(receipts(full)) == {("pixazo", ProviderJobId.of(f"ace_{number}")) for number in (1, 2, 3)}


def test_a_receipt_keeps_its_polling_address_unless_it_is_private() -> None:
    accepted = submission(request_id="ace_2", poll_url="https://x.example/2")
    for private, url in ((False, "https://x.example/2"), (True, None)):
        assert with_pending(lock(), accepted, private=private).jobs["title"].receipt.poll_url == url


def test_a_new_receipt_takes_the_place_of_one_that_waits_alone() -> None:
    accepted = submission(request_id="ace_2")
    assert with_pending(lock(title=replace(WAITS, receipt=DONE.receipt)), accepted, private=False) == lock(title=WAITS)


def test_a_finished_entry_has_its_takes_and_the_first_is_chosen() -> None:
    takes = (take("one"), take("two"))
    ((job, made),) = finished_entries((submission(phase=Phase.DONE, takes=takes),), private=frozenset())
    assert (job, made.takes, made.take) == ("title", takes, 1)


def test_what_else_was_paid_for_stays_when_one_receipt_changes_hands() -> None:
    moving = replace(WAITS, takes=DONE.takes)
    paid = bare(DONE)
    held = replace(LOCAL, paid=paid, pending=WAITS)
    after = placed(lock(source=held), "title", moving, "source")
    assert after.jobs["source"].paid == paid
    assert after.jobs["source"].pending is None
