"""The short form of `python -m tests.torture --checkouts`: checkouts that share only git, over the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.records.submission import PAYMENT_UNKNOWN
from runner.state import lock_copies, lock_rules
from runner.state.lock_writer import LockWriter
from runner.state.lockfile import read_bytes
from tests.support.long import sampled
from tests.torture.simulated import play
from tests.torture.steps import KINDS, MOST, Step, history, shortened, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.records.lock import Entry, Lock
    from runner.records.submission import Submission

EXAMPLES, SEEDS, LONGEST = sampled(4, 120), sampled(4, 120), 8
pytestmark = pytest.mark.sampled
NUMBERS = st.integers(0, MOST - 1)
STEPS = st.builds(Step, st.sampled_from(KINDS), st.integers(0, 2), NUMBERS, NUMBERS)
KNOWN = {
    "3, a pull under way": [Step("rename", 0, 0, 1), Step("rename", 0, 1, 3), Step("share", 0), Step("pull", 1),
                            Step("target", 1, 1), Step("share", 1), Step("pull_under_way", 0, 0, 1)],
    "4, a pending receipt": [Step("stop", 0, 3), Step("forget_state", 0), Step("edit", 0, 0, 2), Step("target", 0, 0)],
    "5, a finished receipt": [Step("run", 0), Step("forget_state", 0), Step("edit", 0, 0, 2), Step("run", 0)],
    "6, an unknown payment": [Step("trouble", 0, 0), Step("run", 0), Step("forget_state", 0), Step("run", 0)],
    "8, what two shards need": [Step("add", 0, 0, 2), Step("share", 0), Step("shards", 0)],
    "9, twins": [Step("rename", 0, 0, 1), Step("edit", 0, 1, 0), Step("target", 0, 1), Step("share", 0), Step("run", 0),
                 Step("share", 0), Step("old_lock", 0), Step("rename", 0, 1, 3), Step("run", 0)],
    "13, another name for the file": [Step("run", 0), Step("rename_file", 0)],
    "rolls of one job on two branches": [Step("run", 0), Step("share", 0), Step("pull", 1), Step("reroll", 0), Step("reroll", 1),
                                         Step("share", 0), Step("share", 1), Step("run", 0), Step("run", 1)],
    "a killed roll in a fresh checkout": [Step("run", 0), Step("reroll", 0, 0, 3), Step("share", 0), Step("forget_state", 0),
                                          Step("run", 0), Step("pull", 1), Step("run", 1)],
    "a killed roll that is asked for again": [Step("run", 0), Step("reroll", 0, 0, 3), Step("reroll", 0), Step("run", 0)],
    "a stopped roll of a renamed job": [Step("run", 0), Step("reroll", 0, 0, 6), Step("rename", 0, 0, 1), Step("run", 0)],
}  # fmt: skip
"""Attack → a history that shows it."""
APART = [Step("target", 0, 0), Step("target", 1, 1), Step("share", 0), Step("share", 1), Step("share", 0)]
"""Two machines make a job each and merge."""


@pytest.mark.parametrize("steps", KNOWN.values(), ids=KNOWN)
def test_a_history_that_broke_an_older_lock_breaks_nothing(steps: list[Step]) -> None:
    broken, played = play(steps)
    assert broken is None, f"{broken}\n" + "\n".join(played.said)


@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=3, max_size=LONGEST))
def test_no_history_of_checkouts_pays_twice_or_loses_a_receipt(steps: list[Step]) -> None:
    broken, played = play(steps)
    assert broken is None, f"{broken}\n{told(steps)}\n" + "\n".join(played.said)


@pytest.mark.parametrize("number", range(SEEDS))
def test_a_history_of_a_seed_pays_nothing_twice_and_loses_no_receipt(number: int) -> None:
    broken, played = play(history(f"sample-{number}"))
    assert broken is None, f"{broken}\n" + "\n".join(played.said)


def write_blindly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the lock without reading what is in the file now."""
    original = LockWriter.write

    def write(self: LockWriter, lock: Lock) -> Lock:
        self.seen = read_bytes(self._path)
        return original(self, lock)

    monkeypatch.setattr(LockWriter, "write", write)


def let_one_side_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merge two locks by taking the first."""
    monkeypatch.setattr(lock_copies, "join", lambda one, _other: one)


def keep_unknown_payments_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter no submission into the lock whose payment status is unknown."""
    original = lock_rules.entry_of

    def entry_of(item: Submission) -> Entry | None:
        return None if item.phase in PAYMENT_UNKNOWN else original(item)

    monkeypatch.setattr(lock_rules, "entry_of", entry_of)


@pytest.mark.parametrize(
    ("mutant", "steps", "findings"),
    [
        (write_blindly, KNOWN["3, a pull under way"], {"forgotten"}),
        (let_one_side_win, APART, {"forgotten", "charged twice"}),
        (keep_unknown_payments_here, KNOWN["6, an unknown payment"], {"forgotten", "charged twice"}),
    ],
)
def test_a_program_that_forgets_is_caught(
    monkeypatch: pytest.MonkeyPatch,
    mutant: Callable[[pytest.MonkeyPatch], None],
    steps: list[Step],
    findings: set[str],
) -> None:
    mutant(monkeypatch)
    broken, played = play(steps)
    assert broken is not None, "\n".join(played.said)
    assert broken.finding in findings


def test_histories_are_made_shorter_as_long_as_they_break() -> None:
    steps = [Step("run", 0), Step("edit", 1, 2, 3), Step("pull", 0), Step("force", 0), Step("share", 1)]

    def breaks(part: object) -> bool:
        assert isinstance(part, list)
        return {"edit", "force"} <= {step.kind for step in part}

    assert [step.kind for step in shortened(steps, breaks)] == ["edit", "force"]
    assert eval(told(steps)) == steps
