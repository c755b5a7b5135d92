from __future__ import annotations

from decimal import Decimal

import pytest

from runner.plan.budget import Budget
from runner.records.endings import OverBudget


@pytest.fixture
def two() -> Budget:
    return Budget(limit=Decimal(2))


def test_without_a_limit_everything_may_be_spent() -> None:
    free = Budget(limit=None)
    free.reserve("title", Decimal(100))
    assert free.left is None
    assert free.refusal("other", None) is None
    assert free.refusal("other", Decimal(1000)) is None


def test_what_is_reserved_is_not_there_for_others(two: Budget) -> None:
    two.reserve("title", Decimal("1.50"))
    assert two.left == Decimal("0.50")
    assert two.refusal("other", Decimal("0.50")) is None
    assert two.refusal("other", Decimal("0.51")) == OverBudget(
        worst=Decimal("0.51"), left=Decimal("0.50"), limit=Decimal(2)
    )


def test_what_is_reserved_for_a_job_covers_its_further_submits(two: Budget) -> None:
    two.reserve("title", Decimal(2))
    assert two.refusal("title", Decimal(2)) is None
    assert two.refusal("other", Decimal("0.01")) is not None
    two.reserve("title", Decimal(2))
    assert two.left == 0, "a second reservation replaces the first"


def test_a_settled_job_gives_back_what_it_did_not_use(two: Budget) -> None:
    two.reserve("title", Decimal("1.50"))
    two.settle("title", Decimal("0.10"))
    assert (two.spent, two.left) == (Decimal("0.10"), Decimal("1.90"))
    assert two.refusal("title", Decimal("1.91")) is not None, "its reservation is gone"


def test_a_payment_in_doubt_costs_all_that_was_reserved(two: Budget) -> None:
    two.reserve("title", Decimal("1.50"))
    two.settle("title", None)
    assert two.left == Decimal("0.50")


def test_a_job_that_was_never_reserved_settles_at_what_it_paid(two: Budget) -> None:
    two.settle("title", None)
    assert two.left == Decimal(2)
    two.settle("title", Decimal("0.25"))
    assert two.left == Decimal("1.75")


def test_an_unknown_price_is_refused_under_a_limit(two: Budget) -> None:
    assert two.refusal("title", None) == OverBudget(worst=None, left=Decimal(2), limit=Decimal(2))


@pytest.mark.parametrize(("worst", "refused"), [("2", False), ("2.0000001", True)])
def test_the_limit_itself_may_be_spent(two: Budget, worst: str, refused: bool) -> None:
    assert (two.refusal("title", Decimal(worst)) is not None) is refused


def test_an_unknown_price_sets_nothing_aside_where_there_is_no_limit() -> None:
    held = Budget(limit=None)
    held.reserve("title", None)
    held.settle("title", None)
    assert held.spent == 0
