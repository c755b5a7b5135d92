"""What a run has any executor do: functions of bytes and paths, picklable, that return records.

An executor may be in another process, or on another machine that does not see the files of this one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.audio.probe.decode import Probe
    from runner.audio.sketch.brief import Brief

RATE_HZ = 48_000


class FileNotSeen(Exception):
    """The executor does not see a file of the machine that asks: send the bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchOrder:
    """A sketch as a file."""

    brief: Brief
    media_type: str
    bit_rate_kbps: int | None = None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file that was made and can be played. `data` is None when it was written where it was wanted."""

    sha256: str
    size: int
    probe: Probe
    data: bytes | None


def inspect_file(source: Path | bytes) -> Probe:
    """Decode a file to its end and measure it. Raises BadAudio, or FileNotSeen."""
    from runner.audio.probe.measure import inspect  # FFmpeg is for those who do the work

    try:
        return inspect(source)
    except FileNotFoundError as error:
        raise FileNotSeen from error


def sketch(order: SketchOrder) -> bytes:
    """Compose and encode a sketch. The same order makes the same music on any machine; WAV output has the same bytes."""
    from runner.audio.encode import encode  # numpy and FFmpeg are for those who do the work
    from runner.audio.sketch.composer import compose  # the same

    pcm = compose(order.brief, rate_hz=RATE_HZ)
    return encode(pcm, RATE_HZ, order.media_type, bit_rate_kbps=order.bit_rate_kbps, tags=order.tags)


def make_sketch(order: SketchOrder, target: Path) -> MadeFile:
    """Make a sketch and write it to `target`, an empty file; return its bytes where that file is not seen."""
    data = sketch(order)
    probe = inspect_file(data)
    unwritten: bytes | None = None
    try:
        with target.open("r+b") as file:
            file.write(data)
    except FileNotFoundError:
        unwritten = data
    return MadeFile(sha256=hashlib.sha256(data).hexdigest(), size=len(data), probe=probe, data=unwritten)
