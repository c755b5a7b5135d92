"""Memory that is written again for each block of samples, and for the next file.

Fresh memory of that size costs more than what is done with it: the system clears each page and takes it back.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_Number = TypeVar("_Number", bound=np.generic)


class _Kept(threading.local):
    def __init__(self) -> None:
        self.arrays: dict[tuple[str, type], npt.NDArray[np.generic]] = {}


_KEPT = _Kept()


def scratch(name: str, shape: tuple[int, ...], kind: type[_Number]) -> npt.NDArray[_Number]:
    """Return an array with any content, which this thread may use until it asks for the same name again."""
    size = math.prod(shape)
    kept = _KEPT.arrays.get((name, kind))
    if kept is None or len(kept) < size:
        kept = _KEPT.arrays[name, kind] = np.empty(size, kind)
    return kept[:size].reshape(shape)  # type: ignore[return-value]
