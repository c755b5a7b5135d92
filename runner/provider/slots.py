"""How many jobs one provider may have in progress: learned from what it accepts and what it refuses."""

from __future__ import annotations

import math

from runner.frozen import dataclass

FIRST = 6
"""So many jobs are submitted at once to a provider of which nothing is known: one that allows five, and says so by refusals
alone, then refuses no more than 8 of 100."""
SURE = 2 * FIRST
"""Each job that it accepts adds one slot, and two from so many slots on: by then it would have refused."""
KEPT = 0.8
"""The refusals of one moment leave at least this share of the slots: they are no proof that there are so few."""
TRIAL_S = 2.0
"""After a refusal, submissions are this far apart until one is accepted."""
PAUSE_S, MAX_PAUSE_S = 0.25, 30.0
"""After the second refusal in a row while jobs are in progress, nothing is submitted for this long; each one doubles it."""
PROBE_S, MIN_PROBE_S, MAX_PROBE_S = 5.0, 0.25, 300.0
"""So long after a refusal one job more than the slots is tried. The time is doubled when that one is refused."""
SOONER = 0.7
"""The time to the next one is multiplied by this when it is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What one submission holds at its provider, from before it is sent until the provider has finished or refused it."""

    number: int
    is_probe: bool
    """Whether it is one more than the provider is known to have."""


class Slots:
    """The slots of one provider, between 1 and `most`. Times are seconds of one clock; `scale` shortens all waits.

    Until the first refusal each accepted job adds a slot or two. A refusal reduces the slots to what the provider has accepted;
    from then on one job more is tried from time to time, and adds a slot when it is accepted.
    """

    def __init__(self, most: int, *, learned: int | None = None, scale: float = 1.0) -> None:
        self._most, self._scale = most, scale
        self._is_new = learned is None
        """Whether no refusal has told how many there are."""
        self._count = min(most, max(1, FIRST if learned is None else learned))
        self.in_use = 0
        self._taken = 0
        self._known = 0
        """The number of the last slot that was taken before the last refusal: another refusal of those tells nothing new."""
        self._least = 1
        self._in_a_row = 0
        """Refusals since the last acceptance, those of one moment counted once."""
        self._next_at = -math.inf
        self._probe_at, self._probe_s = -math.inf, PROBE_S

    @property
    def learned(self) -> int | None:
        """The number of slots where the provider refuses more; None where nothing limits it but `most`."""
        return None if self._is_new or self._count >= self._most else self._count

    @property
    def is_growing(self) -> bool:
        """Whether nothing has limited the slots so far."""
        return self._is_new and self._count < self._most

    def free_at(self) -> float | None:
        """Return when one more job may be submitted; None when another one has to end first."""
        if self.in_use < self._count:
            return self._next_at
        if self._is_new or self.in_use > self._count or self.in_use >= self._most:
            return None
        return max(self._next_at, self._probe_at)

    def take(self, now: float) -> Slot:
        """Take a slot for a job that is submitted now."""
        self._taken += 1
        slot = Slot(number=self._taken, is_probe=self.in_use >= self._count)
        self.in_use += 1
        if self._in_a_row:
            self._next_at = now + TRIAL_S * self._scale
        return slot

    def give_back(self) -> None:
        """Give back the slot of a job that the provider has finished or refused."""
        self.in_use -= 1

    def accepted(self, slot: Slot, now: float) -> None:
        """Note that the provider has accepted a job, which still has its slot."""
        if self._is_new:
            self._count = min(self._most, self._count + (1 if self._count < SURE else 2))
        elif slot.is_probe:
            self._count = max(self._count, min(self._count + 1, self.in_use))
            self._probe_s = max(MIN_PROBE_S, self._probe_s * SOONER)
            self._probe_at = now + self._probe_s * self._scale
        if slot.number > self._known:
            self._in_a_row, self._next_at = 0, -math.inf

    def refused(self, slot: Slot, now: float) -> None:
        """Note that the provider has refused a job as one too many, and that its slot is given back."""
        if slot.number > self._known:
            self._known = self._taken
            self._in_a_row += 1
            self._least = 1 if self._is_new else max(1, int(self._count * KEPT))
            self._space_out(slot, now)
        if self.in_use:  # otherwise it refuses whatever the number of jobs
            self._is_new = False
            self._count = max(self._least, min(self._count, self.in_use))

    def _space_out(self, slot: Slot, now: float) -> None:
        if self.in_use and self._in_a_row > 1:
            pause_s = min(MAX_PAUSE_S, PAUSE_S * 2.0 ** (self._in_a_row - 2))
            self._next_at = now + pause_s * self._scale
        if slot.is_probe:
            self._probe_s = min(MAX_PROBE_S, self._probe_s * 2)
        self._probe_at = now + self._probe_s * self._scale
