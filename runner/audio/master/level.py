"""The loudness of a piece: measured, set by a gain, and measured again until it holds.

A limiter works only where the gain alone would bring a true peak above the highest one that is allowed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from runner.audio.master.blocks import read
from runner.audio.master.failure import MasterFailed
from runner.audio.master.limiter import curve, limited
from runner.audio.master.meter import Meter, measured
from runner.audio.master.write import write
from runner.frozen import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from runner.audio.master.blocks import Block, Shape
    from runner.audio.master.meter import Levels
    from runner.audio.master.piece import Piece
    from runner.audio.master.write import Encoding
    from runner.records.mastering import Mastering

_AIM_LU = 0.2
"""What is measured here is this near, so that another meter finds it within 0.3 LU."""
_ROOM_DB = 0.15
"""How far below the highest peak the piece stays: the filters of true-peak meters differ by about this much."""
_TRIES = 8
_SILENT_LUFS = -70.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """A gain, and the peak that the limiter keeps to, in dB."""

    gain_db: float
    ceiling_dbtp: float


def level(piece: Piece, settings: Mastering, encoding: Encoding, target: Path) -> Levels:
    """Write a piece with its loudness and its highest peak, and return what they became. Raises MasterFailed when they cannot be met."""
    before = measured(piece.blocks(), piece.shape)
    piece.check(before.samples)
    wanted, highest = settings.loudness_lufs, settings.peak_dbtp
    assert highest is not None
    setting = _first(before, wanted, highest)
    for _ in range(_TRIES):
        found = _written(piece, before, setting, encoding, target)
        off = 0.0 if wanted is None or found.lufs is None else wanted - found.lufs
        over = found.peak_dbtp + _ROOM_DB / 2 - highest
        if abs(off) <= _AIM_LU and over <= 0:
            return found
        lower = _down(setting.ceiling_dbtp - over) if over > 0 else setting.ceiling_dbtp
        gain = setting.gain_db + off if wanted is not None else lower - setting.ceiling_dbtp + setting.gain_db
        setting = _Setting(gain_db=round(gain, 2), ceiling_dbtp=lower)
    asked = f"a peak of {highest:g} dBTP cannot be met"
    if wanted is not None:
        asked = f"a loudness of {wanted:g} LUFS and a peak of {highest:g} dBTP cannot both be met"
    reached = f"{found.lufs or _SILENT_LUFS:.1f} LUFS with a true peak of {found.peak_dbtp:.1f} dBTP"
    raise MasterFailed(f"{asked}: the piece reaches {reached}", help="ask for less loudness, or allow a higher peak")


def _first(before: Levels, wanted: float | None, highest: float) -> _Setting:
    """Return the setting that is right where the limiter and the encoder change nothing."""
    ceiling = highest - _ROOM_DB
    if wanted is None:
        return _Setting(gain_db=_down(min(0.0, ceiling - before.peak_dbtp)), ceiling_dbtp=ceiling)
    if before.lufs is None:
        raise MasterFailed(
            "loudness cannot be set: the piece is silent, or shorter than 0.4 s",
            help="choose another take, or leave out loudness",
        )
    return _Setting(gain_db=round(wanted - before.lufs, 2), ceiling_dbtp=ceiling)


def written(blocks: Iterable[Block], shape: Shape, encoding: Encoding, target: Path, *, peaks: bool = True) -> Levels:
    """Write blocks, and return what can be heard of them: of a lossy format, what a decoder gives back.

    Without `peaks` the true peak of a lossless format is left out.
    """
    if not encoding.format.is_lossless:
        write(blocks, shape, encoding, target)
        decoded, heard = read(target)
        return measured(heard, decoded)
    meter = Meter(shape, peaks=peaks)
    if encoding.is_clipped:
        blocks = (np.clip(block, -1, 1) for block in blocks)
    write(meter.through(blocks), shape, encoding, target)
    return meter.levels()


def _written(piece: Piece, before: Levels, setting: _Setting, encoding: Encoding, target: Path) -> Levels:
    plain = before.peak_dbtp + setting.gain_db <= setting.ceiling_dbtp
    blocks = _amplified(piece, setting.gain_db) if plain else _limited(piece, before, setting)
    levels = written(blocks, piece.shape, encoding, target, peaks=not plain)
    if not plain or not encoding.format.is_lossless:
        return levels
    return replace(levels, peak_dbtp=before.peak_dbtp + setting.gain_db)


def _amplified(piece: Piece, gain_db: float) -> Iterator[Block]:
    gain = np.float32(_amplitude(gain_db))
    return (block * gain for block in piece.blocks())


def _limited(piece: Piece, before: Levels, setting: _Setting) -> Iterator[Block]:
    gain, ceiling = _amplitude(setting.gain_db), _amplitude(setting.ceiling_dbtp)
    gains = curve(before.envelope, gain, ceiling, rate_hz=piece.shape.rate_hz, loop=piece.is_loop)
    return limited(piece.blocks(), gains, before.samples)


def _amplitude(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _down(decibels: float) -> float:
    """Round down to a hundredth: what is rounded is the same on machines whose last digits differ."""
    return math.floor(decibels * 100) / 100
