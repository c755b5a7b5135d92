"""A take on its way to a finished piece: read again for each pass, so that it is never in memory as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.audio.master.blocks import read
from runner.audio.master.convert import converted
from runner.audio.master.edges import check, cut_of, faded, looped, shaped, tail_of
from runner.audio.master.failure import MasterFailed
from runner.records.mastering import Format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.audio.master.blocks import Block, Shape
    from runner.records.mastering import Mastering

_OWN = {
    "audio/wav": Format.WAV,
    "audio/flac": Format.FLAC,
    "audio/ogg": Format.OGG,
    "audio/mpeg": Format.MP3,
    "audio/mp4": Format.M4A,
    "audio/aac": Format.M4A,
}
_OPUS = b"OpusHead"


def own_format(source: Path | bytes, media_type: str) -> Format:
    """Return the format that a take is written in again where none is asked for."""
    if media_type == "audio/ogg":
        if isinstance(source, bytes):
            head = source[:128]
        else:
            with source.open("rb") as file:
                head = file.read(128)
        return Format.OPUS if _OPUS in head else Format.OGG
    return _OWN[media_type]


class Piece:
    """A take with all settings but its loudness applied: converted, trimmed, at its length, looped, faded."""

    def __init__(self, source: Path | bytes, settings: Mastering, form: Format) -> None:
        self._source, self._settings = source, settings
        shape, unread = read(source)
        del unread
        self._rate_hz = settings.rate_hz or _rate_for(form, shape.rate_hz)
        self._channels = settings.channels or shape.channels
        if self._channels > form.most_channels:
            message = f"the take has {shape.channels} channels, and {form} holds {form.most_channels}"
            raise MasterFailed(message, help="write channels: 2, or choose wav or flac")
        self._kept = cut_of(settings, lambda: self._converted()[1], self._rate_hz)
        if self._kept.samples is not None:
            self.check(self._kept.samples)
        elif settings.peak_dbtp is None and settings.fade_in_s + settings.fade_out_s:
            self.check(sum(len(block) for block in self._converted()[1]))
        self.shape, _ = self._converted()
        self._tail: Block | None = None
        if settings.loop_s is not None:
            self._tail = tail_of(self._shaped(), settings.loop_s, self._rate_hz)

    @property
    def is_loop(self) -> bool:
        """Whether it goes on at its start where it ends."""
        return self._tail is not None

    def check(self, samples: int) -> None:
        """Raise MasterFailed when so many samples are too few for its settings."""
        if self._kept.samples is None or samples == self._kept.samples:
            check(self._settings, samples / self._rate_hz)

    def blocks(self) -> Iterator[Block]:
        """Read the take, and yield the piece from its start."""
        blocks = self._shaped()
        if self._tail is not None:
            blocks = looped(blocks, self._tail)
        return faded(self._settings, blocks, self._rate_hz)

    def _shaped(self) -> Iterator[Block]:
        return shaped(self._settings, self._converted()[1], self._kept, self._rate_hz)

    def _converted(self) -> tuple[Shape, Iterator[Block]]:
        shape, blocks = read(self._source)
        return converted(shape, blocks, self._rate_hz, self._channels)


def _rate_for(form: Format, rate_hz: int) -> int:
    """Return the rate of a take where the format can have it, else the next higher one that it can, else its highest."""
    allowed = form.rates_hz
    if rate_hz in allowed or form in (Format.WAV, Format.FLAC):
        return rate_hz
    return next((rate for rate in allowed if rate >= rate_hz), allowed[-1])
