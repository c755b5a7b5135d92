"""Random histories of runs, faults, crashes, budgets and edits over the real engine; the same must hold after each."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Phase_
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runner.commands.resolve import resolve
from runner.engine.executor import Executor
from runner.errors import UsageError
from runner.records.submission import PAYMENT_UNKNOWN, Phase
from runner.state.journal import read_events
from runner.state.store import StateStore
from runner.state.submissions import fold
from tests.support.lab import FETCHES, POLLS, PRICE, SUBMITS, Lab, music
from tests.support.long import sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.records.submission import Event, Submission

JOBS = ("a", "b", "c")
EXAMPLES, STEPS = sampled(8, 200), 12
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
LIMITS = st.sampled_from([None, Decimal(0), Decimal("0.08"), Decimal("0.17"), Decimal("0.24"), Decimal(5)])


class Histories(RuleBasedStateMachine):
    """One project's life."""

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(dir=MEMORY))
        self.lab = Lab(self.home / "project")
        self.jobs = {job: f"music for {job}" for job in JOBS}
        self.edits = 0
        self.asked: Counter[str] = Counter()
        """Prompt → how often a person asked for another take of it."""
        self.lab.write(self.jobs)

    @rule(
        submits=st.lists(st.sampled_from(SUBMITS), max_size=4),
        polls=st.lists(st.sampled_from(POLLS), max_size=5),
        fetches=st.lists(st.sampled_from(FETCHES), max_size=3),
    )
    def expect_trouble(self, submits: list[str], polls: list[str], fetches: list[str]) -> None:
        for kind, steps in (("submit", submits), ("poll", polls), ("fetch", fetches)):
            self.lab.vendor.fates[kind].extend(steps)

    @rule(limit=LIMITS, jobs=st.integers(1, 3))
    def run_it(self, limit: Decimal | None, jobs: int) -> None:
        self.lab.run(limit=limit, jobs=jobs)
        told = {charge.id for charge in self.lab.vendor.charges if charge.told}
        assert told <= {str(item.request_id) for item in self.submissions()}, "every accepted id is in the journal"

    @rule(at=st.integers(1, 14), late=st.booleans(), jobs=st.integers(1, 3))
    def run_and_die(self, at: int, late: bool, jobs: int) -> None:
        self.lab.run(crash_at=at, late=late, jobs=jobs)

    @rule(at=st.integers(2, 6), late=st.booleans())
    def change_all_and_die(self, at: int, late: bool) -> None:
        self.edits += 1
        self.jobs = {name: f"{name} number {self.edits}" for name in self.jobs}
        self.lab.write(self.jobs)
        self.lab.run(crash_at=at, late=late)

    @rule(at=st.integers(1, 8))
    def run_and_stop(self, at: int) -> None:
        self.lab.run(stop_at=at)

    @rule(job=st.sampled_from(JOBS), at=st.integers(0, 8), late=st.booleans(), stop=st.booleans())
    def reroll(self, job: str, at: int, late: bool, stop: bool) -> None:
        """Ask for another take of a job, once, and perhaps die or be stopped meanwhile; a job that is not made is refused."""
        name = next(name for name in self.jobs if name.startswith(job))
        with contextlib.suppress(UsageError):
            self.lab.session(name).plan  # noqa: B018 - what raises has asked for nothing
            self.asked[self.jobs[name]] += 1
            self.lab.run(name, stop_at=at * stop, crash_at=at * (not stop), late=late)

    @rule(job=st.sampled_from(JOBS))
    def rename(self, job: str) -> None:
        self.edits += 1
        self.jobs = {
            (f"{job}-{self.edits}" if name.startswith(job) else name): text for name, text in self.jobs.items()
        }
        self.lab.write(self.jobs)

    @rule()
    def reorder(self) -> None:
        self.jobs = dict(reversed(self.jobs.items()))
        self.lab.write(self.jobs, labels=["x"])

    @precondition(lambda self: self.edits < 6)
    @rule(job=st.sampled_from(JOBS))
    def change(self, job: str) -> None:
        self.edits += 1
        name = next(name for name in self.jobs if name.startswith(job))
        self.jobs[name] = f"music number {self.edits}"
        self.lab.write(self.jobs)

    @rule()
    def decide_doubts(self) -> None:
        """Tell the program the truth about every job in doubt."""
        while doubts := [item for item in self.submissions() if item.phase in PAYMENT_UNKNOWN]:
            doubt = doubts[0]
            known = {str(item.request_id) for item in self.submissions()}
            prompt = doubt.params["prompt"]
            charge = next((x for x in self.lab.vendor.charges if x.prompt == prompt and x.id not in known), None)
            name = f"{doubt.job}~{doubt.attempt}"
            resolve(self.lab.session(), name, "id" if charge else "not-charged", id=charge.id if charge else None)

    @invariant()
    def pays_once_for_each_request(self) -> None:
        living = Counter(charge.prompt for charge in self.lab.vendor.charges if not charge.failed)
        twice = {prompt: count for prompt, count in living.items() if count > 1 + self.asked[prompt]}
        assert not twice, f"paid twice: {living}, asked again: {self.asked}"

    @invariant()
    def keeps_every_receipt(self) -> None:
        submissions = self.submissions()
        known = {str(item.request_id) for item in submissions}
        for charge in self.lab.vendor.charges:
            in_doubt = any(x.phase in PAYMENT_UNKNOWN and x.params["prompt"] == charge.prompt for x in submissions)
            # A crash after the raw answer is on disk: the next run reads it, and holds the job if it proves nothing.
            unread = any(x.phase is Phase.ANSWERED and x.params["prompt"] == charge.prompt for x in submissions)
            assert charge.id in known or in_doubt or unread, f"{charge} is lost"

    @invariant()
    def places_only_what_was_paid_for(self) -> None:
        delivered = {music(charge.id) for charge in self.lab.vendor.charges}
        for path in (self.lab.folder / "audio").glob("*"):
            assert path.read_bytes() in delivered

    def submissions(self) -> tuple[Submission, ...]:
        """Return what the journal holds."""
        return tuple(fold(read_events(self.lab.folder / ".scorefile/pipelines/trial/journal.db")).values())

    def teardown(self) -> None:
        if hasattr(self, "lab"):
            try:
                self.come_to_an_end()
            finally:
                shutil.rmtree(self.home, ignore_errors=True)

    def come_to_an_end(self) -> None:
        """When all troubles are over, everything is made, for one charge each, and then nothing is left to do."""
        for fates in self.lab.vendor.fates.values():
            fates.clear()
        self.decide_doubts()
        self.lab.run(jobs=3)
        self.decide_doubts()
        before = self.lab.run(jobs=3)
        self.pays_once_for_each_request()
        asked = list(self.lab.vendor.charges)
        outcomes = self.lab.run(jobs=3)
        assert self.lab.vendor.charges == asked, f"a run after the end pays for nothing\n{before}\n{outcomes}"
        held = {outcome.job for outcome in outcomes if outcome.result not in ("made", "reused", "restored")}
        ended = {item.params["prompt"] for item in self.submissions() if item.phase in ("lost", "bad_content")}
        assert {self.jobs[job.partition("~")[0]] for job in held} <= ended, outcomes


