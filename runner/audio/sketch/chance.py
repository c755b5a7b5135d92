"""Pseudo-random choices that are the same on every machine: splitmix64 over integers, seeded through SHA-256.

Source of the generator: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

T = TypeVar("T")

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


class Chance:
    """A stream of choices named by its parts: the same parts give the same choices."""

    def __init__(self, *parts: str | int) -> None:
        text = "\x1f".join(str(part) for part in parts)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        self._state = int.from_bytes(digest[:8], "big")

    def below(self, count: int) -> int:
        """Draw an integer from 0 to `count` - 1."""
        self._state = (self._state + _GOLDEN) & _MASK
        word = self._state
        word = ((word ^ (word >> 30)) * _MIX_1) & _MASK
        word = ((word ^ (word >> 27)) * _MIX_2) & _MASK
        return ((word ^ (word >> 31)) * count) >> 64

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of `choices`."""
        return choices[self.below(len(choices))]

    def hit(self, percent: int) -> bool:
        """Say yes in `percent` of 100 cases."""
        return self.below(100) < percent


def noise(count: int, seed: int) -> npt.NDArray[np.float32]:
    """White noise of `count` samples on the 2^-15 grid, from -1 to below 1."""
    word = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN) + np.uint64(seed & _MASK)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(_MIX_1)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(_MIX_2)
    return (word >> np.uint64(48)).astype(np.float32) * np.float32(2**-15) - np.float32(1)
