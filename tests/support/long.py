"""How much of a long proof is played: a sample in `make test`, all of it in `make torture`, which sets LONG_TESTS.

A test with the mark `long` is run by `make torture` alone. A test that takes a sample has the mark `sampled`, by which
`make torture` finds it; `sampled(3)` says itself what the sample is: one of three cases.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

T = TypeVar("T")

LONG = bool(os.environ.get("LONG_TESTS"))


def sampled(some: T, whole: T) -> T:
    """Return `some` in `make test` and `whole` in `make torture`."""
    return whole if LONG else some


def left_out(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return what `make test` does not run of tests with the mark `sampled(step)`: all but one of `step` cases in a row.

    Which one moves from row to row, so that of two parameters each value is met.
    """
    found, count = [], Counter[str]()
    for item in items:
        step = next((mark.args[0] for mark in item.iter_markers("sampled") if mark.args), 1)
        name = item.nodeid.partition("[")[0]
        row, place = divmod(count[name], step)
        count[name] += 1
        if not LONG and place != row % step:
            found.append(item)
    return found
