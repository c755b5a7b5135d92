"""A plan as people read it on a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.records.plan import Verb
from runner.report.finishing import second_stage
from runner.report.numbers import Sum, count, some, usd
from runner.report.reasons import why
from runner.report.style import clean, paint
from runner.report.table import aligned, folded, folded_name
from runner.report.totals import totals
from runner.report.verbs import SHOWN
from runner.report.width import wrapped

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from runner.records.plan import Action, Plan
    from runner.records.reasons import Change
    from runner.records.source import Json
    from runner.report.records import Style
    from runner.report.totals import Totals

_SHOWN = 60
_NAMED = 3
"""How many jobs the question before spending names."""


def plan_text(todo: Plan, style: Style) -> str:
    """Return a line a job, what changed below it, the sums last.

    Unchanged jobs are a count unless `style.verbose`; cells of one matrix that say the same are one line with their sum,
    unless `style.wide` or `style.verbose`.
    """
    sums = totals(todo)
    if style.quiet:
        blocked = [item for item in todo.actions if item.verb is Verb.BLOCKED]
        return "\n".join([*(clean(f"{item.request.name}: {why(item.reason)}") for item in blocked), summary(sums)])
    shown = [action for action in todo.actions if style.verbose or action.verb is not Verb.REUSE]
    lines = list(_lines([*shown, *todo.collect], style))
    folded = len(todo.actions) - len(shown)
    if folded:
        lines.append(paint(f"= {count(folded, 'job')} up to date", "dim", on=style.color))
    if todo.orphans:
        names = ", ".join(todo.orphans) if style.verbose else some(todo.orphans, 12)
        lines += [
            "",
            f"no longer in the file, kept in the lock because they were paid for: {clean(names)} (scorefile forget)",
        ]
    lines += replaced_profiles(todo)
    return "\n".join([*lines, "", *_sums(sums, style)])


def replaced_profiles(todo: Plan) -> list[str]:
    """Return a line for each profile whose outputs a run replaces, with the jobs by name."""
    profiles = sorted({action.replaces for action in todo.actions if action.replaces is not None})
    jobs = {name: [item.request.job for item in todo.actions if item.replaces == name] for name in profiles}
    return [clean(f"replaces what profile {name} placed: {some(jobs[name], 12)}") for name in profiles]


def summary(sums: Totals) -> str:
    """Return a plan in one line: how many of each, and the sum."""
    return f"{sums.jobs_text}; {sums.takes_text}; {sums.cost_text}"


def spending_question(spending: Sequence[Action]) -> str:
    """Return the question before money is spent on these actions: the most it can cost, and the jobs by name."""
    worst = Sum.of(action.cost.worst for action in spending)
    names = [clean(action.request.name) for action in spending]
    more = len(names) - _NAMED
    jobs = f"{', '.join(names[:_NAMED])}{f' and {more} more' if more > 0 else ''}"
    if not worst.unknown:
        return f"Spend up to {usd(worst.known)} on {jobs}?"
    least = f"{usd(worst.known)} and more" if worst.known else "an unknown amount"
    return f"Spend {least}, without an upper limit, on {jobs}?"


def price(action: Action) -> str:
    """Return what an action costs and how that came about; empty when it makes nothing."""
    low, worst = action.cost.low, action.cost.worst
    if not action.verb.makes:
        return ""
    if low is None:
        return "price unknown"
    span = f"about {usd(low)}, no upper limit" if worst is None else f"{usd(low)} to {usd(worst)}"
    span = usd(low) if low == worst else span
    return f"{span} ({clean(action.cost.how)})" if low and action.cost.how else span


def differing(old: str, new: str) -> tuple[str, str]:
    """Cut two long texts down to where they differ."""
    if len(old) <= _SHOWN and len(new) <= _SHOWN:
        return old, new
    start = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    begin = max(0, start - 12)

    def cut(text: str) -> str:
        piece = text[begin : begin + _SHOWN]
        return ("…" if begin else "") + piece + ("…" if begin + _SHOWN < len(text) else "")

    return cut(old), cut(new)


def change_words(change: Change) -> tuple[str, str]:
    """Return old and new value of a change, each on one short line. A text that is cut keeps both its quotes."""
    old, new = differing(_bare(change.old), _bare(change.new))
    return _quoted(change.old, clean(old)), _quoted(change.new, clean(new))


def _bare(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text[1:-1] if isinstance(value, str) else text


def _quoted(value: Json, text: str) -> str:
    return f'"{text}"' if isinstance(value, str) else text


def _lines(actions: list[Action], style: Style) -> Iterator[str]:
    """Yield a line an action, or one for many cells that say the same, each with its changes below it."""
    rows = list(folded(actions, _job, _said, style=style))
    laid = aligned([_row(cells) for cells in rows], style, taken=2)
    for cells, line in zip(rows, laid, strict=True):
        shown = SHOWN[cells[0].verb]
        yield f"{paint(shown.sign, shown.role, on=style.color)} {line}"
        yield from _change_lines(cells[0])


def _row(cells: tuple[Action, ...]) -> tuple[str, ...]:
    first = cells[0]
    cost = price(first) if len(cells) == 1 else _subtotal(cells)
    return (folded_name([_job(cell) for cell in cells]), first.request.model.id, cost, _why(first))


def _subtotal(cells: tuple[Action, ...]) -> str:
    """Return what cells with the same price cost together: `$0.96 (12 × $0.08)`."""
    each = price(cells[0]).partition(" (")[0]
    low = cells[0].cost.low
    if not low or low != cells[0].cost.worst:
        return f"each {each}" if each else ""
    return f"{usd(low * len(cells))} ({len(cells):,} × {each})"


def _job(action: Action) -> str:
    return action.request.name


def _said(action: Action) -> Hashable:
    """Return all that a line says of an action but for the name of its job."""
    return (action.verb, action.request.model.id, _why(action), price(action), *_change_lines(action))


def _why(action: Action) -> str:
    """Return why an action is there, and what follows when its audio is."""
    return "; ".join(filter(None, (why(action.reason), second_stage(action))))


def _change_lines(action: Action) -> Iterator[str]:
    for change in action.changes:
        old, new = change_words(change)
        place = f"  ({clean(str(change.mark))})" if change.mark else ""
        yield f"    {clean(change.field)}: {old} → {new}{place}"


def _sums(sums: Totals, style: Style) -> Iterator[str]:
    yield paint(wrapped(summary(sums), style.width), "strong", on=style.color)
    said = "; ".join(filter(None, [sums.music_text, clean(sums.source_text)]))
    if said:
        yield wrapped(said, style.width)
