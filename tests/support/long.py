"""How much of a long proof is played: a sample in `make test`, all of it in `make torture`, which sets LONG_TESTS.

A test with the mark `long` is run by `make torture` alone. A test that takes a sample has the mark `sampled`, by which
`make torture` finds it.
"""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

LONG = bool(os.environ.get("LONG_TESTS"))


def sampled(some: T, whole: T) -> T:
    """Return `some` in `make test` and `whole` in `make torture`."""
    return whole if LONG else some
