"""How a take can differ from what was asked and promised: a closed set, as data. It plays, so it is a take all the same."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class _OfTake(Struct, frozen=True, kw_only=True):
    take: int
    """The number of the take, counted from 1."""


class OtherLength(_OfTake, frozen=True, kw_only=True):
    """It is longer or shorter than the request asks for. Lengths are in seconds."""

    asked_s: float
    seconds: float


class OtherContainer(_OfTake, frozen=True, kw_only=True):
    """It is in a container that was neither asked for nor promised; `promised` are media types."""

    promised: tuple[str, ...]
    media_type: str


class OtherChannels(_OfTake, frozen=True, kw_only=True):
    """It has another number of channels than the model documents."""

    promised: int
    channels: int


class Silent(_OfTake, frozen=True, kw_only=True):
    """Nothing can be heard in it."""

    seconds: float


class FewerTakes(Struct, frozen=True, kw_only=True):
    """The request asks for more takes than were received."""

    asked: int
    received: int


Deviation: TypeAlias = OtherLength | OtherContainer | OtherChannels | Silent | FewerTakes
