"""When each poll of one provider is made: spread over time, so that no second has more of them than the limit."""

from __future__ import annotations

import math

_FORGET_AT = 4096


class PollTimes:
    """The moments that are given to polls, `per_s` in a second at most."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._taken: dict[int, int] = {}
        """Slot → a later slot, where a free one may be; each slot is one `per_s`-th of a second."""

    def take(self, due: float, now: float) -> float:
        """Take the first free moment that is not before `due`."""
        slot = self._free(math.ceil(due * self._per_s))
        self._taken[slot] = slot + 1
        if len(self._taken) > _FORGET_AT and len(self._taken) % _FORGET_AT == 1:
            past = now * self._per_s
            self._taken = {taken: later for taken, later in self._taken.items() if taken >= past}
        return slot / self._per_s

    def _free(self, slot: int) -> int:
        """Return the first free slot from here on, and let all slots on the way lead there at once."""
        passed = []
        while slot in self._taken:
            passed.append(slot)
            slot = self._taken[slot]
        for taken in passed:
            self._taken[taken] = slot
        return slot
