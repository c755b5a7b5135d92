"""Measure integrated loudness (ITU-R BS.1770) with FFmpeg's ebur128 filter."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING

import av
import av.error
from av.filter import Graph

from runner.audio.probe.decode import listen
from runner.records.measured import Measured

if TYPE_CHECKING:
    from pathlib import Path

    from runner.audio.probe.decode import Probe

_GATE_LUFS = -70.0
"""BS.1770's absolute gate: the filter reports this for silence."""
_KEY = "lavfi.r128.I"
_TAIL_BYTES = 512
_WAITING_FRAMES = 32


def inspect(source: bytes | Path) -> Probe:
    """Decode once and return the Probe with what was measured; raise BadAudio as `probe` does."""
    with NamedTemporaryFile(prefix="scorefile-", suffix=".lufs") as report:
        filter_ = _LoudnessFilter(report.name)
        result = listen(source, filter_.add)
        filter_.measure()
        return replace(result, measured=Measured(lufs=_last_value(report)))


def loudness(source: bytes | Path) -> float | None:
    """Return integrated loudness in LUFS rounded to 0.1, None when silent or under 0.4 s; raise BadAudio."""
    return inspect(source).measured.lufs


class _LoudnessFilter:
    """One ebur128 filter, built for the format of its first frame.

    It reports to a file, each tenth of a second: the one way out of a filter that all versions of PyAV share.
    """

    def __init__(self, report: str) -> None:
        self._report = report
        self._graph: Graph | None = None
        self._samples = 0
        self._waiting = 0

    def add(self, frame: av.AudioFrame) -> None:
        """Take one more frame, and measure those that wait when there are many."""
        if self._graph is None:
            self._graph = _graph(frame, self._report)
        frame.pts = self._samples
        frame.time_base = Fraction(1, frame.sample_rate)
        self._samples += frame.samples
        self._graph.push(frame)
        self._waiting += 1
        if self._waiting >= _WAITING_FRAMES:
            self.measure()

    def measure(self) -> None:
        """Measure the frames that wait."""
        self._waiting = 0
        if self._graph is not None:
            with suppress(av.error.BlockingIOError, av.error.EOFError):
                while True:
                    self._graph.pull()


def _graph(frame: av.AudioFrame, report: str) -> Graph:
    graph = Graph()
    graph.threads = 1  # no thread can be of use to a filter that reads its input in order
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format,
        layout=frame.layout,
        time_base=Fraction(1, frame.sample_rate),
    )
    meter = graph.add("ebur128", metadata="1")
    printer = graph.add("ametadata", mode="print", key=_KEY, direct="1", file=report)
    nothing = graph.add("aselect", expr="0")  # what leaves the filters is not fetched
    graph.link_nodes(source, meter, printer, nothing, graph.add("abuffersink"))
    graph.configure()
    return graph


def _last_value(report: IO[bytes]) -> float | None:
    """Read the last line of the filter's report, `lavfi.r128.I=-16.123`."""
    size = report.seek(0, 2)
    report.seek(max(0, size - _TAIL_BYTES))
    _, _, text = report.read().decode("ascii").rpartition(f"{_KEY}=")
    lufs = float(text) if text.strip() else _GATE_LUFS
    return round(lufs, 1) + 0.0 if lufs > _GATE_LUFS else None
