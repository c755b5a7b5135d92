"""Integrated loudness (ITU-R BS.1770) and loudness range (EBU Tech 3342) with FFmpeg's ebur128 filter."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error
from av.filter import Graph

if TYPE_CHECKING:
    from collections.abc import Mapping

GATE_LUFS = -70.0
"""BS.1770's absolute gate: the filter reports this for silence."""
_LAYOUTS = {5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""What a file is taken for that does not say which channel is which: behind count more, and the one for bass does not."""
RANGE_FROM_S = 3.0
"""Loudness range is made of windows of 3 s."""


class LoudnessMeter:
    """One ebur128 filter, built for the format of its first frame. It tells what it knows every tenth of a second."""

    def __init__(self, frame: av.AudioFrame) -> None:
        self._graph = _graph(frame)
        self._time_base = Fraction(1, frame.sample_rate)
        self._samples = 0
        self._known: Mapping[str, str] = {}

    def add(self, frames: list[av.AudioFrame]) -> None:
        """Measure some more frames."""
        for frame in frames:
            frame.pts, frame.time_base = self._samples, self._time_base
            self._samples += frame.samples
            self._graph.push(frame)
        self._pull()

    def end(self) -> None:
        """Measure what the filter still holds."""
        self._graph.push(None)
        self._pull()

    @property
    def lufs(self) -> float | None:
        """Return the integrated loudness; None when too short or silent."""
        lufs = float(self._known.get("lavfi.r128.I", GATE_LUFS))
        return lufs if lufs > GATE_LUFS else None

    @property
    def lra_lu(self) -> float | None:
        """Return the loudness range; None when too short or silent."""
        if self.lufs is None or self._samples * self._time_base < RANGE_FROM_S:
            return None
        return float(self._known.get("lavfi.r128.LRA", 0))

    def _pull(self) -> None:
        with suppress(av.error.BlockingIOError, av.error.EOFError):
            while True:
                self._known = self._graph.pull().metadata or self._known


def _graph(frame: av.AudioFrame) -> Graph:
    graph = Graph()
    graph.threads = 1  # no thread can be of use to a filter that reads its input in order
    channels = frame.layout.nb_channels
    is_unnamed = any(channel.name == "NONE" for channel in frame.layout.channels)
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format,
        layout=_LAYOUTS.get(channels, frame.layout) if is_unnamed else frame.layout,
        time_base=Fraction(1, frame.sample_rate),
    )
    graph.link_nodes(source, graph.add("ebur128", metadata="1"), graph.add("abuffersink"))
    graph.configure()
    return graph
