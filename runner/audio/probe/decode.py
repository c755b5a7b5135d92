"""Decide whether a file is complete audio, and how long it is, by decoding it to the end."""

from __future__ import annotations

import io
import mmap
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, cast

import av
import av.error

from runner.audio.probe.container_header import BadAudio, Promise, cut_short, no_audio
from runner.audio.probe.flat import FlatFrame, decode_flat, read_flat
from runner.audio.probe.structure import MAX_S, MAX_SAMPLES, structure, too_long, too_many
from runner.records.measured import Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from fractions import Fraction
    from pathlib import Path

    from runner.audio.probe.container_header import Bytes, Flat

F = TypeVar("F", bound="av.AudioFrame | FlatFrame")

__all__ = ["BadAudio", "probe"]

MAX_CHANNELS = 8
LEAST_HZ, MAX_HZ = 4_000, 768_000
_AAC_FRAME = 2048
_READ_WHOLE = 1 << 20
"""A file of so many bytes is read sooner than mapped."""


_DEMUXERS: Mapping[str, str] = {
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "mov",
    "audio/aac": "aac",
}
"""Media type → what libav calls its demuxer."""


def probe(source: bytes | Path) -> Probe:
    """Decode audio bytes, or a file's, to the end and return what they are; without measuring it.

    The first bytes decide the kind. Raises BadAudio, saying what was found, for anything that is not one whole
    piece of audio of at most 1 GiB, 3 hours and 8 channels.
    """
    return listen(source, lambda _: None)


def listen(source: bytes | Path, on_frame: Callable[[av.AudioFrame], None]) -> Probe:
    """Probe, and pass every decoded frame to `on_frame`."""
    return _passed(decoded(source), on_frame)


def listen_flat(source: bytes | Path, on_frame: Callable[[av.AudioFrame | FlatFrame], None]) -> Probe:
    """Probe, and pass every frame to `on_frame`: samples that numpy can read in the file are copied less often."""
    return _passed(_frames(source, read_flat), on_frame)


def _passed(frames: Generator[F, None, Probe], on_frame: Callable[[F], None]) -> Probe:
    while True:
        try:
            frame = next(frames)
        except StopIteration as end:
            return cast("Probe", end.value)
        on_frame(frame)


def decoded(source: bytes | Path) -> Generator[av.AudioFrame, None, Probe]:
    """Yield every decoded frame and return the Probe. Raises BadAudio as `probe` does, some of it only at the end."""
    return _frames(source, decode_flat)


def _frames(
    source: bytes | Path, read: Callable[[Bytes, Flat], Iterator[F]]
) -> Generator[F | av.AudioFrame, None, Probe]:
    """Do what `decoded` does; flat samples are read by `read`."""
    with _opened(source) as (data, file):
        media_type, promise = structure(data)
        count = _Count(promise)
        frames: Iterator[F | av.AudioFrame]
        if promise.flat:
            frames = _read_flat(data, promise.flat, count, read)
        else:
            frames = _decode(file, _DEMUXERS[media_type], count)
        for frame in frames:
            count.add(frame)
            yield frame
        return count.result(media_type, len(data))


@contextmanager
def _opened(source: bytes | Path) -> Iterator[tuple[Bytes, io.BytesIO | io.BufferedReader]]:
    """Give the bytes for slicing and a file for decoding; a long file on disk is mapped, not read into memory."""
    if isinstance(source, bytes):
        yield source, io.BytesIO(source)
        return
    with source.open("rb") as file:
        if os.fstat(file.fileno()).st_size <= _READ_WHOLE:
            read = file.read()
            yield read, io.BytesIO(read)
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data, file


