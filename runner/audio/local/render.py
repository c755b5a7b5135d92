"""Make the file that a local model is asked for. The same inputs and settings make the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from runner.audio.local.cuts import concatenated, mixed, stung
from runner.audio.local.orders import Concat, Import, LocalFailed, Mix, Stinger
from runner.audio.local.sources import opened
from runner.audio.master.write import Encoding, write
from runner.records.mastering import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from runner.audio.local.orders import LocalOrder, Source
    from runner.audio.master.blocks import Block

_BITS = 24
_CHUNK = 1 << 20


def render(order: LocalOrder, sources: Sequence[Source], target: Path) -> None:
    """Write the piece to `target`. Raises LocalFailed, which names the input that it is about."""
    if isinstance(order, Import):
        _copy(sources[0], target)
        return
    shape, inputs = opened(sources)
    blocks: Iterator[Block]
    match order:
        case Concat():
            blocks = concatenated(sources, inputs, round(order.crossfade_s * shape.rate_hz))
        case Mix():
            offsets = [round(source.offset_s * shape.rate_hz) for source in sources]
            blocks = mixed(inputs, offsets, shape.channels)
        case Stinger():
            blocks = stung(order, sources[0], inputs[0], shape.rate_hz)
        case _:
            assert_never(order)
    try:
        write(blocks, shape, Encoding(format=Format(order.kind), quality=_BITS), target)
    except OverflowError as error:
        raise LocalFailed("the piece is larger than a WAV file can be", help="write output_format: flac") from error


def _copy(source: Source, target: Path) -> None:
    if isinstance(source.data, bytes):
        target.write_bytes(source.data)
        return
    with source.data.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(_CHUNK):
            writer.write(chunk)
