"""Compute what one submission may cost, or that it is unknown."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from runner.frozen import replace
from runner.records.plan import Cost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.catalog import Price

_MICRO = Decimal("0.000001")


def cost(price: Price, *, takes: int, seconds: float | None, retries: int = 0) -> Cost:
    """Compute what a submission of `takes` takes costs in USD, and at worst with `retries` more.

    `seconds` is the requested length of each take; None when the model chooses it. Then a price per minute
    gives the estimate for the typical length, and a worst case only where a longest length is documented.
    """
    units, worst_units, words = _units(price, takes, seconds)
    tries = 1 + retries
    low = _times(price.usd, units)
    worst = _times(price.usd, None if worst_units is None else worst_units * tries)
    how = "price unknown" if price.usd is None else f"{words} × {_rate(price, price.usd)}"
    if price.usd and retries:
        how += f", up to {tries} times"
    return Cost(low=low, worst=worst, how=how, source=price.source, date=price.date)


def guarded(own: Cost, shipped: Cost, *, free: bool) -> Cost:
    """Return a cost by the project's prices whose worst case no project can lower.

    The higher worst case counts; 0 is believed of what is `free` alone, and is an unknown worst case otherwise.
    """
    if own.worst is None:
        return own
    known = shipped.low if shipped.worst is None else shipped.worst
    worst = own.worst if known is None else max(own.worst, known)
    return replace(own, worst=worst if worst or free else None)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add amounts up; one unknown makes the sum unknown."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _units(price: Price, takes: int, seconds: float | None) -> tuple[Decimal | None, Decimal | None, str]:
    """Count the units that are paid for: usually, at worst, and as text."""
    takes_words = f"{takes} take{'' if takes == 1 else 's'}"
    match price.per:
        case "request":
            return Decimal(1), Decimal(1), "1 request"
        case "take":
            return Decimal(takes), Decimal(takes), takes_words
        case "minute":
            usual = price.typical_minutes if seconds is None else seconds / 60
            worst = price.max_minutes if seconds is None else seconds / 60
            length = "? min" if usual is None else f"{usual:.4g} min"
            return _minutes(usual, takes), _minutes(worst, takes), f"{takes_words} × {length}"


def _minutes(minutes: float | None, takes: int) -> Decimal | None:
    return None if minutes is None else Decimal(str(minutes)) * takes


def _times(usd: Decimal | None, units: Decimal | None) -> Decimal | None:
    if usd is None or units is None:
        return None
    total = usd * units
    return total if total == total.quantize(Decimal("0.01")) else total.quantize(_MICRO, ROUND_HALF_UP)


def _rate(price: Price, usd: Decimal) -> str:
    return f"${usd}/min" if price.per == "minute" else f"${usd}"
