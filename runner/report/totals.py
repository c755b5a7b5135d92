"""The sums of a plan: jobs, takes, music and money."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.report.numbers import Sum, count, duration, has, listed, usd
from runner.report.verbs import SHOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.plan import Plan, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums of a plan."""

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
        """`3 to make, 1 to make again, 12 up to date`."""
        parts = [f"{self.verbs[verb]:,} {shown.summed}" for verb, shown in SHOWN.items() if self.verbs.get(verb)]
        return ", ".join(parts) or "no jobs"

    @property
    def takes_text(self) -> str:
        """`4 new takes`."""
        return count(self.takes, "new take")

    @property
    def music_text(self) -> str:
        """`80 s of music, plus 7 jobs whose length the model chooses`; empty when nothing is made."""
        if not self.takes:
            return ""
        choose = f"{count(self.own_length, 'job')} whose length the model chooses" if self.own_length else ""
        if choose and not self.seconds:
            return choose
        return ", plus ".join(filter(None, [f"{duration(self.seconds)} of music", choose]))

    @property
    def cost_text(self) -> str:
        """`$0.20, at worst $0.60`, or `at least $1.62: 2 jobs have no known price, 1 has no upper limit`."""
        unpriced, endless = self.low.unknown, self.worst.unknown - self.low.unknown
        least, most = usd(self.low.known), usd(self.worst.known)
        if not unpriced:
            if endless:
                return f"about {least}, no upper limit"
            return least if self.low.known == self.worst.known else f"{least}, at worst {most}"
        why = [f"{count(unpriced, 'job')} {has(unpriced)} no known price"]
        if endless:
            why.append(f"{endless:,} {has(endless)} no upper limit")
        elif self.low.known != self.worst.known:
            why.append(f"the others cost {most} at worst")
        return f"at least {least}: {', '.join(why)}" if self.low.known else ", ".join(why)

    @property
    def source_text(self) -> str:
        """`prices: https://… of 2026-11-21`; empty when nothing has a price."""
        said = [f"{source} of {date}" if date else source for source, date in self.sources]
        return f"prices: {listed(said, 2)}" if said else ""


def totals(todo: Plan) -> Totals:
    """Add a plan up."""
    making = [action for action in todo.actions if action.verb.makes]
    lengths = [(action.request.seconds, action.request.takes) for action in making]
    return Totals(
        verbs=Counter(action.verb for action in todo.actions),
        takes=sum(action.request.takes for action in making),
        seconds=sum(seconds * takes for seconds, takes in lengths if seconds is not None),
        own_length=sum(seconds is None for seconds, _ in lengths),
        low=Sum.of(action.cost.low for action in todo.actions),
        worst=Sum.of(action.cost.worst for action in todo.actions),
        sources=tuple(dict.fromkeys((a.cost.source, a.cost.date) for a in making if a.cost.source and a.cost.low)),
    )
