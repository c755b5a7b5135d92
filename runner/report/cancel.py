"""Which jobs were cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.result import Result
from runner.report.numbers import count
from runner.report.style import clean

if TYPE_CHECKING:
    from runner.records.source import Json
    from runner.report.records import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelResult:
    """Whether one submission was cancelled, and what that means or why not."""

    name: str
    done: bool
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReport:
    """The result for every submission that was to be cancelled."""

    results: tuple[CancelResult, ...]
    verb: str = "cancel"

    @property
    def exit_code(self) -> int:
        """0 when all were cancelled."""
        return 0 if all(item.done for item in self.results) else Result.FAILED.exit_code

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {"jobs": [{"job": item.name, "cancelled": item.done, "message": item.meaning} for item in self.results]}

    def text(self, style: Style) -> str:
        """Return a line each; with `style.quiet`, what was not cancelled and how many were."""
        if not style.quiet:
            return "\n".join(map(_words, self.results))
        done = sum(item.done for item in self.results)
        failed = [_words(item) for item in self.results if not item.done]
        return "\n".join([*failed, f"{done:,} of {count(len(self.results), 'job')} cancelled"])

    def messages(self, style: Style) -> str:
        """Return nothing for stderr."""
        del style
        return ""


def _words(item: CancelResult) -> str:
    return clean(f"{item.name}: {'cancelled' if item.done else 'not cancelled'}; {item.meaning}")
