"""What a file is and how long, by its first bytes, its header and the sizes in it; nothing is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.audio.probe.container_header import BadAudio, FileBytes
from runner.audio.probe.containers import flac_promise, mp4_promise, ogg_promise
from runner.audio.probe.magic import sniff
from runner.audio.probe.mpeg import adts_promise, mpeg_promise
from runner.audio.probe.riff import wav_promise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from runner.audio.probe.container_header import Bytes, Promise

MAX_BYTES = 1 << 30
MAX_S = 3 * 3600
MAX_SAMPLES = MAX_S * 96_000 * 2
"""Of all channels together: a few kilobytes of silence could promise a hundred times as much to decode."""
_PROMISES: Mapping[str, Callable[[Bytes], Promise]] = {
    "audio/wav": wav_promise,
    "audio/flac": flac_promise,
    "audio/ogg": ogg_promise,
    "audio/mpeg": mpeg_promise,
    "audio/mp4": mp4_promise,
    "audio/aac": adts_promise,
}


def structure(data: Bytes) -> tuple[str, Promise]:
    """Return the media type of a file and what it promises. Raises BadAudio for what is not whole, or too much."""
    if len(data) > MAX_BYTES:
        raise BadAudio(f"too large: {len(data)} bytes, the most is {MAX_BYTES}")
    media_type = sniff(data)
    promise = _PROMISES[media_type](data)
    if promise.rate_hz and (promise.samples or 0) > MAX_S * promise.rate_hz:
        raise too_long()
    if (promise.samples or 0) > MAX_SAMPLES:
        raise too_many()
    return media_type, promise


def check_structure(path: Path) -> None:
    """Raise BadAudio for a file that is not one whole piece of audio, as far as it can be told without decoding it."""
    with path.open("rb") as file:
        structure(FileBytes(file))


def too_many() -> BadAudio:
    """Return the error for a file with more samples than are decoded."""
    return BadAudio(f"too many samples: the most is {MAX_SAMPLES:,} in all channels")


def too_long() -> BadAudio:
    """Return the error for a file that is longer than what is decoded."""
    return BadAudio(f"too long: the most is {MAX_S // 3600} hours")
