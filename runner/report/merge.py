"""What `merge` joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.report.commands import quoted
from runner.report.numbers import count
from runner.report.style import clean

if TYPE_CHECKING:
    from runner.records.lock import Lock
    from runner.records.source import Json
    from runner.report.records import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One lock that was written, from these copies; `left_out` says why others could not be read."""

    path: str
    sources: tuple[str, ...]
    lock: Lock
    left_out: tuple[str, ...] = ()

    @property
    def to_choose(self) -> tuple[str, ...]:
        """The jobs for which different takes were picked."""
        return tuple(sorted(job for job in self.lock.picks if len(self.lock.chosen(job)) > 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReport:
    """The locks that were written; `resolves`: each had a conflict, which git does not know to be resolved yet."""

    merged: tuple[Merged, ...]
    resolves: bool = False
    verb: str = "merge"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {"merged": [_data(item) for item in self.merged]}

    def text(self, style: Style) -> str:  # noqa: ARG002 - the signature of every report
        """Return a line for each lock."""
        return "\n".join(clean(f"{item.path}: {_sum(item.lock)}, joined from {_sources(item)}") for item in self.merged)

    def messages(self, style: Style) -> str:
        """Return what is left to do."""
        warnings = [f"warning: {why}; it was left out" for item in self.merged for why in item.left_out]
        choices = [
            f"help: choose one: scorefile pick {quoted(job)} TAKE" for item in self.merged for job in item.to_choose
        ]
        if not self.merged:
            return "" if style.quiet else "no lock has a conflict"
        added = f"help: git add {' '.join(quoted(item.path) for item in self.merged)}"
        return "\n".join(map(clean, [*warnings, *choices, *[added] * (self.resolves and not style.quiet)]))


def _data(item: Merged) -> dict[str, Json]:
    return {
        "lock": item.path,
        "from": [*item.sources],
        "left_out": [*item.left_out],
        "jobs": len(item.lock.jobs),
        "submissions": len(item.lock.entries),
        "to_choose": [*item.to_choose],
    }


def _sum(lock: Lock) -> str:
    return f"{count(len(lock.entries), 'submission')} of {count(len(lock.jobs), 'job')}"


def _sources(item: Merged) -> str:
    return ", ".join(item.sources)