def _read_flat(data: Bytes, flat: Flat, count: _Count, read: Callable[[Bytes, Flat], Iterator[F]]) -> Iterator[F]:
    """Yield the frames of samples that need no demuxer."""
    count.decodes(flat.codec)
    try:
        yield from read(data, flat)
    except (av.error.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        raise count.broken() from error


def _decode(file: io.BytesIO | io.BufferedReader, demuxer: str, count: _Count) -> Iterator[av.AudioFrame]:
    """Yield the frames of a file's first audio stream."""
    strict = {"err_detect": "crccheck+explode"} if demuxer == "flac" else {}
    # Else it searches seconds of samples for a compressed stream in disguise, which takes as long as all the rest.
    unprobed = {"max_probe_packets": "1", "max_size": "32768"} if demuxer == "wav" else {}
    try:
        with av.open(file, "r", format=demuxer, container_options=unprobed, metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise BadAudio("not audio: an MP4 file without an audio track")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise BadAudio("not audio that can be decoded: its codec is unknown")
            count.decodes(stream.codec_context.codec.canonical_name)
            stream.codec_context.options = strict
            if demuxer == "mov":
                count.expect(stream.duration, stream.time_base)
            for packet in container.demux(stream):
                if not count.ends_before(packet.pos):
                    yield from packet.decode()
    except (av.error.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        raise count.broken() from error


class _Count:
    """What has been decoded so far."""

    def __init__(self, promise: Promise) -> None:
        self._promise = promise
        self._samples = 0
        self._codec = ""
        self._shape: tuple[int, int] | None = None

    def add(self, frame: av.AudioFrame | FlatFrame) -> None:
        """Count one frame."""
        shape = (frame.sample_rate, frame.layout.nb_channels)
        if self._shape is None:
            self._shape = shape
        if shape != self._shape:
            raise BadAudio("broken: the sample rate or the channels change on the way")
        if shape[1] > MAX_CHANNELS:
            raise BadAudio(f"too many channels: {shape[1]}, the most is {MAX_CHANNELS}")
        if not LEAST_HZ <= shape[0] <= MAX_HZ:
            raise BadAudio(f"broken: its sample rate of {shape[0]} Hz is outside {LEAST_HZ} to {MAX_HZ}")
        self._samples += frame.samples
        if self._samples > MAX_S * shape[0]:
            raise too_long()
        if self._samples * shape[1] > MAX_SAMPLES:
            raise too_many()

    def expect(self, duration: int | None, time_base: Fraction | None) -> None:
        """Use an MP4 track's own duration; the decoder's last frame may be longer."""
        if duration and time_base and time_base.numerator == 1:
            self._promise = Promise(samples=duration, rate_hz=time_base.denominator, tolerance=_AAC_FRAME)

    def decodes(self, codec: str) -> None:
        """Keep the name of the codec."""
        self._codec = codec

    def ends_before(self, place: int | None) -> bool:
        """Say whether a packet at byte `place` is padding behind the audio."""
        return place is not None and self._promise.end is not None and place >= self._promise.end

    def broken(self) -> BadAudio:
        """Return the error for a decoder that gave up."""
        rate_hz = self._shape[0] if self._shape else self._promise.rate_hz or 1
        there = f"{self._samples / rate_hz:.2f} s"
        if self._promise.samples:
            promised = f"{self._promise.samples / rate_hz:.2f} s"
            return BadAudio(f"broken or cut short: the header promises {promised}, only {there} can be decoded")
        return BadAudio(f"broken: only {there} can be decoded")

    def result(self, media_type: str, size: int) -> Probe:
        """Return what was decoded; raise BadAudio when it is less than the header declares."""
        if self._shape is None:
            raise no_audio(size)
        rate_hz, channels = self._shape
        promised = self._promise.samples or 0
        if self._samples < promised - self._promise.tolerance:
            raise cut_short(promised, self._samples, rate_hz)
        padded = media_type == "audio/mp4" and promised < self._samples <= promised + _AAC_FRAME
        samples = promised if padded and promised else self._samples
        return Probe(
            media_type=media_type,
            seconds=samples / rate_hz,
            codec=self._codec,
            rate_hz=rate_hz,
            channels=channels,
            samples=samples,
        )
