"""The short form of `python -m tests.torture --checkouts`: checkouts that share only git, over the real engine."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.torture.simulated import play
from tests.torture.steps import KINDS, MOST, Step, history, shortened, told

EXAMPLES, SEEDS, LONGEST = 40, 60, 10
NUMBERS = st.integers(0, MOST - 1)
STEPS = st.builds(Step, st.sampled_from(KINDS), st.integers(0, 2), NUMBERS, NUMBERS)
LEDGER = pytest.mark.skip(reason="the lock is no ledger yet")
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
}  # fmt: skip
"""Attack → a history that shows it."""


@pytest.mark.parametrize("steps", KNOWN.values(), ids=KNOWN)
def test_a_history_that_broke_an_older_lock_breaks_nothing(steps: list[Step]) -> None:
    broken, played = play(steps)
    assert broken is None, f"{broken}\n" + "\n".join(played.said)


@LEDGER
@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=3, max_size=LONGEST))
def test_no_history_of_checkouts_pays_twice_or_loses_a_receipt(steps: list[Step]) -> None:
    broken, played = play(steps)
    assert broken is None, f"{broken}\n{told(steps)}\n" + "\n".join(played.said)


@LEDGER
@pytest.mark.parametrize("number", range(SEEDS))
def test_a_history_of_a_seed_pays_nothing_twice_and_loses_no_receipt(number: int) -> None:
    broken, played = play(history(f"sample-{number}"))
    assert broken is None, f"{broken}\n" + "\n".join(played.said)


def test_histories_are_made_shorter_as_long_as_they_break() -> None:
    steps = [Step("run", 0), Step("edit", 1, 2, 3), Step("pull", 0), Step("force", 0), Step("share", 1)]

    def breaks(part: object) -> bool:
        assert isinstance(part, list)
        return {"edit", "force"} <= {step.kind for step in part}

    assert [step.kind for step in shortened(steps, breaks)] == ["edit", "force"]
    assert eval(told(steps)) == steps
