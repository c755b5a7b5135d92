"""The journal's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.report.numbers import count
from runner.report.table import table

if TYPE_CHECKING:
    from runner.records.source import Json
    from runner.records.submission import Event
    from runner.report.records import Style

_HEAD = ("TIME", "JOB", "ATTEMPT", "PHASE", "DETAIL")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReport:
    """When each job was submitted, answered, fetched and placed."""

    rows: tuple[Event, ...]
    verb: str = "log"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return the rows without the raw answers."""
        return {"events": [_data(row) for row in self.rows]}

    def text(self, style: Style) -> str:
        """Return a line a row; with `style.quiet`, how many there are."""
        if not self.rows:
            return "the journal is empty"
        if style.quiet:
            return count(len(self.rows), "row")
        return "\n".join(table(_HEAD, map(_row, self.rows), style))

    def messages(self, style: Style) -> str:
        """Return nothing for stderr."""
        del style
        return ""


def _row(row: Event) -> tuple[str, ...]:
    data = row.data
    detail = data.get("message") or data.get("request_id") or data.get("path") or data.get("model") or ""
    return (row.at, row.job, row.attempt[:6], row.phase.value, str(detail))


def _data(row: Event) -> dict[str, Json]:
    kept = {name: value for name, value in row.data.items() if name != "reply"}
    return {"at": row.at, "job": row.job, "attempt": row.attempt, "phase": row.phase.value, "data": kept}
