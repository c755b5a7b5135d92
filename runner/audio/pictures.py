"""What a piece of audio looks like: the outline of its waveform, and a spectrogram as a small PNG."""

from __future__ import annotations

import math
import struct
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from runner.audio.probe.decode import listen
from runner.frozen import dataclass

if TYPE_CHECKING:
    from pathlib import Path

Samples: TypeAlias = npt.NDArray[Any]

COLUMNS = 320
ROWS = 48
LOWEST_HZ, HIGHEST_HZ = 40.0, 16_000.0
QUIETEST_DB, LOUDEST_DB = -84.0, -14.0
_LEVELS = 16
_WINDOW_S = 0.085
_BATCH = 1 << 17
"""So many samples of each channel are looked at together."""
_RAMP = ((0x6C, 0x7B, 0xFF), (0x8B, 0x5C, 0xF6), (0xD6, 0x46, 0xA0), (0xF9, 0x73, 0x16))
"""The colors from quiet to loud: each can be seen on white and on black, and the quietest are transparent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a piece of audio looks like, in COLUMNS columns of equal length."""

    peaks: bytes
    """The lowest and the highest sample of each column, in turn, as signed bytes: 127 is full scale."""
    png: bytes
    """The spectrogram: time to the right, ROWS of pitch upwards from 40 Hz to 16 kHz, each an equal ratio."""
    peak: float
    """The largest sample, 1.0 at full scale and above."""


def picture(source: Path | bytes, seconds: float) -> Picture:
    """Return the picture of a piece of audio of this length. Raises BadAudio when it cannot be decoded to its end."""
    columns = _Columns(seconds)
    listen(source, columns.add)
    lows, highs, levels = columns.result()
    both = np.empty(2 * COLUMNS, np.int8)
    both[0::2], both[1::2] = _bytes(lows, np.floor), _bytes(highs, np.ceil)
    return Picture(peaks=both.tobytes(), png=_png(levels), peak=float(max(-lows.min(), highs.max(), 0)))


