"""Why a job would run: what would be done, what changed and where that comes from, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.report.plan import action_data
from runner.report.plan_text import change_words, price
from runner.report.reasons import why
from runner.report.style import clean, paint
from runner.report.verbs import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.plan import Action
    from runner.records.reasons import Change
    from runner.records.source import Json, Mark
    from runner.report.records import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainReport:
    """What would be done for some jobs, and why."""

    actions: tuple[Action, ...]
    verb: str = "explain"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {"actions": [action_data(action) for action in self.actions]}

    def text(self, style: Style) -> str:
        """Return a paragraph a job; with `style.quiet`, a line."""
        if style.quiet:
            return "\n".join(
                clean(f"{item.request.name}: {SHOWN[item.verb].would}: {why(item.reason)}") for item in self.actions
            )
        return "\n\n".join(explain_job(action, color=style.color) for action in self.actions)

    def messages(self, style: Style) -> str:
        """Return nothing for stderr."""
        del style
        return ""


def explain_job(action: Action, *, color: bool) -> str:
    """Return what would be done for one job and why, each changed value with its whole way."""
    lines = [
        f"{paint(clean(action.request.name), 'strong', on=color)}  {action.request.model.id}",
        f"  {SHOWN[action.verb].would}: {clean(why(action.reason))}",
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
