"""What a command reports, whatever the format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.records.source import Json, Mark

Level: TypeAlias = Literal["error", "warning", "notice"]
State: TypeAlias = Literal["passed", "failed", "error", "skipped"]


def _no_lines(_file: str, _line: int) -> str | None:
    return None


def _as_typed(file: str) -> str:
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a report is to look.

    `line_of(file, line)` returns a line of a source file, or None; `relative` turns a file as the user typed it into
    its path below the root of the repository, which is what code hosts expect. `width` is how many columns the terminal
    has; None where there is no terminal. With `wide` every row is shown, and none is cut.
    """

    color: bool = False
    verbose: int = 0
    quiet: bool = False
    width: int | None = None
    wide: bool = False
    line_of: Callable[[str, int], str | None] = _no_lines
    relative: Callable[[str], str] = _as_typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a person should look at. `rule` is an SF code, or a word of `findings.RULES`."""

    rule: str
    level: Level
    message: str
    mark: Mark | None = None
    notes: tuple[str, ...] = ()
    """What is allowed, where the value comes from, the remedy: a line each."""
    reach: int = 1
    """How many jobs it touches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One job, as a test report shows it."""

    name: str
    group: str
    state: State = "passed"
    kind: str = ""
    message: str = ""
    notes: tuple[str, ...] = ()
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A markdown page whose table can be cut: `head`, one line a row, `foot`; a cut says how many `noun` are left out."""

    head: str
    table: str = ""
    rows: tuple[str, ...] = ()
    noun: str = "row"
    foot: str = ""


class Report(Protocol):
    """What one command found or did: enough for the formats text and json."""

    @property
    def verb(self) -> str:
        """The command's name."""
        ...

    @property
    def exit_code(self) -> int:
        """The exit code that goes with it."""
        ...

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        ...

    def text(self, style: Style) -> str:
        """Return what people read on stdout."""
        ...

    def messages(self, style: Style) -> str:
        """Return what people read on stderr beside it."""
        ...


class FindingsReport(Report, Protocol):
    """A report about jobs or files, which every format can show."""

    @property
    def name(self) -> str:
        """The pipeline's name, or its file."""
        ...

    @property
    def files(self) -> tuple[str, ...]:
        """The pipeline files it is about, as typed."""
        ...

    @property
    def ran(self) -> bool:
        """Say whether the command did its work, whatever it found."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """Return what a person should look at, in the order found."""
        ...

    def cases(self) -> tuple[Case, ...]:
        """Return one case a job."""
        ...

    def page(self) -> Page:
        """Return the markdown page."""
        ...
