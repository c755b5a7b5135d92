"""Write blocks as a file, in each format a piece can have. The same blocks make the same bytes, with the same versions."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, assert_never, cast

import av
import numpy as np
import soundfile

from runner.audio.master.convert import frame_of
from runner.audio.ogg_pages import renumber
from runner.frozen import dataclass
from runner.records.mastering import Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt
    from av.audio.stream import AudioStream

    from runner.audio.master.blocks import Block, Shape

_MOST_WAV = 0xFFFF_FFFF - 4096
_CHUNK = 1 << 14
_DITHER_SEED = 0x5C0_4EF11E
_FLOAT_BITS = 32
_VORBIS_KBPS = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)
"""The nominal bit rate of each quality of Vorbis, from 0 to 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a file is written."""

    format: Format
    quality: int
    """Bits a sample where the format is lossless, else kbit/s."""

    @property
    def is_clipped(self) -> bool:
        """Whether it holds samples as integers, none above full scale."""
        return self.format.is_lossless and self.quality != _FLOAT_BITS


def write(blocks: Iterable[Block], shape: Shape, encoding: Encoding, target: Path) -> None:
    """Write all blocks to `target`, which is replaced."""
    match encoding.format:
        case Format.WAV:
            _wav(blocks, shape, encoding.quality, target)
        case Format.FLAC:
            _flac(blocks, shape, encoding.quality, target)
        case Format.OGG:
            _ogg(blocks, shape, encoding.quality, target)
        case Format.OPUS:
            _libav(blocks, shape, target, _Codec("ogg", "libopus", encoding.quality, {}))
        case Format.MP3:
            _libav(blocks, shape, target, _Codec("mp3", "libmp3lame", encoding.quality, {}))
        case Format.M4A:
            _libav(blocks, shape, target, _Codec("ipod", "aac", encoding.quality, {}))
        case _:
            assert_never(encoding.format)


def _wav(blocks: Iterable[Block], shape: Shape, bits: int, target: Path) -> None:
    width, channels = bits // 8, shape.channels
    tag = 3 if bits == _FLOAT_BITS else 1
    form = struct.pack(
        "<HHIIHH", tag, channels, shape.rate_hz, shape.rate_hz * channels * width, channels * width, bits
    )
    with target.open("wb") as file:
        file.write(bytes(44))
        size = 0
        for piece in _pieces(blocks, bits):
            data = piece.tobytes() if width != 3 else _three_bytes(piece)
            size += len(data)
            if size > _MOST_WAV:
                raise OverflowError
            file.write(data)
        file.write(b"\0" * (size % 2))
        file.seek(0)
        head = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size)
        file.write(b"RIFF" + struct.pack("<I", len(head) + size + size % 2) + head)


def _three_bytes(piece: npt.NDArray[Any]) -> bytes:
    return piece.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


def _pieces(blocks: Iterable[Block], bits: int) -> Iterator[npt.NDArray[Any]]:
    """Yield the samples as little-endian integers, 24 bits in the lower three bytes of four, or as floats.

    16 bits are dithered from a fixed seed, except for digital silence: with triangular noise of two steps, the difference
    of neighbours, which has less of what is heard best.
    """
    if bits == _FLOAT_BITS:
        yield from (block.astype("<f4", copy=False) for block in blocks)
        return
    chance = np.random.Generator(np.random.PCG64(_DITHER_SEED))
    full = 1 << bits - 1
    for block in blocks:
        scaled = block * np.float32(full) if bits == 16 else block.astype(np.float64) * full
        if bits == 16 and block.any():
            noise = chance.random((len(block) + 1, block.shape[1]), np.float32)
            scaled += noise[1:]
            scaled -= noise[:-1]
        np.rint(scaled, out=scaled)
        yield np.clip(scaled, -full, full - 1, out=scaled).astype("<i2" if bits == 16 else "<i4")


def _flac(blocks: Iterable[Block], shape: Shape, bits: int, target: Path) -> None:
    with soundfile.SoundFile(target, "w", shape.rate_hz, shape.channels, f"PCM_{bits}", format="FLAC") as file:
        for piece in _pieces(blocks, bits):
            file.write(piece if bits == 16 else piece << 8)


def _ogg(blocks: Iterable[Block], shape: Shape, kbps: int, target: Path) -> None:
    """Encode with libsndfile, then renumber: its stream number is random, and the same piece must have the same bytes."""
    drawn = target.with_name(f"{target.name}-vorbis")
    level = 1 - _VORBIS_KBPS.index(kbps) / 10
    try:
        with soundfile.SoundFile(
            drawn, "w", shape.rate_hz, shape.channels, "VORBIS", format="OGG", compression_level=level
        ) as file:
            for block in blocks:
                for start in range(0, len(block), _CHUNK):  # libsndfile's writer overflows its stack on long arrays
                    file.write(block[start : start + _CHUNK])
        with drawn.open("rb") as source, target.open("wb") as numbered:
            renumber(source, numbered)
    finally:
        drawn.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Codec:
    container: str
    name: str
    kbps: int
    options: dict[str, str]


def _libav(blocks: Iterable[Block], shape: Shape, target: Path, codec: _Codec) -> None:
    scale = {"movie_timescale": str(shape.rate_hz)} if codec.container == "ipod" else {}
    options = {"fflags": "+bitexact"} | scale
    with target.open("wb") as out, av.open(out, "w", format=codec.container, container_options=options) as file:
        stream = cast(
            "AudioStream",
            file.add_stream(codec.name, rate=shape.rate_hz, layout=shape.layout, options=dict(codec.options)),
        )
        stream.bit_rate = codec.kbps * 1000
        at = 0
        for block in blocks:
            file.mux(stream.encode(frame_of(block, shape, at)))
            at += len(block)
        file.mux(stream.encode(None))
