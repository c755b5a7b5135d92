"""Choices of people that do not apply any more, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.plan.voided import TooFew
from runner.report.numbers import count

if TYPE_CHECKING:
    from runner.plan.voided import Voided
    from runner.records.source import Json


def voided_text(item: Voided | TooFew) -> str:
    """Return what no longer applies, as one clause."""
    if isinstance(item, TooFew):
        return f"{item.job}: take {item.take} is asked for, and there are {count(item.takes, 'take')}; the last one is used"
    whose = "a take was picked" if item.by is None else f"{item.by} approved a take"
    return f"{item.job}: {whose} ({item.sha256[:12]}) that is not the chosen one any more"


def voided_data(item: Voided | TooFew) -> dict[str, Json]:
    """Return it as data."""
    if isinstance(item, TooFew):
        return {"job": item.job, "kind": "too-few", "sha256": None, "by": None, "message": voided_text(item)}
    kind = "pick" if item.by is None else "approval"
    return {"job": item.job, "kind": kind, "sha256": item.sha256, "by": item.by, "message": voided_text(item)}
