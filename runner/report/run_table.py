"""The table of what a run did: a row an outcome, or a row for many cells with the same result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.result import Result
from runner.report.faults import fault_of
from runner.report.numbers import Sum, usd
from runner.report.table import folded, folded_name, folded_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from runner.records.outcome import Outcome
    from runner.report.records import Style

_PLACED = {Result.MADE, Result.RESTORED, Result.MASTERED}


def outcome_rows(
    outcomes: Iterable[Outcome], numbers: Mapping[str, tuple[int, ...]], style: Style
) -> Iterator[tuple[str, ...]]:
    """Yield a row for each outcome, and one for many cells that follow each other with the same result."""
    for cells in folded(outcomes, lambda outcome: outcome.name, _shared, style=style):
        yield outcome_row(cells, numbers)


def outcome_row(outcomes: tuple[Outcome, ...], numbers: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    """Return the row of one outcome, or of many cells with the same result: sums, and from the least to the greatest.

    `numbers` are those of the takes of each roll, by the name of its outcome.
    """
    first = outcomes[0]
    entries = [outcome.entry for outcome in outcomes if outcome.entry] if first.result in _PLACED else []
    shown = [take for entry in entries for take in (entry.takes if first.roll else (entry.heard,)) if take]
    spent = [outcome.spent_usd for outcome in outcomes if outcome.result.may_have_paid or outcome.spent_usd != 0]
    paths = [entry.output.path for entry in entries if entry.output]
    return (
        folded_name([outcome.name for outcome in outcomes]),
        first.result,
        str(sum(len(entry.takes) for entry in entries) or ""),
        _span([take.seconds for take in shown], " s"),
        _span([take.measured.lufs for take in shown if take.measured.lufs is not None]),
        usd(Sum.of(spent).total) if spent else "",
        folded_text(paths) or _numbers(numbers.get(first.name, ())),
    )


def _shared(outcome: Outcome) -> Hashable:
    """Return what cells have to have in common to be one row; a roll, and one that is not done, has its own."""
    is_plain = fault_of(outcome.result) is None and not outcome.roll
    return (outcome.result, outcome.model) if is_plain else outcome.name


def _numbers(numbers: Sequence[int]) -> str:
    """Return by which numbers takes are chosen."""
    if len(numbers) < 2:
        return "".join(f"take {number}" for number in numbers)
    return f"takes {numbers[0]} to {numbers[-1]}"


def _span(values: Sequence[float], unit: str = "") -> str:
    """Return one value, or the least and the greatest of several."""
    if not values:
        return ""
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"
