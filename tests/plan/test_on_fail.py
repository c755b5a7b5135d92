"""Which job is asked for again, and which take is placed then: from the lock alone."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from runner.plan.on_fail import best, next_roll, rolls_at_most, rolls_left
from runner.records.expectations import Expectations, Flaw
from runner.records.family import family
from runner.records.lock import Entry, Lock, State
from runner.records.pick import Pick
from tests.support.made import entry, lock, request, take

WANTED = Expectations(flaws=(Flaw.SILENT, Flaw.MONO))
HEARD: dict[str, Any] = {"codec": "mp3", "lufs": -16.0, "head_silence_s": 0.0}
MONO = entry(None, take("mono", channels=1, **HEARD))
BASE = MONO.fingerprint


def roll(number: int, *takes: Any, state: State = State.DONE) -> Entry:
    found = entry(None, *takes, attempt=f"r{number}", request_id=f"ace_{number + 1}", state=state, path=None)
    return replace(found, roll=number, roll_of=BASE)


def asked(rerolls: int = 2, **over: Any) -> Any:
    values: dict[str, Any] = {"expect": WANTED, "rerolls": rerolls}
    return request(**(values | over))


def following(known: Lock, **over: Any) -> Any:
    entries = known.jobs["title"]
    (own,) = (item for item in entries if not item.roll)
    takes = family(entries, own.base)
    wanted = asked(**over)
    return next_roll(wanted, best(wanted, takes), own, entries, known)


def test_a_take_that_is_not_as_expected_is_asked_for_again_with_another_seed() -> None:
    found = following(lock(MONO))
    assert (found.roll, found.roll_of, found.rerolls, found.output) == (1, BASE, 1, None)
    assert found.params["seed"] != MONO.request["seed"]


def test_one_that_is_as_expected_is_not() -> None:
    assert following(lock(entry(None, take("fine", **HEARD)))) is None
    assert following(lock(MONO, roll(1, take("fine", **HEARD)))) is None


@pytest.mark.parametrize("state", [State.DONE, State.FAILED_CHARGED, State.FAILED, State.LOST])
def test_every_roll_counts_whatever_came_of_it(state: State) -> None:
    takes = (take("two", channels=1, **HEARD),) if state is State.DONE else ()
    known = lock(MONO, roll(1, *takes, state=state))
    assert rolls_left(asked(), MONO, known) == 1
    assert following(known).roll == 2
    assert following(known, rerolls=1) is None


@pytest.mark.parametrize("state", [State.PENDING, State.UNKNOWN])
def test_while_a_roll_is_not_finished_no_further_one_is_made(state: State) -> None:
    waiting = entry(None, attempt="r1", request_id="x" if state is State.PENDING else None, state=state)
    assert following(lock(MONO, replace(waiting, roll=1, roll_of=BASE)), rerolls=9) is None


def test_a_pick_a_rehearsal_and_a_written_seed_end_it() -> None:
    picked = Lock(entries=lock(MONO).entries, picks={"title": frozenset({Pick(sha256="0" * 64, revision=2)})})
    assert following(picked) is None
    assert following(lock(MONO, rehearsal=True)) is None
    assert following(lock(MONO), seed_mode="fixed") is None
    assert rolls_at_most(asked(seed_mode="fixed")) == 0


def test_a_take_of_which_nothing_is_known_is_not_paid_for_again() -> None:
    older = entry(None, take("older"))
    assert following(lock(older), expect=Expectations(flaws=(Flaw.CLIPPED,))) is None


def test_the_take_that_misses_least_is_best_and_the_first_of_several() -> None:
    silent = {"codec": "mp3", "head_silence_s": 20.0}
    known = lock(
        entry(None, take("both", channels=1, **silent)),
        roll(1, take("mono one", channels=1, **HEARD)),
        roll(2, take("silent", **silent)),
    )
    assert best(asked(), family(known.jobs["title"], BASE)).number == 2
