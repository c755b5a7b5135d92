"""What a submit costs: exact decimals, and an unknown price is never a free one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from runner.catalog.prices import cost, guarded
from runner.records.catalog import Price
from tests.catalog.shelf import CATALOG

REQUEST = {"per": "request", "usd": Decimal("0.08")}
TAKE = {"per": "take", "usd": Decimal("0.05")}
MINUTE = {"per": "minute", "usd": Decimal("0.20"), "typical_minutes": 3}
CAPPED = {**MINUTE, "max_minutes": 5}

TABLE: list[tuple[dict[str, Any], dict[str, Any], str | None, str | None, str]] = [
    (REQUEST, {"takes": 1, "seconds": None}, "0.08", "0.08", "1 request × $0.08"),
    (REQUEST, {"takes": 4, "seconds": 600.0}, "0.08", "0.08", "1 request × $0.08"),
    (REQUEST, {"takes": 1, "seconds": None, "retries": 3}, "0.08", "0.32", "1 request × $0.08, up to 4 times"),
    (TAKE, {"takes": 1, "seconds": None}, "0.05", "0.05", "1 take × $0.05"),
    (TAKE, {"takes": 3, "seconds": None, "retries": 1}, "0.15", "0.30", "3 takes × $0.05, up to 2 times"),
    (MINUTE, {"takes": 2, "seconds": None}, "1.20", None, "2 takes × 3 min × $0.20/min"),
    (
        MINUTE,
        {"takes": 1, "seconds": 90.0, "retries": 1},
        "0.30",
        "0.60",
        "1 take × 1.5 min × $0.20/min, up to 2 times",
    ),
    (MINUTE, {"takes": 1, "seconds": 10.0}, "0.033333", "0.033333", "1 take × 0.1667 min × $0.20/min"),
    (CAPPED, {"takes": 2, "seconds": None, "retries": 1}, "1.20", "4.00", "2 takes × 3 min × $0.20/min, up to 2 times"),
    ({"per": "minute", "usd": Decimal(1)}, {"takes": 1, "seconds": None}, None, None, "1 take × ? min × $1/min"),
    ({"usd": None}, {"takes": 1, "seconds": None, "retries": 5}, None, None, "price unknown"),
    ({"usd": Decimal(0)}, {"takes": 1, "seconds": None, "retries": 5}, "0", "0", "1 request × $0"),
]


@pytest.mark.parametrize(("price", "asked", "low", "worst", "how"), TABLE)
def test_a_cost_is_exact(
    price: dict[str, Any], asked: dict[str, Any], low: str | None, worst: str | None, how: str
) -> None:
    found = cost(Price(**price, source="https://x.example", date="2026-11-21"), **asked)
    assert found.low == (None if low is None else Decimal(low))
    assert found.worst == (None if worst is None else Decimal(worst))
    assert (found.how, found.source, found.date) == (how, "https://x.example", "2026-11-21")


def test_an_unknown_price_is_not_free() -> None:
    found = cost(CATALOG.models["pixazo/ace-step-xl"].price, takes=4, seconds=60.0)
    assert (found.low, found.worst) == (None, None)


def test_tracks_is_free() -> None:
    found = cost(CATALOG.models["pixazo/tracks"].price, takes=1, seconds=60.0, retries=9)
    assert (found.low, found.worst) == (Decimal(0), Decimal(0))


def test_two_songs_of_verbatik_cost_double_and_have_no_worst_case() -> None:
    price = CATALOG.models["verbatik/text-to-music"].price
    one, two = cost(price, takes=1, seconds=None), cost(price, takes=2, seconds=None)
    assert (one.low, two.low) == (Decimal("0.60"), Decimal("1.20"))
    assert one.worst is two.worst is None


@pytest.mark.parametrize(
    ("own", "shipped", "worst"),
    [
        ("0.04", "0.08", "0.08"),
        ("0.20", "0.08", "0.20"),
        ("0", "0.08", "0.08"),
        ("0", None, None),
        ("0", "0", None),
        ("0.04", None, "0.04"),
        (None, "0.08", None),
    ],
)
def test_a_project_may_raise_the_worst_case_and_never_lower_it(
    own: str | None, shipped: str | None, worst: str | None
) -> None:
    prices = [Price(usd=None if usd is None else Decimal(usd)) for usd in (own, shipped)]
    mine, theirs = (cost(price, takes=1, seconds=None) for price in prices)
    found = guarded(mine, theirs, free=False)
    assert found == replace(mine, worst=None if worst is None else Decimal(worst))


def test_what_is_free_stays_free_unless_the_project_names_a_price() -> None:
    nothing, some = (cost(Price(usd=Decimal(usd)), takes=1, seconds=None) for usd in ("0", "2"))
    assert guarded(nothing, nothing, free=True).worst == 0
    assert guarded(some, nothing, free=False).worst == 2


def test_a_shipped_price_by_the_minute_without_a_longest_length_counts_for_its_usual_one() -> None:
    endless = cost(Price(per="minute", usd=Decimal("0.20"), typical_minutes=2), takes=1, seconds=None)
    assert guarded(cost(Price(usd=Decimal(0)), takes=1, seconds=None), endless, free=False).worst == Decimal("0.40")
