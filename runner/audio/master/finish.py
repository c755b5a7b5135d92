"""Make a finished piece of a take.

The order of the steps is fixed: the take is decoded, given its channels and its rate, trimmed, brought to its length, looped
and faded. What is heard then gets its loudness (`level.py`) and is encoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import av.error

from runner.audio.master.failure import MasterFailed
from runner.audio.master.level import level
from runner.audio.master.piece import Piece, own_format
from runner.audio.master.write import Encoding, write

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records.mastering import Mastering


def finish(source: Path | bytes, media_type: str, settings: Mastering, target: Path) -> None:
    """Write the finished piece to `target`. Raises MasterFailed when a setting cannot be met, and BadAudio.

    The same take, settings and versions make the same bytes.
    """
    form = settings.format or own_format(source, media_type)
    encoding = Encoding(format=form, quality=settings.quality or form.default_quality)
    try:
        piece = Piece(source, settings, form)
        if settings.peak_dbtp is None:
            write(piece.blocks(), piece.shape, encoding, target)
        else:
            level(piece, settings, encoding, target)
    except av.error.FFmpegError as error:
        raise MasterFailed(f"the piece cannot be written as {form}: {error}", help="choose another format") from error
