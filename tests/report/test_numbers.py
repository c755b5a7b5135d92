"""Numbers, lengths and sums read as people write them: counts agree, dollars have cents, what is unknown says so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runner.report.numbers import Sum, duration, elapsed, listed, usd
from runner.report.totals import Totals


def totals_of(low: Sum, worst: Sum, *, seconds: float = 0.0, own_length: int = 0) -> Totals:
    return Totals(verbs={}, takes=1, seconds=seconds, own_length=own_length, low=low, worst=worst, sources=())


def sum_of(known: str, unknown: int = 0) -> Sum:
    return Sum(known=Decimal(known), unknown=unknown)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (80, "80 s"),
        (119.4, "119 s"),
        (120, "2 min"),
        (400, "6 min 40 s"),
        (3600, "1 h"),
        (10_800, "3 h"),
        (11_400, "3 h 10 min"),
        (3_600_000, "1,000 h"),
    ],
)
def test_a_length_of_time_has_its_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (0.3, "0.3 s"), (9.96, "10 s"), (42.4, "42 s"), (125, "2 min 5 s")]
)
def test_a_short_run_has_tenths_of_a_second(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("5", "$5.00"), ("0.1", "$0.10"), ("0.0050", "$0.005"), ("1234.5", "$1,234.50"), (None, "unknown")],
)
def test_dollars_have_cents(amount: str | None, text: str) -> None:
    assert usd(None if amount is None else Decimal(amount)) == text


@pytest.mark.parametrize(("names", "text"), [("", ""), ("abc", "a, b, c"), ("abcd", "a, b, c and 1 more")])
def test_a_long_list_says_how_many_more_there_are(names: str, text: str) -> None:
    assert listed(names) == text


@pytest.mark.parametrize(
    ("low", "worst", "text"),
    [
        (sum_of("0.20"), sum_of("0.20"), "$0.20"),
        (sum_of("0.20"), sum_of("0.60"), "$0.20, at worst $0.60"),
        (sum_of("0.60"), sum_of("0.10", 1), "about $0.60, no upper limit"),
        (sum_of("0", 1), sum_of("0", 1), "1 job has no known price"),
        (sum_of("0", 2), sum_of("0", 3), "2 jobs have no known price, 1 has no upper limit"),
        (sum_of("1.62", 2), sum_of("1.62", 2), "at least $1.62: 2 jobs have no known price"),
        (
            sum_of("1.62", 2),
            sum_of("3.24", 2),
            "at least $1.62: 2 jobs have no known price, the others cost $3.24 at worst",
        ),
        (sum_of("1.62", 2), sum_of("1", 3), "at least $1.62: 2 jobs have no known price, 1 has no upper limit"),
        (sum_of("1.62", 1), sum_of("1", 3), "at least $1.62: 1 job has no known price, 2 have no upper limit"),
    ],
)
def test_a_sum_says_what_it_leaves_open(low: Sum, worst: Sum, text: str) -> None:
    assert totals_of(low, worst).cost_text == text


@pytest.mark.parametrize(
    ("seconds", "own_length", "text"),
    [
        (80, 0, "80 s of music"),
        (80, 7, "80 s of music, plus 7 jobs whose length the model chooses"),
        (0, 1, "1 job whose length the model chooses"),
    ],
)
def test_music_counts_the_lengths_that_the_model_chooses(seconds: float, own_length: int, text: str) -> None:
    free = sum_of("0")
    assert totals_of(free, free, seconds=seconds, own_length=own_length).music_text == text