def play(machine: type[Histories] = Histories, *, examples: int) -> None:
    """Play histories, the same ones each time."""
    few = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase_.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)


@pytest.mark.sampled
def test_no_history_pays_twice_loses_a_receipt_or_passes_the_budget() -> None:
    play(examples=EXAMPLES)


def test_the_price_of_the_lab_is_that_of_the_catalogue() -> None:
    from tests.support.catalog import shipped_catalog

    assert shipped_catalog().models["pixazo/lyria-3-pro"].price.usd == PRICE


def no_intent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send without writing down first that something will be sent."""
    stage = StateStore.stage

    def forgetful(self: StateStore, *events: Event) -> None:
        stage(self, *(event for event in events if event.phase is not Phase.INTENT))

    monkeypatch.setattr(StateStore, "stage", forgetful)


def effects_before_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open gates and start polls first, and write the rows of the turn then."""
    let_out = Executor._let_out

    def hasty(self: Executor) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(self._store, "commit", lambda: None)
            let_out(self)
        time.sleep(0.001)  # so that what was let out gets somewhere
        self._store.commit()

    monkeypatch.setattr(Executor, "_let_out", hasty)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("mutate", [no_intent, effects_before_rows])
def test_histories_catch_an_engine_that_sends_before_it_writes(
    monkeypatch: pytest.MonkeyPatch, mutate: Callable[[pytest.MonkeyPatch], None]
) -> None:
    mutate(monkeypatch)
    # What is found is noted where it is found: Hypothesis plays a history again that failed, threads may make it end
    # differently, and then it tells of that instead.
    found: list[str] = []

    class Watched(Histories):
        @invariant()
        def pays_once_for_each_request(self) -> None:
            with noting(found):
                super().pays_once_for_each_request()

        @invariant()
        def keeps_every_receipt(self) -> None:
            with noting(found):
                super().keeps_every_receipt()

    with contextlib.suppress(AssertionError, Flaky):
        play(Watched, examples=50)
    assert re.search("is lost|paid twice", "\n".join(found))


@contextlib.contextmanager
def noting(found: list[str]) -> Iterator[None]:
    """Note the text of an assertion that does not hold."""
    try:
        yield
    except AssertionError as error:
        found.append(str(error))
        raise
