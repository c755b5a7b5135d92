"""Which key goes to which host, and whether that was agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from runner.errors import UntrustedError
from runner.frozen import dataclass
from runner.report.numbers import count
from runner.report.table import table

if TYPE_CHECKING:
    from runner.records.source import Json
    from runner.report.records import Style

State: TypeAlias = Literal["free", "trusted", "asks"]
WORDS: dict[State, str] = {
    "free": "needs no agreement",
    "trusted": "agreed to",
    "asks": "not agreed to",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRow:
    """One binding: `said_by` is the project's file behind it, empty for a shipped one."""

    provider: str
    variable: str | None
    url: str
    said_by: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustReport:
    """Every binding of a project; `agreed` counts those that were agreed to just now."""

    rows: tuple[TrustRow, ...]
    name: str
    agreed: int = 0
    verb: str = "trust"

    @property
    def exit_code(self) -> int:
        """7 while a binding is not agreed to."""
        return UntrustedError.exit_code if self.asking else 0

    @property
    def asking(self) -> tuple[TrustRow, ...]:
        """The bindings that nobody has agreed to."""
        return tuple(row for row in self.rows if row.state == "asks")

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        rows = [
            {name: getattr(row, name) for name in ("provider", "variable", "url", "said_by", "state")}
            for row in self.rows
        ]
        return {"bindings": rows, "agreed": self.agreed}

    def text(self, style: Style) -> str:
        """Return a table with one line per binding."""
        rows = [
            (row.provider, f"{row.variable or 'no key'} → {row.url}", row.said_by or "shipped, or your environment")
            for row in self.rows
        ]
        states = [WORDS[row.state] for row in self.rows]
        lines = [(*row, state) for row, state in zip(rows, states, strict=True)]
        return "\n".join(table(("PROVIDER", "KEY → HOST", "SAID BY", "STATE"), lines, style))

    def messages(self, style: Style) -> str:
        """Return what was agreed to, or what is left to do."""
        if self.asking:
            many = count(len(self.asking), "binding")
            return f"{many} not agreed to\n\nhelp: check each host and its variable, then add --yes"
        return "" if style.quiet or not self.agreed else f"{count(self.agreed, 'binding')} agreed to"
