"""Make a finished piece of a take.

The order of the steps is fixed: the take is decoded, given its channels and its rate, trimmed, brought to its length, looped
and faded. What is heard then gets its loudness (`level.py`) and is encoded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import av.error

from runner.audio.master.failure import MasterFailed
from runner.audio.master.level import level, written
from runner.audio.master.piece import Piece, own_format
from runner.audio.master.write import Encoding
from runner.records.measured import Measured, Sound

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records.mastering import Mastering


def finish(source: Path | bytes, media_type: str, settings: Mastering, target: Path) -> Sound:
    """Write the finished piece to `target`, and return what a decoder gives back of it.

    The same take, settings and versions make the same bytes. Raises MasterFailed when a setting cannot be met, and BadAudio.
    """
    form = settings.format or own_format(source, media_type)
    encoding = Encoding(format=form, quality=settings.quality or form.default_quality)
    try:
        piece = Piece(source, settings, form)
        if settings.peak_dbtp is None:
            found = written(piece.blocks(), piece.shape, encoding, target)
        else:
            found = level(piece, settings, encoding, target)
    except av.error.FFmpegError as error:
        raise MasterFailed(f"the piece cannot be written as {form}: {error}", help="choose another format") from error
    return Sound(
        seconds=round(found.samples / piece.shape.rate_hz, 3),
        rate_hz=piece.shape.rate_hz,
        channels=piece.shape.channels,
        measured=Measured(lufs=_rounded(found.lufs), true_peak_dbtp=_rounded(found.peak_dbtp)),
    )


def _rounded(level: float | None) -> float | None:
    """Round a level as those of takes are; None where there is none, in a piece that is too short or silent."""
    return round(level, 1) + 0.0 if level is not None and math.isfinite(level) else None
