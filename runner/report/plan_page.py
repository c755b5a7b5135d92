"""A plan as a comment on a pull request: what a change will make, why, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.plan import Verb
from runner.report.markdown import code, row
from runner.report.numbers import usd
from runner.report.plan_text import change_words
from runner.report.reasons import why
from runner.report.records import Page
from runner.report.totals import totals
from runner.report.verbs import SHOWN

if TYPE_CHECKING:
    from runner.records.plan import Action, Plan
    from runner.report.totals import Totals

_TABLE = "|  | job | model | why | low | worst |\n|---|---|---|---|--:|--:|"
_ORPHANS = 20


def plan_page(name: str, todo: Plan, *, rehearsal: bool = False) -> Page:
    """Return a plan as a page: the sums, then a row a job that changes."""
    sums = totals(todo)
    changing = [action for action in (*todo.actions, *todo.collect) if action.verb is not Verb.REUSE]
    return Page(
        head="\n\n".join(_head(name, sums, rehearsal=rehearsal)),
        table=_TABLE,
        rows=tuple(_row(action) for action in changing),
        noun="job",
        foot=_foot(todo),
    )


def _head(name: str, sums: Totals, *, rehearsal: bool) -> list[str]:
    parts = [
        f"### Scorefile plan: {code(name)}",
        f"**{sums.jobs_text}**: {', '.join(filter(None, [sums.takes_text, sums.music_text]))}",
    ]
    if rehearsal:
        parts.append("This is a rehearsal: placeholder audio, nothing is spent.")
    source = f" ({code(sums.source_text)})" if sums.source_text else ""
    parts.append(f"Cost: **{sums.cost_text}**{source}")
    return parts


def _row(action: Action) -> str:
    low = usd(action.cost.low) if action.verb.makes else ""
    worst = usd(action.cost.worst) if action.verb.makes else ""
    request = action.request
    return row(SHOWN[action.verb].sign, code(request.name), code(request.model.id), _why(action), low, worst)


def _why(action: Action) -> str:
    if not action.changes:
        return code(why(action.reason))
    parts = []
    for change in action.changes:
        old, new = change_words(change)
        place = f" at {code(str(change.mark))}" if change.mark else ""
        parts.append(f"{code(change.field)}: {code(old)} → {code(new)}{place}")
    return "<br>".join(parts)


def _foot(todo: Plan) -> str:
    if not todo.orphans:
        return ""
    more = len(todo.orphans) - _ORPHANS
    names = ", ".join(code(job) for job in todo.orphans[:_ORPHANS])
    rest = f" and {more:,} more" if more > 0 else ""
    return f"No longer in the file, kept in the lock because they were paid for: {names}{rest}."
