"""Which take is put at the output once a submission has ended: the plan of the next run has to agree with it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from runner.engine.placing import to_place
from runner.records.family import NumberedTake
from runner.records.lock import Entry, Lock, Output
from runner.records.pick import Pick
from runner.records.plan import Action, Cost, Verb
from runner.records.reasons import Forced
from runner.state.blobs.local import LocalBlobs
from runner.state.lock_text import render_lock
from runner.state.lock_writer import LockWriter
from runner.state.store import StateStore
from tests.support.made import entry, lock, request, sha, take

if TYPE_CHECKING:
    from pathlib import Path

FREE = Cost(low=Decimal(0), worst=Decimal(0))
MADE = entry(None, take("new"), take("newer"), attempt="a9", request_id="ace_9", revision=0, path=None)
BASE = entry(None, take("one"), revision=1)
ROLL = entry(
    {"prompt": "low brass", "seed": 8}, take("roll"), attempt="r1", request_id="id_r1", roll=1, path=None, revision=2
)


def opened(folder: Path, held: Lock) -> StateStore:
    (folder / "night.lock").write_bytes(render_lock(held))
    return StateStore(
        root=folder,
        lock=LockWriter(folder / "night.lock", rehearsal=False),
        journal_path=folder / "state/journal.db",
        blobs=LocalBlobs(folder / "blobs"),
    )


def placed(folder: Path, *held: Entry, number: int = 1, chosen: NumberedTake | None = None, **over: Any) -> str:
    """Return the hash of the take that is placed once MADE has ended; the audio of the roll is in the store."""
    store = opened(folder, lock(*held, **over))
    try:
        assert store.keep(b"roll") == sha("roll")
        asked = request(take=number)
        action = Action(request=asked, verb=Verb.REGENERATE, reason=Forced(), cost=FREE, chosen=chosen)
        return to_place(store, action, MADE).take.sha256
    finally:
        store.close()


@pytest.mark.parametrize(
    ("number", "word"), [(1, "new"), (2, "newer"), (3, "roll"), (4, "new"), (9, "new")],
    ids=["its own", "its second", "that of a roll", "one that it replaces, whose audio is gone", "there are fewer"],
)  # fmt: skip
def test_take_counts_through_the_family_with_the_new_submission_first(tmp_path: Path, number: int, word: str) -> None:
    assert placed(tmp_path, BASE, ROLL, number=number) == sha(word)


def test_a_pick_of_a_roll_counts_for_a_submission_that_is_made_again(tmp_path: Path) -> None:
    picks = {"title": frozenset({Pick(sha256=sha("roll"), revision=5)})}
    assert placed(tmp_path, BASE, ROLL, picks=picks) == sha("roll")


def test_of_audio_that_is_fetched_again_the_take_of_the_same_number_is_placed(tmp_path: Path) -> None:
    lost = NumberedTake(number=4, entry=BASE, take=take("lost", number=2))
    assert placed(tmp_path, BASE, ROLL, chosen=lost) == sha("newer")


def test_what_is_placed_nowhere_is_learned(tmp_path: Path) -> None:
    store = opened(tmp_path, lock(BASE))
    store.ledger.learn(MADE)
    store.close()
    assert '"a9"' in (tmp_path / "night.lock").read_text()
    assert store.lock.placed("title") == BASE
    assert BASE.output == Output(path="audio/title.wav", sha256=sha("one"))
