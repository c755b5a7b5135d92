"""What a pipeline expects of the take at an output, and what a take does not meet."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final, Literal, TypeAlias, assert_never

from runner.frozen import dataclass

NOT_AS_EXPECTED: Final = 9
"""The exit code where a take is not as expected."""
AS_ASKED: Final = "asked"
"""What `key` says for the key that the request asks for."""


class Measure(StrEnum):
    """What can have a range, by its key in the pipeline."""

    DURATION = "duration"
    LUFS = "lufs"
    LOUDNESS_RANGE = "loudness_range"
    PEAK = "peak"
    HEAD_SILENCE = "head_silence"
    TAIL_SILENCE = "tail_silence"
    BPM = "bpm"

    @property
    def unit(self) -> str:
        """Return the unit of its values."""
        match self:
            case Measure.DURATION | Measure.HEAD_SILENCE | Measure.TAIL_SILENCE:
                return "s"
            case Measure.LUFS:
                return "LUFS"
            case Measure.LOUDNESS_RANGE:
                return "LU"
            case Measure.PEAK:
                return "dBTP"
            case Measure.BPM:
                return "bpm"
        assert_never(self)

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the least and the largest value that it can have."""
        match self:
            case Measure.DURATION | Measure.HEAD_SILENCE | Measure.TAIL_SILENCE:
                return 0, 3 * 3600
            case Measure.LUFS:
                return -70, 20
            case Measure.LOUDNESS_RANGE:
                return 0, 90
            case Measure.PEAK:
                return -200, 120
            case Measure.BPM:
                return 20, 400
        assert_never(self)

    @property
    def is_asked(self) -> bool:
        """Whether a request can ask for a value of it, so that a range can be one around it."""
        match self:
            case Measure.DURATION | Measure.BPM:
                return True
            case Measure.LUFS | Measure.LOUDNESS_RANGE | Measure.PEAK | Measure.HEAD_SILENCE | Measure.TAIL_SILENCE:
                return False
        assert_never(self)


class Flaw(StrEnum):
    """What a take should not be, by its word under `not`."""

    SILENT = "silent"
    CLIPPED = "clipped"
    MONO = "mono"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A range of one measure; `text` is how it is told."""

    measure: Measure
    text: str
    low: float | None = None
    high: float | None = None
    is_strict: bool = False
    """Whether the bounds themselves are outside."""
    around: Literal["plus", "percent"] | None = None
    """Whether the bounds are added to what the request asks for, as they are or as percent of it."""

    def range(self, asked: float | None) -> tuple[float, float]:
        """Return the bounds; one that is open is infinite, and both are where nothing is asked for."""
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if self.around is None:
            return low, high
        if asked is None:
            return float("-inf"), float("inf")
        part = 1 if self.around == "plus" else abs(asked) / 100
        return round(asked + low * part, 6), round(asked + high * part, 6)

    def holds(self, value: float, asked: float | None) -> bool:
        """Say whether a value is inside."""
        low, high = self.range(asked)
        is_bound = value in (low, high) and math.isfinite(value)
        return low <= value <= high and not (self.is_strict and is_bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """All that is expected of a take."""

    limits: tuple[Limit, ...] = ()
    key: str | None = None
    """Such as `D minor`, or AS_ASKED."""
    flaws: tuple[Flaw, ...] = ()

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self.limits) + len(self.flaws) + (self.key is not None)

    @property
    def need_listening(self) -> bool:
        """Whether the extra `listen` is needed to judge them."""
        return self.key is not None or any(limit.measure is Measure.BPM for limit in self.limits)


NOTHING_EXPECTED: Final = Expectations()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfRange:
    """A measure is outside of its range; it is None where silence or shortness leaves nothing to measure."""

    measure: Measure
    measured: float | None
    allowed: str
    asked: float | None = None
    """What the request asks for, where the range is one around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flawed:
    """A take is what it should not be."""

    flaw: Flaw
    clipped_samples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherKey:
    """A take is in another musical key."""

    measured: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A take was not measured for it, and its audio is not here: nobody knows whether it is as expected."""

    what: tuple[str, ...]
    """By the words of the pipeline."""


Missed: TypeAlias = OutOfRange | Flawed | OtherKey
Judged: TypeAlias = Missed | NotMeasured
