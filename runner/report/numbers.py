"""Numbers, amounts and values as people read them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.source import Json


_STEP = 1000
"""Of one unit of size to the next: disks are sold in these."""


def usd(amount: Decimal | None) -> str:
    """Return an amount as people read it; an unknown one says so."""
    if amount is None:
        return "unknown"
    return f"${amount:,.2f}" if amount == round(amount, 2) else f"${amount.normalize():f}"


def count(number: int, noun: str) -> str:
    """Return `1 job`, `3 jobs`, `9,000 jobs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def has(number: int) -> str:
    """Return the verb that goes with a count: `1 job has`, `2 jobs have`."""
    return "has" if number == 1 else "have"


def duration(seconds: float) -> str:
    """Return a length of time as people read it: `80 s`, `6 min 40 s`, `3 h 10 min`."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def elapsed(seconds: float) -> str:
    """Return how long something took: `0.3 s`, `42 s`, `2 min 5 s`."""
    return f"{seconds:.1f} s" if seconds < 9.95 else duration(seconds)


def size(bytes_: int) -> str:
    """Return a number of bytes as people read it: `812 B`, `34.1 MB`, `1.1 GB`."""
    if bytes_ < _STEP:
        return f"{bytes_} B"
    amount = float(bytes_)
    for unit in ("kB", "MB", "GB"):
        amount /= _STEP
        if amount < _STEP - 0.05:
            return f"{amount:.1f} {unit}"
    return f"{amount / _STEP:,.1f} TB"


def short(value: Json, limit: int = 60) -> str:
    """Return a value on one line, cut to `limit` characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def some(names: Iterable[str], most: int = 3) -> str:
    """Join the first names with commas; an ellipsis says that there are more."""
    known = list(names)
    return ", ".join(known[:most]) + (" …" if len(known) > most else "")


def listed(names: Iterable[str], most: int = 3) -> str:
    """Join the first names with commas, and say how many more there are: `a, b, c and 5 more`."""
    known = list(names)
    more = len(known) - most
    return ", ".join(known[:most]) + (f" and {more:,} more" if more > 0 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """An amount in USD, and how many parts of it have no known price."""

    known: Decimal = Decimal(0)
    unknown: int = 0

    @classmethod
    def of(cls, amounts: Iterable[Decimal | None]) -> Sum:
        """Add amounts up; None counts as unknown."""
        parts = list(amounts)
        known = sum((part for part in parts if part is not None), Decimal(0))
        return cls(known=known, unknown=sum(part is None for part in parts))

    @property
    def total(self) -> Decimal | None:
        """The whole amount; None when a part is unknown."""
        return None if self.unknown else self.known
