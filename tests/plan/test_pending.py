"""Submissions that ended badly, and whose audio the lock names and is here again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runner.plan.pending import without_healed
from runner.records.lock import Lock
from runner.records.submission import ENDED_BADLY, Phase, Submission
from tests.support.made import entry, submission

MADE = entry()
LOCK = Lock(jobs={"title": MADE})


def ended(phase: Phase, **over: Any) -> Submission:
    """Return the submission that the entry was made by, in this phase."""
    values: dict[str, Any] = {"request_id": str(MADE.receipt.request_id), "fingerprint": MADE.fingerprint}
    return submission(phase=phase, **(values | over))


@pytest.mark.parametrize("phase", Phase)
def test_only_what_ended_badly_is_healed(phase: Phase) -> None:
    item = ended(phase)
    left = without_healed((item,), LOCK, is_back=lambda _: True)
    assert left == (() if phase in ENDED_BADLY else (item,))


@pytest.mark.parametrize("phase", sorted(ENDED_BADLY))
def test_audio_that_is_not_back_heals_nothing(phase: Phase) -> None:
    item = ended(phase)
    assert without_healed((item,), LOCK, is_back=lambda _: False) == (item,)


def test_another_receipt_or_another_request_heals_nothing() -> None:
    other = ended(Phase.LOST, request_id="another")
    changed = ended(Phase.LOST, fingerprint="another")
    without = ended(Phase.LOST, request_id=None)
    items = (other, changed, without)
    assert without_healed(items, LOCK, is_back=lambda _: True) == items


def test_a_take_that_stands_behind_a_draft_heals_its_submission() -> None:
    draft = replace(MADE, fingerprint="draft", receipt=replace(MADE.receipt, request_id=None), paid=MADE)
    assert without_healed((ended(Phase.LOST),), Lock(jobs={"title": draft}), is_back=lambda _: True) == ()
