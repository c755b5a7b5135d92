"""The task by which a download becomes a take: decoded to its end, measured and saved, wherever the store is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.audio.tasks import FileNotSeen, inspect_take

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records.measured import Probe
    from runner.state.blobs.protocol import Blobs


def inspect_and_save(part: Path, sha256: str, blobs: Blobs, *, listens: bool) -> Probe:
    """Decode a download to its end, measure it, and move it into the store; return what it is.

    Raises BadAudio, and FileNotSeen where the download is not seen: then nothing was moved.
    """
    try:
        probe = inspect_take(part, listens=listens)
    except FileNotSeen:
        if sha256 not in blobs:
            raise
        with blobs.open(sha256) as saved:  # by a process that ended before it could say so
            return inspect_take(saved.read(), listens=listens)
    blobs.save(part, sha256)
    return probe
