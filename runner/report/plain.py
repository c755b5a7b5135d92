"""The report of a verb that is not about jobs: data for programs, text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.records.source import Json
    from runner.report.records import Style


def _no_text(_style: Style) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainReport:
    """What a verb found or did. `write` returns its text for stdout, `message` that for stderr."""

    verb: str
    content: Mapping[str, Json]
    write: Callable[[Style], str] = _no_text
    message: Callable[[Style], str] = _no_text
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return dict(self.content)

    def text(self, style: Style) -> str:
        """Return what people read on stdout."""
        return self.write(style)

    def messages(self, style: Style) -> str:
        """Return what people read on stderr beside it; nothing with -q when all went well."""
        return self.message(style) if self.exit_code or not style.quiet else ""
