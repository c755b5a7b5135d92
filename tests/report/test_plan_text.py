"""The question that is asked before money is spent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runner.records.plan import Cost
from runner.report.plan_text import spending_question
from tests.report.scenes import UNKNOWN, action

CENT = Cost(low=Decimal("0.01"), worst=Decimal("0.01"))


@pytest.mark.parametrize(
    ("costs", "question"),
    [
        ({"menu": CENT}, "Spend up to $0.01 on menu?"),
        ({"menu": CENT, "shop": CENT}, "Spend up to $0.02 on menu, shop?"),
        (dict.fromkeys("abcde", CENT), "Spend up to $0.05 on a, b, c and 2 more?"),
        ({"menu": UNKNOWN}, "Spend an unknown amount, without an upper limit, on menu?"),
        ({"a": CENT, "b": UNKNOWN}, "Spend $0.01 and more, without an upper limit, on a, b?"),
    ],
)
def test_the_question_names_the_most_that_it_can_cost_and_the_jobs(costs: dict[str, Cost], question: str) -> None:
    assert spending_question([action(job, cost=cost) for job, cost in costs.items()]) == question
