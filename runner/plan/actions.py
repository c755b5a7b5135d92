"""One action of a plan, with what it may cost."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from runner.catalog.prices import cost, guarded
from runner.plan.on_fail import rolls_at_most
from runner.records.plan import Action, Cost

if TYPE_CHECKING:
    from runner.records.family import NumberedTake
    from runner.records.lock import Entry
    from runner.records.plan import Verb
    from runner.records.reasons import Reason
    from runner.records.request import Request

NOTHING = Cost(low=Decimal(0), worst=Decimal(0))
MAX_RESUBMITS = 2
"""How often one run repeats a submission without a proven outcome, where that is free or `on_unknown: resubmit`."""


def generate(request: Request, verb: Verb, reason: Reason, *, entry: Entry | None = None) -> Action:
    """Return an action that makes a request, with the price of all that one run may send for it."""
    tries = 1 + request.retries + (MAX_RESUBMITS if request.on_unknown == "resubmit" else 0)
    again = tries * (1 + rolls_at_most(request)) - 1
    priced = partial(cost, takes=request.takes, seconds=request.seconds, retries=again)
    own, shipped = priced(request.price), request.model.shipped_price
    price = guarded(own, own if request.price == shipped else priced(shipped), free=request.is_free)
    return Action(request=request, verb=verb, reason=reason, cost=price, entry=entry)


def act(
    request: Request, verb: Verb, reason: Reason, entry: Entry | None = None, chosen: NumberedTake | None = None
) -> Action:
    """Return an action that costs nothing."""
    return Action(request=request, verb=verb, reason=reason, cost=NOTHING, entry=entry, chosen=chosen)