class _Columns:
    """Frames, as they are decoded, made into columns: a file is never held whole. Arrays are channels × samples."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._fresh = av.AudioFifo()  # frames of a thousand samples each would cost more than what is done with them
        self._kept: Samples | None = None
        self._block = self._window = 0
        self._edges: npt.NDArray[np.intp] | None = None
        self._shape: Samples | None = None
        self._made: list[tuple[Samples, Samples, Samples]] = []

    def add(self, frame: av.AudioFrame) -> None:
        """Take one more frame."""
        if not self._block:
            self._begin(frame.sample_rate)
        frame.pts = None
        self._fresh.write(frame)
        if self._fresh.samples >= max(self._block + self._window, _BATCH):
            data = self._waiting()
            self._look(data, (data.shape[1] - self._window) // self._block)

    def result(self) -> tuple[Samples, Samples, Samples]:
        """Return the lowest sample, the highest sample and the levels of each column."""
        data = self._waiting()
        self._look(data, -(-data.shape[1] // self._block))
        lows, highs, levels = (np.concatenate(parts) for parts in zip(*self._made, strict=True))
        missing = max(0, COLUMNS - len(lows))
        silent = np.zeros(missing)
        return (
            np.concatenate([lows, silent])[:COLUMNS],
            np.concatenate([highs, silent])[:COLUMNS],
            np.concatenate([levels, np.zeros((missing, ROWS))])[:COLUMNS],
        )

    def _begin(self, rate_hz: int) -> None:
        self._block = max(1, math.ceil(self._seconds * rate_hz / COLUMNS))
        self._window = 1 << round(math.log2(rate_hz * _WINDOW_S))
        highest = min(HIGHEST_HZ, rate_hz / 2)
        pitches = np.geomspace(LOWEST_HZ, highest, ROWS + 1) * self._window / rate_hz
        self._edges = np.minimum(pitches.astype(np.intp), self._window // 2)
        shape = np.hanning(self._window).astype(np.float32)
        self._shape = shape * np.float32(2 / shape.sum())

    def _waiting(self) -> Samples:
        """Return what was kept, and all that has been decoded since."""
        frame = self._fresh.read()
        parts = [] if self._kept is None else [self._kept]
        if frame is not None:
            data = frame.to_ndarray()
            parts.append(data if frame.format.is_planar else data.reshape(-1, frame.layout.nb_channels).T)
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _look(self, data: Samples, columns: int) -> None:
        """Make so many columns of the beginning of `data`, and keep the rest."""
        channels, used = len(data), columns * self._block
        scale = _scale(data.dtype)
        whole, self._kept = data[:, :used], data[:, used:]
        if whole.shape[1] < used:
            silence = np.full((channels, used - whole.shape[1]), scale[0], data.dtype)
            whole = np.concatenate([whole, silence], axis=1)
        if whole.T.flags.c_contiguous:  # the channels of a sample are side by side: one pass over both
            each = whole.T.reshape(columns, 1, -1)
        else:
            each = whole.reshape(channels, columns, -1).transpose(1, 0, 2)
        lows, highs = each.min(axis=2).min(axis=1), each.max(axis=2).max(axis=1)
        if np.isnan(lows).any():  # what is no number is no sample; to look for it at once takes three times as long
            lows, highs = (pick.reduce(pick.reduce(each, axis=2), axis=1) for pick in (np.fmin, np.fmax))
        self._made.append((_scaled(lows, scale), _scaled(highs, scale), self._spectra(data, columns, scale)))

    def _spectra(self, data: Samples, columns: int, scale: tuple[int, float]) -> Samples:
        """Return the level of each row, 0.0 to 1.0, of a window at the start of each column; of the first two channels."""
        assert self._edges is not None
        assert self._shape is not None
        missing = max(0, (columns - 1) * self._block + self._window - data.shape[1])
        windows: Samples = np.zeros((columns, self._window), np.float32)
        for channel in data[:2]:
            padded = np.concatenate([channel, np.full(missing, scale[0], data.dtype)]) if missing else channel
            windows += _scaled(sliding_window_view(padded, self._window)[:: self._block][:columns], scale)
        windows *= self._shape / len(data[:2])
        spectra = np.abs(np.fft.rfft(windows, axis=1))[:, : self._edges[-1] + 1]
        loudest = np.maximum.reduceat(spectra, self._edges[:-1], axis=1)
        decibels = 20 * np.log10(np.maximum(loudest, 1e-9))
        return np.clip((decibels - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB), 0, 1)


def _scale(kind: np.dtype[Any]) -> tuple[int, float]:
    """Return the sample that is silence, and what one step is of full scale."""
    if kind.kind == "f":
        return 0, 1.0
    if kind.kind == "u":
        return 128, 1 / 128
    return 0, 1 / (1 << 8 * kind.itemsize - 1)


def _scaled(samples: Samples, scale: tuple[int, float]) -> Samples:
    zero, step = scale
    values = samples.astype(np.float32)
    if samples.dtype.kind == "f":
        if not np.isfinite(values).all():
            values = np.nan_to_num(values)
        return np.clip(values, -1, 1, out=values)
    values -= zero
    values *= step
    return values


def _bytes(samples: Samples, rounded: Any) -> npt.NDArray[np.int8]:
    scaled: Samples = np.clip(rounded(samples * 127), -127, 127)
    return scaled.astype(np.int8)


def _png(levels: Samples) -> bytes:
    """Return columns × rows of levels as a PNG of 16 colors; the first row is at the bottom."""
    numbers = np.minimum(levels.T[::-1] * _LEVELS, _LEVELS - 1).astype(np.uint8)
    packed = numbers[:, 0::2] << 4 | numbers[:, 1::2]
    lines = b"".join(b"\0" + line.tobytes() for line in packed)
    head = struct.pack(">IIBBBBB", COLUMNS, ROWS, 4, 3, 0, 0, 0)
    colors = [_color(number / (_LEVELS - 1)) for number in range(_LEVELS)]
    parts = (
        (b"IHDR", head),
        (b"PLTE", bytes(value for color in colors for value in color)),
        (b"tRNS", bytes(round(255 * (number / (_LEVELS - 1)) ** 0.8) for number in range(_LEVELS))),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def _color(level: float) -> tuple[int, ...]:
    place = level * (len(_RAMP) - 1)
    lower = min(int(place), len(_RAMP) - 2)
    share = place - lower
    return tuple(round(a + (b - a) * share) for a, b in zip(_RAMP[lower], _RAMP[lower + 1], strict=True))
