"""How a take can differ from what was asked and promised: a closed set, as data. It plays, so it is a take all the same."""

from __future__ import annotations

from typing import TypeAlias

from runner.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfTake:
    take: int
    """The number of the take, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLength(_OfTake):
    """It is longer or shorter than the request asks for. Lengths are in seconds."""

    asked_s: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherContainer(_OfTake):
    """It is in a container that was neither asked for nor promised; `promised` are media types."""

    promised: tuple[str, ...]
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherChannels(_OfTake):
    """It has another number of channels than the model documents."""

    promised: int
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent(_OfTake):
    """Nothing can be heard in it."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FewerTakes:
    """The request asks for more takes than were received."""

    asked: int
    received: int


Deviation: TypeAlias = OtherLength | OtherContainer | OtherChannels | Silent | FewerTakes
