"""Whether journal, lock and store are as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.frozen import dataclass
from runner.report.style import clean
from runner.report.table import table

if TYPE_CHECKING:
    from runner.records.source import Json
    from runner.report.records import Style

_HEAD = ("CHECK", "STATE", "DETAIL")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCheck:
    """One part of a project's state: `journal`, `lock` or `store`."""

    what: str
    sound: bool
    detail: str

    @property
    def state(self) -> str:
        """The state in one word."""
        return "ok" if self.sound else "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectReport:
    """Every part of a project's state."""

    checks: tuple[StateCheck, ...]
    verb: str = "doctor"

    @property
    def exit_code(self) -> int:
        """3 when something is damaged."""
        return 0 if all(item.sound for item in self.checks) else StateError.exit_code

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {"checks": [{"what": item.what, "state": item.state, "detail": item.detail} for item in self.checks]}

    def text(self, style: Style) -> str:
        """Return a line a part; with `style.quiet`, only what is damaged and a closing line."""
        damaged = [item for item in self.checks if not item.sound]
        if style.quiet:
            lines = [clean(f"{item.what}: {item.detail}") for item in damaged]
            return "\n".join([*lines, f"{len(damaged)} of {len(self.checks)} damaged"])
        return "\n".join(table(_HEAD, map(_row, self.checks), style))

    def messages(self, style: Style) -> str:
        """Return nothing for stderr."""
        del style
        return ""


def _row(item: StateCheck) -> tuple[str, ...]:
    return (item.what, item.state, item.detail)
