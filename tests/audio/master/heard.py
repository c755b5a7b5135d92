"""Levels of a finished file by another meter than the one that made it: FFmpeg's own loudness and true peak."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.filter import Graph

if TYPE_CHECKING:
    from pathlib import Path

Samples = npt.NDArray[np.float64]


class Heard(NamedTuple):
    """What FFmpeg hears in a file. `samples` has the shape (samples, channels)."""

    lufs: float
    peak_dbtp: float
    samples: Samples
    rate_hz: int


def heard(path: Path) -> Heard:
    """Decode a file and measure it."""
    report = path.with_name("heard.txt")
    blocks: list[Samples] = []
    graph: Graph | None = None
    rate_hz = at = 0
    with av.open(io.BytesIO(path.read_bytes()), "r") as file:
        for frame in file.decode(file.streams.audio[0]):
            rate_hz = frame.sample_rate
            graph = graph or _graph(frame, report)
            frame.pts, frame.time_base = at, Fraction(1, rate_hz)
            at += frame.samples
            blocks.append(_samples(frame))
            graph.push(frame)
            with suppress(av.error.BlockingIOError, av.error.EOFError):
                while True:
                    graph.pull()
    del graph
    text = report.read_text()
    lufs = float(re.findall(r"lavfi\.r128\.I=(\S+)", text)[-1])
    peak = max(float(value) for value in re.findall(r"lavfi\.r128\.true_peaks_ch\d=(\S+)", text))
    return Heard(lufs, 20 * float(np.log10(max(peak, 1e-9))), np.concatenate(blocks), rate_hz)


def _graph(frame: av.AudioFrame, report: Path) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format,
        layout=frame.layout,
        time_base=Fraction(1, frame.sample_rate),
    )
    meter = graph.add("ebur128", metadata="1", peak="true")
    printer = graph.add("ametadata", mode="print", direct="1", file=str(report))
    graph.link_nodes(source, meter, printer, graph.add("abuffersink"))
    graph.configure()
    return graph


def _samples(frame: av.AudioFrame) -> Samples:
    raw: Any = frame.to_ndarray()
    whole = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    full = 1.0 if raw.dtype.kind == "f" else float(1 << 8 * raw.itemsize - 1)
    samples: Samples = whole.astype(np.float64) / full
    return samples
