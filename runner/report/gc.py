"""What a state folder holds that nothing names, by kind, and what is kept and why."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.disk import Room, Unneeded
from runner.report.commands import command_line
from runner.report.numbers import Sum, count, duration, size, usd
from runner.report.style import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.disk import PaidTake
    from runner.records.source import Json
    from runner.report.records import Style

WORDS: Mapping[Unneeded, str] = {
    Unneeded.FREE: "free takes, made here",
    Unneeded.FINISHED: "finished files of earlier settings",
    Unneeded.ANSWER: "answers of providers, no longer needed",
    Unneeded.PICTURE: "pictures of earlier takes, for pages",
    Unneeded.REHEARSAL: "files of rehearsals",
    Unneeded.QUARANTINE: "files in quarantine",
    Unneeded.PART: "unfinished downloads",
    Unneeded.PAID: "paid takes that no lock names",
    Unneeded.UNKNOWN: "files that no lock and no journal knows",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GcReport:
    """What was found, and whether it is deleted. `found` has kind and size of each file that nothing names."""

    file: str | None
    name: str
    found: tuple[tuple[Unneeded, int], ...]
    kept: Mapping[str, Room]
    """By whom it is kept for."""
    paid: tuple[PaidTake, ...]
    busy: tuple[str, ...]
    """Rehearsals that are running: their files stay."""
    deleted: bool
    with_paid: bool
    verb: str = "gc"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {
            "file": self.name,
            "deleted": self.deleted,
            "unneeded": [
                {"kind": kind.value, "drops": self._drops(kind), "files": room.files, "bytes": room.bytes}
                for kind, room in self._rooms().items()
            ],
            "kept": [{"by": by, "files": room.files, "bytes": room.bytes} for by, room in sorted(self.kept.items())],
            "paid": [
                {
                    "sha256": take.sha256,
                    "job": take.job,
                    "model": take.model,
                    "seconds": take.seconds,
                    "bytes": take.bytes,
                    "price_usd": take.price_usd,
                }
                for take in self.paid
            ],
            "busy": [*self.busy],
        }

    def text(self, style: Style) -> str:
        """Return a line a kind and a closing line; with `style.verbose`, for whom the rest is kept."""
        lines = [] if style.quiet else [*self._kinds(), *self._paid(), *self._kept(style)]
        return "\n".join([*lines, *[""] * bool(lines), self._sum()])

    def messages(self, style: Style) -> str:
        """Return what is left to decide, for stderr."""
        if style.quiet:
            return ""
        told = [clean(f"the rehearsal of {name} is running, so its files stay") for name in self.busy]
        command = command_line("gc", self.file)
        held = any(kind.needs_word for kind, _ in self.found) and not self.with_paid
        if not self.deleted and self._dropped().files:
            told.append(f"help: {command} --yes deletes them")
        if held:
            told.append(f"help: {command} --yes --paid deletes what may have been paid for, too")
        return "\n".join(told)

    def _rooms(self) -> dict[Unneeded, Room]:
        rooms = {kind: Room.of(size for other, size in self.found if other is kind) for kind in Unneeded}
        return {kind: room for kind, room in rooms.items() if room.files}

    def _drops(self, kind: Unneeded) -> bool:
        return self.with_paid or not kind.needs_word

    def _dropped(self) -> Room:
        return Room.of(size for kind, size in self.found if self._drops(kind))

    def _kinds(self) -> list[str]:
        done = "deleted" if self.deleted else "to delete"
        return [
            f"{WORDS[kind]}: {count(room.files, 'file')} {done if self._drops(kind) else 'kept'}, {size(room.bytes)}"
            for kind, room in self._rooms().items()
        ]

    def _paid(self) -> list[str]:
        if not self.paid:
            return []
        known = Sum.of(None if take.price_usd is None else Decimal(take.price_usd) for take in self.paid)
        more = f" and {count(known.unknown, 'unknown price')}" if known.unknown else ""
        rows = [
            clean(
                f"  {take.job} ({take.model}, {duration(take.seconds)}): "
                f"{usd(None if take.price_usd is None else Decimal(take.price_usd))}, {take.sha256[:12]}"
            )
            for take in self.paid
        ]
        return [f"these takes cost {usd(known.known)}{more}, and are in this store alone as far as is known:", *rows]

    def _kept(self, style: Style) -> list[str]:
        if not style.verbose:
            return []
        return [
            clean(f"kept for {by}: {count(room.files, 'file')}, {size(room.bytes)}")
            for by, room in sorted(self.kept.items())
        ]

    def _sum(self) -> str:
        dropped, all_ = self._dropped(), [*self.kept.values(), Room.of(size for _, size in self.found)]
        files = sum(room.files for room in all_) - dropped.files
        bytes_ = sum(room.bytes for room in all_) - dropped.bytes
        done = "deleted" if self.deleted else "to delete"
        return (
            f"{count(dropped.files, 'file')} {done}, {size(dropped.bytes)}; {count(files, 'file')} kept, {size(bytes_)}"
        )
