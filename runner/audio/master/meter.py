"""Loudness and true peak of blocks, measured as they pass."""

from __future__ import annotations

from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from av.filter import Graph

from runner.audio.master.convert import frame_of, source_of
from runner.audio.master.true_peak import TruePeaks
from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.audio.master.blocks import Block, Shape
    from runner.audio.master.true_peak import Envelope

_GATE_LUFS = -70.0
_KEY = "lavfi.r128.I"
_TAIL_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What was measured. `lufs` is None for silence and for less than 0.4 s."""

    samples: int
    lufs: float | None
    peak_dbtp: float
    """The true peak; -infinity for digital silence."""
    envelope: Envelope


def measured(blocks: Iterable[Block], shape: Shape, *, peaks: bool = True) -> Levels:
    """Measure blocks to their end. Without `peaks` the true peak is left out, which takes half of the time."""
    meter = Meter(shape, peaks=peaks)
    for _ in meter.through(blocks):
        pass
    return meter.levels()


class Meter:
    """FFmpeg's loudness filter (ITU-R BS.1770, EBU R 128), and true peaks."""

    def __init__(self, shape: Shape, *, peaks: bool = True) -> None:
        self._shape, self._samples = shape, 0
        self._peaks = TruePeaks(shape.rate_hz, shape.channels) if peaks else None
        # It reports to a file, each tenth of a second: the one way out of a filter that all versions of PyAV share.
        self._report = NamedTemporaryFile(prefix="scorefile-", suffix=".lufs")  # noqa: SIM115 - closed by levels()
        self._graph = Graph()
        self._graph.threads = 1
        nodes = (
            source_of(self._graph, shape),
            self._graph.add("ebur128", metadata="1"),
            self._graph.add("ametadata", mode="print", key=_KEY, direct="1", file=self._report.name),
            self._graph.add("aselect", expr="0"),
            self._graph.add("abuffersink"),
        )
        self._graph.link_nodes(*nodes)
        self._graph.configure()

    def through(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield the blocks as they are, and measure them."""
        for block in blocks:
            self._graph.push(frame_of(block, self._shape, self._samples))
            self._pull()
            self._samples += len(block)
            if self._peaks is not None:
                self._peaks.add(block)
            yield block

    def levels(self) -> Levels:
        """Return what was measured."""
        with self._report as report:
            size = report.seek(0, 2)
            report.seek(max(0, size - _TAIL_BYTES))
            _, _, text = report.read().decode("ascii").rpartition(f"{_KEY}=")
        lufs = float(text) if text.strip() else _GATE_LUFS
        envelope = np.zeros(0, np.float32) if self._peaks is None else self._peaks.result()
        peak = float(envelope.max(initial=0.0))
        return Levels(
            samples=self._samples,
            lufs=lufs if lufs > _GATE_LUFS else None,
            peak_dbtp=dbfs(peak),
            envelope=envelope,
        )

    def _pull(self) -> None:
        with suppress(av.error.BlockingIOError, av.error.EOFError):
            while True:
                self._graph.pull()


def dbfs(amplitude: float) -> float:
    """Return an amplitude in decibels below full scale."""
    return 20 * float(np.log10(amplitude)) if amplitude > 0 else float("-inf")
