"""The sums of a plan: jobs, takes, music and money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.plan.decide import requested_seconds
from runner.report.numbers import Sum, count, usd
from runner.report.verbs import SHOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.plan import Plan, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a plan adds up to."""

    verbs: Mapping[Verb, int]
    takes: int
    seconds: float
    own_length: int
    """How many jobs to make whose model chooses the length."""
    low: Sum
    worst: Sum
    sources: tuple[tuple[str, str], ...]
    """Where prices come from, and of which date."""

    @property
    def jobs_text(self) -> str:
        """`3 to make, 1 to make anew, 12 up to date`."""
        parts = [f"{self.verbs[verb]:,} {shown.summed}" for verb, shown in SHOWN.items() if self.verbs.get(verb)]
        return ", ".join(parts) or "nothing asked"

    @property
    def takes_text(self) -> str:
        """`4 new takes`."""
        return count(self.takes, "new take")

    @property
    def music_text(self) -> str:
        """`180 seconds of music`, and how many lengths are open; empty when nothing is made."""
        if not self.takes:
            return ""
        seconds = f"{count(round(self.seconds), 'second')} of music"
        if not self.own_length:
            return seconds
        choose = f"{count(self.own_length, 'job')} of a length that the model chooses"
        return f"{seconds} and {choose}" if self.seconds else choose

    @property
    def cost_text(self) -> str:
        """`$0.20, at worst $0.60, and 1 job of unknown price`; what is unknown stays unknown."""
        if not self.low.unknown and self.worst.unknown:
            return f"{self.low}, at worst unknown"
        if not self.low.known and self.low.unknown:
            return str(self.low)
        open_end = self.worst.unknown > self.low.unknown
        most = "unknown" if open_end else usd(self.worst.known)
        worst = f", at worst {most}" if open_end or self.worst.known != self.low.known else ""
        more = (
            f"{',' if worst else ''} and {count(self.low.unknown, 'job')} of unknown price" if self.low.unknown else ""
        )
        return f"{usd(self.low.known)}{worst}{more}"

    @property
    def source_text(self) -> str:
        """`prices: https://… of 2026-11-21`; empty when nothing has a price."""
        said = [f"{source} of {date}" if date else source for source, date in self.sources]
        more = f" and {len(said) - 2} more" if len(said) > 2 else ""
        return f"prices: {', '.join(said[:2])}{more}" if said else ""


def totals(todo: Plan) -> Totals:
    """Add a plan up."""
    making = [action for action in todo.actions if action.verb.makes]
    lengths = [(requested_seconds(action.request), action.request.takes) for action in making]
    return Totals(
        verbs=Counter(action.verb for action in todo.actions),
        takes=sum(action.request.takes for action in making),
        seconds=sum(seconds * takes for seconds, takes in lengths if seconds is not None),
        own_length=sum(seconds is None for seconds, _ in lengths),
        low=Sum.of(action.cost.low for action in todo.actions),
        worst=Sum.of(action.cost.worst for action in todo.actions),
        sources=tuple(dict.fromkeys((a.cost.source, a.cost.date) for a in making if a.cost.source and a.cost.low)),
    )
