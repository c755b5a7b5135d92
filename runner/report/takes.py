"""The takes of jobs: what each one is, and where its audio was written."""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from runner.frozen import dataclass
from runner.records.rating import mean_stars
from runner.report.commands import command_line
from runner.report.finishing import finished_data
from runner.report.numbers import count, usd
from runner.report.style import clean
from runner.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.approval import Approval
    from runner.records.lock import Entry, Take
    from runner.records.rating import Rating
    from runner.records.source import Json
    from runner.report.records import Style

_HEAD = ("JOB", "TAKE", "ROLL", "SEED", "LENGTH", "LUFS", "PEAK", "PRICE", "PICKED", "APPROVED", "HASH")
_RATED = ("STARS", "NOTES")
"""The columns of a list in which somebody rated a take, or wrote a note."""
_FAILED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTake:
    """One take of a job, as a person chooses it. `is_picked`: the lock has it as the choice of a person."""

    IN_THE_WAY: ClassVar[str] = "a different file is there, and was left alone"
    MISSING: ClassVar[str] = "its audio is not in the store"

    job: str
    number: int
    entry: Entry
    take: Take
    is_picked: bool
    approvals: tuple[Approval, ...]
    ratings: tuple[Rating, ...]

    @property
    def is_placed(self) -> bool:
        """Whether it is at the output."""
        return self.entry.placed is self.take

    @property
    def notes(self) -> tuple[Approval | Rating, ...]:
        """What people wrote about it."""
        words: tuple[Approval | Rating, ...] = (*self.ratings, *self.approvals)
        return tuple(word for word in words if word.note)

    @property
    def seed(self) -> Json:
        """The seed that its provider told, else the one that was sent; None where there is none."""
        sent = None if self.entry.seed_param is None else self.entry.request.get(self.entry.seed_param)
        return sent if self.take.seed is None else self.take.seed


@dataclass(frozen=True, slots=True, kw_only=True)
class TakesReport:
    """Takes, and for those that were exported the name of the file or why there is none, by their place in the list."""

    takes: tuple[ListedTake, ...]
    exported: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    folder: str | None = None
    file: str | None = None
    rehearsal: bool = False
    verb: str = "takes"

    @property
    def exit_code(self) -> int:
        """5 when the audio of some could not be exported."""
        return _FAILED if any(map(_is_failure, self.exported.values())) else 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {
            "rehearsal": self.rehearsal,
            "folder": self.folder,
            "takes": [self._take(place, item) for place, item in enumerate(self.takes)],
        }

    def _take(self, place: int, item: ListedTake) -> dict[str, Json]:
        take, receipt, became = item.take, item.entry.receipt, self.exported.get(place)
        return {
            "job": item.job,
            "number": item.number,
            "roll": item.entry.roll,
            "seed": item.seed,
            "model": item.entry.model,
            "seconds": take.seconds,
            "lufs": take.measured.lufs,
            "true_peak_dbtp": take.measured.true_peak_dbtp,
            "price_usd": None if receipt is None else receipt.price_usd,
            "placed": item.is_placed,
            "picked": item.is_picked,
            "approved_by": [word.by for word in item.approvals],
            "stars": mean_stars(item.ratings),
            "approvals": [{"by": word.by, "at": word.at, "note": word.note} for word in item.approvals],
            "ratings": [
                {"by": word.by, "at": word.at, "stars": word.stars, "note": word.note} for word in item.ratings
            ],
            "sha256": take.sha256,
            "bytes": take.bytes,
            "media_type": take.media_type,
            "finished": finished_data(item.entry) if item.is_placed else None,
            "exported": became if became is not None and not _is_failure(became) else None,
            "message": became if became is not None and _is_failure(became) else None,
        }

    def text(self, style: Style) -> str:
        """Return a line a take; with `style.quiet`, only what could not be exported."""
        if style.quiet:
            return "\n".join(self._failures())
        if not self.takes:
            return "nothing made yet"
        head = _HEAD + _RATED if any(item.ratings or item.notes for item in self.takes) else _HEAD
        return "\n".join(table(head, (row[: len(head)] for row in chain.from_iterable(map(_rows, self.takes))), style))

    def messages(self, style: Style) -> str:
        """Return what was exported and what was not, and how to choose."""
        written = sum(not _is_failure(name) for name in self.exported.values())
        lines = [] if self.folder is None else [f"{count(written, 'take')} in {self.folder}"]
        lines += [] if style.quiet else self._failures()
        if self.takes and not style.quiet:
            choose = command_line("pick", "JOB", "TAKE", self.file, rehearse=self.rehearsal)
            lines += ["", f"help: {choose} chooses one"]
        return "\n".join(map(clean, lines)).lstrip("\n")

    def _failures(self) -> Iterator[str]:
        for place, became in self.exported.items():
            if _is_failure(became):
                item = self.takes[place]
                yield clean(f"take {item.number} of {item.job}: {became}")


def _is_failure(became: str) -> bool:
    return became in (ListedTake.IN_THE_WAY, ListedTake.MISSING)


def _rows(item: ListedTake) -> Iterator[tuple[str, ...]]:
    """Yield a line for a take, and one below it for the finished file where it became one."""
    yield _row(item)
    finished = item.entry.heard if item.is_placed else None
    if finished is not None and finished is not item.take:
        yield (item.job, "finished", "", "", *_measures(finished), "", "", "", finished.sha256[:12], "", "")


def _measures(take: Take) -> tuple[str, str, str]:
    lufs, peak = take.measured.lufs, take.measured.true_peak_dbtp
    return (f"{take.seconds:.1f} s", "" if lufs is None else f"{lufs:.1f}", "" if peak is None else f"{peak:.1f}")


def _row(item: ListedTake) -> tuple[str, ...]:
    take, receipt, stars = item.take, item.entry.receipt, mean_stars(item.ratings)
    price = None if receipt is None or receipt.price_usd is None else Decimal(receipt.price_usd)
    return (
        item.job,
        f"{item.number}{' *' if item.is_placed else ''}",
        str(item.entry.roll or ""),
        "" if item.seed is None else str(item.seed),
        *_measures(take),
        usd(price) if take.number == 1 and price is not None else "",
        "yes" if item.is_picked else "",
        ", ".join(word.by for word in item.approvals),
        take.sha256[:12],
        "" if stars is None else f"{stars:g}",
        " ".join("; ".join(f"{word.by}: {word.note}" for word in item.notes).split()),
    )
