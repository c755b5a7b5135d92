"""scorefile plan"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.records import Action, Plan

SIGNS = {
    "reuse": "=",
    "restore": ">",
    "resume": ">",
    "generate": "+",
    "regenerate": "~",
    "remaster": "~",
    "blocked": "!",
}


@click.command("plan")
@options.words
@options.profile
@options.variables
@options.rehearse
@options.force
@options.choosing
@options.output_format
@click.option("--detailed-exitcode", is_flag=True, help="0 no change, 1 error, 2 changes.")
def command(
    words: tuple[str, ...], *, rehearse: bool, format_: str, detailed_exitcode: bool, failed: bool, **rest: Any
) -> int:
    """Say what would be done, why, and what it costs. Spends nothing and needs no key."""
    from runner.errors import ScorefileError
    from runner.workflow import check, only_failed, plan

    try:
        ask = options.ask_from(words, rehearse=rehearse, **rest)
        checked = check(ask)
        todo = plan(checked, only_failed(ask, checked) if failed else ask)
    except ScorefileError as error:
        if not detailed_exitcode:
            raise
        from runner.cli.show import show_error

        show_error(error)
        return 1
    print_plan(todo, format_)
    changes = any(action.verb not in ("reuse", "restore") for action in todo.actions)
    return 2 if detailed_exitcode and changes else 0


def print_plan(todo: Plan, format_: str) -> None:
    """Print a plan: a line a job, what changed below it, the sums last."""
    from runner.cli.show import print_json

    if format_ == "json":
        print_json(plan_json(todo))
        return
    for action in (*todo.actions, *todo.collect):
        for line in _lines(action):
            click.echo(line)
    if todo.orphans:
        click.echo(f"\nin the lock, not in the file: {', '.join(todo.orphans)} (kept: these are receipts)")
    click.echo(f"\n{summary(todo)}")


def summary(todo: Plan) -> str:
    """Return the last line of a plan: how many of each, and the sum."""
    from runner.cli.show import count, usd

    verbs = [action.verb for action in todo.actions]
    names = {
        "generate": "to make",
        "regenerate": "to make anew",
        "resume": "to finish",
        "restore": "to restore",
        "reuse": "up to date",
        "blocked": "blocked",
    }
    parts = [f"{verbs.count(verb)} {name}" for verb, name in names.items() if verb in verbs]
    takes = sum(action.request.takes for action in todo.actions if action.verb in ("generate", "regenerate"))
    unknown = sum(action.cost.worst is None for action in todo.actions)
    known = sum((action.cost.low for action in todo.actions if action.cost.low is not None), start=_zero())
    cost = usd(todo.low) if todo.low is not None else f"{usd(known)} and {count(unknown, 'job')} of unknown price"
    worst = f", at worst {usd(todo.worst)}" if todo.worst is not None and todo.worst != todo.low else ""
    return f"{', '.join(parts) or 'nothing asked'}; {count(takes, 'new take')}; {cost}{worst}"


def _zero() -> Any:
    from decimal import Decimal

    return Decimal(0)


def _lines(action: Action) -> list[str]:
    from runner.cli.show import short, usd

    price = ""
    if action.verb in ("generate", "regenerate"):
        how = f" ({action.cost.how})" if action.cost.how and action.cost.low else ""
        price = f"  {usd(action.cost.low)}{how}"
    reason = action.reason or ", ".join(change.field for change in action.changes) + " changed"
    lines = [f"{SIGNS[action.verb]} {action.request.job}  {action.request.card.id}  {reason}{price}"]
    for change in action.changes:
        old, new = _differing(short(change.old, 200), short(change.new, 200))
        place = f"  ({change.mark})" if change.mark else ""
        lines.append(f"    {change.field}: {old} → {new}{place}")
    return lines


def _differing(old: str, new: str) -> tuple[str, str]:
    """Cut two long texts down to where they differ."""
    limit = 60
    if len(old) <= limit and len(new) <= limit:
        return old, new
    start = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    begin = max(0, start - 12)

    def cut(text: str) -> str:
        piece = text[begin : begin + limit]
        return ("…" if begin else "") + piece + ("…" if begin + limit < len(text) else "")

    return cut(old), cut(new)


def plan_json(todo: Plan) -> dict[str, Any]:
    """Return a plan as data."""
    from runner.cli.show import mark_json

    def amount(value: object) -> str | None:
        return None if value is None else str(value)

    return {
        "actions": [
            {
                "job": action.request.job,
                "model": action.request.card.id,
                "verb": action.verb,
                "reason": action.reason,
                "changes": [
                    {"field": item.field, "old": item.old, "new": item.new, "place": mark_json(item.mark)}
                    for item in action.changes
                ],
                "cost": {
                    "low_usd": amount(action.cost.low),
                    "worst_usd": amount(action.cost.worst),
                    "how": action.cost.how,
                    "source": action.cost.source,
                    "date": action.cost.date,
                },
            }
            for action in todo.actions
        ],
        "low_usd": amount(todo.low),
        "worst_usd": amount(todo.worst),
        "orphans": list(todo.orphans),
    }
