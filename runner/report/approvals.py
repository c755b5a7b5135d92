"""What is not approved, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import NotApprovedError
from runner.report.commands import command_line
from runner.report.numbers import count

if TYPE_CHECKING:
    from runner.plan.approvals import Unapproved


def why_unapproved(item: Unapproved) -> str:
    """Return why an output is not approved, as one clause."""
    approved = "" if item.approved is None else f"{item.approved.by} approved {item.approved.sha256[:12]}"
    if item.take is None:
        made = "it is not here as the file says now"
        return f"{made}; {approved} before" if approved else made
    return f"take {item.take} is another one than {approved}" if approved else f"nobody approved take {item.take}"


def not_approved(items: tuple[Unapproved, ...], file: str | None) -> NotApprovedError:
    """Return the refusal of a release, with every job that is not approved."""
    verb = "is" if len(items) == 1 else "are"
    named = "; ".join(f"{item.job}: {why_unapproved(item)}" for item in items)
    missing = [item.job for item in items if item.take is None]
    approve = command_line("approve", file, *(item.job for item in items))
    first = (
        f"make {'it' if len(missing) == 1 else 'them'} first: {command_line('run', file, *missing)}; "
        if missing
        else ""
    )
    return NotApprovedError(
        f"{count(len(items), 'job')} {verb} not approved: {named}", help=f"{first}listen, then: {approve}"
    )
