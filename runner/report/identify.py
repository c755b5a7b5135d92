"""Which job an audio file is of, and what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from runner.frozen import dataclass
from runner.report.numbers import count
from runner.report.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.identity import Found, Identity
    from runner.records.source import Json
    from runner.report.records import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyReport:
    """What is known of one file. `entries` is how many submissions the lock has."""

    known: Identity
    lock: str
    entries: int
    verb: str = "identify"

    @property
    def exit_code(self) -> int:
        """Return 1 for a file that is not of this project."""
        return 0 if self.known.found else 1

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        known = self.known
        return {
            "file": known.file,
            "sha256": known.sha256,
            "lock": self.lock,
            "tags": {**known.tags},
            "found": [_data(item) for item in known.found],
        }

    def text(self, style: Style) -> str:
        """Return a line for each job that the file is of; then what is known of it."""
        return "\n".join(line for item in self.known.found for line in self._lines(item, style))

    def messages(self, style: Style) -> str:
        """Return what was looked for in vain, for stderr."""
        del style
        if self.known.found:
            return ""
        file, tags = clean(self.known.file), self.known.tags
        looked = f"no output and no take of {count(self.entries, 'submission')} in {clean(self.lock)} has the hash"
        parts = [f"{file} is not of this lock: {looked} {self.known.sha256[:16]}…"]
        if "job" in tags:
            model = f", made with {clean(tags['model'])}" if "model" in tags else ""
            parts.append(f"its tags say: job {clean(tags['job'])}{model}; that take is not in this lock")
        elif tags:
            parts.append("its tags name no job of Scorefile")
        else:
            parts.append("it has no tags")
        return "\n".join(parts)

    def _lines(self, item: Found, style: Style) -> Iterator[str]:
        entry, file = item.entry, clean(self.known.file)
        yield f"{file} is {_what(item)}"
        if style.quiet:
            return
        receipt, seed = entry.receipt, entry.request.get(entry.seed_param) if entry.seed_param else None
        facts = {
            "model": entry.model,
            "seed": None if seed is None else str(seed),
            "submitted": receipt.submitted_at if receipt else None,
            "price": f"${receipt.price_usd}" if receipt and receipt.price_usd is not None else None,
            "take": item.take.sha256,
            "output": entry.output.path if entry.output is not None and entry.placed is item.take else None,
        }
        yield from (f"  {name}: {clean(text)}" for name, text in facts.items() if text is not None)


def _what(item: Found) -> str:
    job = clean(item.entry.job)
    take = f"take {item.number}" if item.number is not None else "an earlier take"
    match item.by:
        case "output":
            output = item.entry.output
            is_finished = output is not None and output.finished is not None
            return f"the output of {job}, {'finished from ' if is_finished else ''}{take}"
        case "take":
            return f"{take} of {job}"
        case "tag":
            return f"finished from {take} of {job}, as its tags say; its bytes are not those of the output"
    assert_never(item.by)


def _data(item: Found) -> dict[str, Json]:
    entry = item.entry
    return {
        "by": item.by,
        "job": entry.job,
        "model": entry.model,
        "attempt": entry.attempt,
        "number": item.number,
        "take": item.take.sha256,
        "submitted_at": entry.receipt.submitted_at if entry.receipt else None,
        "output": None if entry.output is None or entry.placed is not item.take else entry.output.path,
    }
