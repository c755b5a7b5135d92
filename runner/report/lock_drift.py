"""The refusal of a plan that would change a lock that may not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import DriftError
from runner.report.numbers import count, listed
from runner.report.reasons import why

if TYPE_CHECKING:
    from runner.records.plan import Action

_EXPLAINED = 3


def lock_out_of_date(changing: tuple[Action, ...]) -> DriftError:
    """Return the refusal of `--locked`: which jobs would change the lock, whether they need making, and why."""
    reasons = [f"{action.request.job}: {why(action.reason)}" for action in changing[:_EXPLAINED]]
    making = sum(action.verb.makes for action in changing)
    needs = f"{count(making, 'job')} {'needs' if making == 1 else 'need'} making" if making else "nothing needs making"
    return DriftError(
        f"the lock is out of date for {listed(action.request.job for action in changing)}: {needs}",
        help=f"{'; '.join(reasons)}; run without --locked or SCOREFILE_LOCKED to update it",
    )
