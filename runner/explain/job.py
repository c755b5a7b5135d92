"""Why a job would run: what would be done, what changed and where that comes from, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.report.plan_text import change_words, price, why
from runner.report.style import clean, paint
from runner.report.verbs import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.plan import Action, Change
    from runner.records.source import Mark


def explain_job(action: Action, *, color: bool) -> str:
    """Return what would be done for one job and why, each changed value with its whole way."""
    lines = [
        f"{paint(clean(action.request.job), 'strong', on=color)}  {action.request.model.id}",
        f"  {SHOWN[action.verb].would}: {clean(why(action))}",
    ]
    for change in action.changes:
        old, new = change_words(change)
        lines.append(f"  {clean(change.field)}: {old} → {new}")
        lines += [f"    {clean(line)}" for line in _way(action, change)]
    cost = price(action)
    if cost:
        source = f"; price: {action.cost.source}, {action.cost.date}" if action.cost.source and action.cost.date else ""
        lines.append(f"  cost: {cost}{clean(source)}")
    return "\n".join(lines)


def _way(action: Action, change: Change) -> Iterator[str]:
    """Say where the new value is written, then each step that it came through."""
    origin = action.request.origins.get(change.field)
    if origin is None:
        if change.mark is not None:
            yield f"written{_at(change.mark)}"
        return
    source = f' as "{origin.source}"' if origin.source else ""
    if origin.mark is not None or source:
        yield f"written{source}{_at(origin.mark)}"
    else:
        yield f"from {origin.layer.name.lower()}"
    for step in origin.steps:
        yield f"from {step.text}{_at(step.mark)}"


def _at(mark: Mark | None) -> str:
    return f" at {mark}" if mark is not None else ""
