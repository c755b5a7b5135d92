from __future__ import annotations

from decimal import Decimal

import pytest

from runner.plan.budget import Budget
from runner.records.endings import OverBudget

TWO = Budget(limit=Decimal(2))


def test_without_a_limit_everything_may_be_spent() -> None:
    free = Budget(limit=None).reserve("title", Decimal(100))
    assert free.left is None
    assert free.refusal("other", None) is None
    assert free.refusal("other", Decimal(1000)) is None


def test_what_is_reserved_is_not_there_for_others() -> None:
    held = TWO.reserve("title", Decimal("1.50"))
    assert held.left == Decimal("0.50")
    assert held.refusal("other", Decimal("0.50")) is None
    assert held.refusal("other", Decimal("0.51")) == OverBudget(
        worst=Decimal("0.51"), left=Decimal("0.50"), limit=Decimal(2)
    )


def test_what_is_reserved_for_a_job_covers_its_further_submits() -> None:
    held = TWO.reserve("title", Decimal(2))
    assert held.refusal("title", Decimal(2)) is None
    assert held.refusal("other", Decimal("0.01")) is not None


def test_a_settled_job_gives_back_what_it_did_not_use() -> None:
    settled = TWO.reserve("title", Decimal("1.50")).settle("title", Decimal("0.10"))
    assert (settled.spent, settled.left, dict(settled.reserved)) == (Decimal("0.10"), Decimal("1.90"), {})


def test_a_payment_in_doubt_costs_all_that_was_reserved() -> None:
    assert TWO.reserve("title", Decimal("1.50")).settle("title", None).left == Decimal("0.50")


def test_a_job_that_was_never_reserved_settles_at_what_it_paid() -> None:
    assert TWO.settle("title", Decimal("0.25")).left == Decimal("1.75")
    assert TWO.settle("title", None).left == Decimal(2)


def test_an_unknown_price_is_refused_under_a_limit() -> None:
    assert TWO.refusal("title", None) == OverBudget(worst=None, left=Decimal(2), limit=Decimal(2))


@pytest.mark.parametrize(("worst", "refused"), [("2", False), ("2.0000001", True)])
def test_the_limit_itself_may_be_spent(worst: str, refused: bool) -> None:
    assert (TWO.refusal("title", Decimal(worst)) is not None) is refused


def test_an_unknown_price_sets_nothing_aside_where_there_is_no_limit() -> None:
    held = Budget(limit=None).reserve("title", None)
    assert dict(held.reserved) == {"title": Decimal(0)}
    assert held.settle("title", None).spent == Decimal(0)


def test_nothing_is_changed_in_place() -> None:
    TWO.reserve("title", Decimal(1))
    TWO.settle("title", Decimal(1))
    assert Budget(limit=Decimal(2)) == TWO
