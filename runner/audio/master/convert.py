"""Another sample rate and other channels, by FFmpeg's resampler at its high quality."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import av.error
import numpy as np
from av.filter import Graph

from runner.audio.master.blocks import LAYOUTS, Shape, grouped
from runner.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.audio.master.blocks import Block

_QUALITY = "filter_size=64:phase_shift=10:exact_rational=1:cutoff=0.97:filter_type=kaiser:kaiser_beta=9"
"""Of libswresample: a longer filter than its default, and nothing above half of the rate folds back."""


def converted(shape: Shape, blocks: Iterable[Block], rate_hz: int, channels: int) -> tuple[Shape, Iterator[Block]]:
    """Return the blocks with this rate and these channels.

    Of stereo, mono is the mean of both sides; mono becomes stereo with the same level in both. More channels are mixed
    as ITU-R BS.775 says.
    """
    if {shape.channels, channels} == {1, 2}:
        if channels == 1:
            blocks = (block.mean(axis=1, keepdims=True, dtype=np.float32) for block in blocks)
        else:
            blocks = (np.repeat(block, 2, axis=1) for block in blocks)
        shape = replace(shape, channels=channels, layout=LAYOUTS[channels])
    layout = shape.layout if channels == shape.channels else LAYOUTS[channels]
    target = Shape(rate_hz=rate_hz, channels=channels, layout=layout)
    return target, iter(blocks) if target == shape else grouped(_resampled(shape, blocks, target))


def frame_of(block: Block, shape: Shape, at: int) -> av.AudioFrame:
    """Return a block as a frame that begins at sample `at`."""
    packed = np.ascontiguousarray(block).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(cast("Any", packed), format="flt", layout=shape.layout)
    frame.sample_rate = shape.rate_hz
    frame.time_base = Fraction(1, shape.rate_hz)
    frame.pts = at
    return frame


def source_of(graph: Graph, shape: Shape) -> Any:
    """Return the node of a graph that takes in blocks of this shape."""
    return graph.add_abuffer(
        sample_rate=shape.rate_hz, format="flt", layout=shape.layout, time_base=Fraction(1, shape.rate_hz)
    )


def _resampled(shape: Shape, blocks: Iterable[Block], target: Shape) -> Iterator[Block]:
    graph = Graph()
    graph.threads = 1
    form = f"sample_fmts=flt:sample_rates={target.rate_hz}:channel_layouts={target.layout}"
    resampler = graph.add("aresample", f"{target.rate_hz}:{_QUALITY}:osf=flt:ochl={target.layout}")
    graph.link_nodes(source_of(graph, shape), resampler, graph.add("aformat", form), graph.add("abuffersink"))
    graph.configure()
    at = 0
    for block in blocks:
        graph.push(frame_of(block, shape, at))
        at += len(block)
        yield from _pulled(graph, target.channels)
    graph.push(None)
    yield from _pulled(graph, target.channels)


def _pulled(graph: Graph, channels: int) -> Iterator[Block]:
    while True:
        try:
            frame = cast("av.AudioFrame", graph.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield cast("Block", frame.to_ndarray()).reshape(-1, channels)
