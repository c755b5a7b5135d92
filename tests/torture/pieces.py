"""What finishing makes of a song, read from the samples alone: where it was faded, and that the rest is as it was."""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING

from tests.support.vendor.audio import RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Mapping

FADE_IN_S = 0.02
FADES_S = (0.05, 0.15)
"""The fades at the end, of which a pipeline asks for one and then for the other."""
HEAD = 44
ROUNDED = 2
"""So far a sample may be off that was only rounded again."""


def mastering(fade_out_s: float) -> Mapping[str, float]:
    """Return the settings of a job whose take is faded in and out."""
    return {"fade_in": FADE_IN_S, "fade_out": fade_out_s}


def fade_of(data: bytes, song: bytes) -> float | None:
    """Return which of FADES_S a finished piece of a song ends with; None for any other file, and for one that is not whole."""
    if len(data) <= HEAD or len(data) != 8 + struct.unpack("<I", data[4:8])[0]:
        return None
    before, size = array("h", song[HEAD:]), struct.unpack("<I", data[40:44])[0]
    after = array("h", data[HEAD : HEAD + size])
    if len(after) != len(before):
        return None
    changed = [place for place in range(len(before)) if abs(after[place] - before[place]) > ROUNDED]
    tail = [len(before) - place for place in changed if place >= FADE_IN_S * RATE_HZ]
    found = max(tail, default=0) / RATE_HZ
    return next((fade for fade in FADES_S if 0.8 * fade < found <= fade), None)
