"""Memory that is written again for each piece, and for the next file: fresh memory of that size costs more than what is done with it."""

from __future__ import annotations

import math
import threading

import numpy as np
import numpy.typing as npt


class _Kept(threading.local):
    def __init__(self) -> None:
        self.arrays: dict[str, npt.NDArray[np.float32]] = {}


_KEPT = _Kept()


def scratch(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Return an array with any content, which this thread may use until it asks for the same name again."""
    size = math.prod(shape)
    kept = _KEPT.arrays.get(name)
    if kept is None or len(kept) < size:
        kept = _KEPT.arrays[name] = np.empty(size, np.float32)
    return kept[:size].reshape(shape)
