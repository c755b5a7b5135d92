"""What a file's header declares, and the errors for a file that does not match it."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, TypeAlias, overload

from runner.errors import ScorefileError
from runner.frozen import dataclass

if TYPE_CHECKING:
    from typing import BinaryIO

MAX_CHUNKS = 10_000


class BadAudio(ScorefileError):  # named like its siblings in runner/errors.py
    """The bytes are not a complete, decodable audio file; the message says what was found instead."""


class FileBytes:
    """A file that is read where it is looked at: one that a person shortens meanwhile ends no process, as a mapped one would."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._size = file, os.fstat(file.fileno()).st_size

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> bytes: ...
    def __getitem__(self, place: int | slice) -> int | bytes:
        start, stop, _ = (slice(place, place + 1) if isinstance(place, int) else place).indices(self._size)
        self._file.seek(start)
        found = self._file.read(max(0, stop - start))
        return found[0] if isinstance(place, int) else found


Bytes: TypeAlias = bytes | mmap.mmap | FileBytes
"""The whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """Where in a file samples follow each other, and how each is written; `frame_bytes` are those of one sample of all channels.

    `codec` and `layout` are FFmpeg's names.
    """

    codec: str
    layout: str
    rate_hz: int
    frame_bytes: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How many samples per channel the header declares, None when it does not, and how many may be missing.

    `end` is the byte after the audio, where the container knows it; `flat` is there where no demuxer is needed.
    """

    samples: int | None = None
    rate_hz: int = 0
    tolerance: int = 0
    end: int | None = None
    flat: Flat | None = None


def cut_short(promised: int, there: int, rate_hz: int) -> BadAudio:
    """Return the error for a file that has fewer samples than its header declares."""
    texts = [f"{count / rate_hz:.2f} s" for count in (promised, there)] if rate_hz else ["", ""]
    if texts[0] == texts[1]:
        texts = [f"{promised} samples", str(there)]
    return BadAudio(f"cut short: the header promises {texts[0]}, {texts[1]} are there")


def cut_header(there: int) -> BadAudio:
    """Return the error for a file that ends before its header does."""
    return BadAudio(f"cut short inside its header: {there} bytes")


def cut_bytes(promised: int, there: int) -> BadAudio:
    """Return the error for a file that has fewer bytes than its header declares."""
    return BadAudio(f"cut short: the header promises {promised} bytes, {there} are there")


def no_audio(header_bytes: int) -> BadAudio:
    """Return the error for a file that ends where its audio should begin."""
    return BadAudio(f"{header_bytes} header bytes and no audio")
