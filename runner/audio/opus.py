"""A take made small, to be part of a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av

from runner.audio.probe.decode import listen

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 48_000
KBPS = {1: 64, 2: 96}


def opus(source: Path) -> bytes:
    """Return a piece of audio as Opus in Ogg, in one or two channels. Raises BadAudio when it cannot be decoded to its end."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg", container_options={"fflags": "+bitexact"}) as target:
        encoder: _Encoder | None = None

        def add(frame: av.AudioFrame) -> None:
            nonlocal encoder
            if encoder is None:
                encoder = _Encoder(target, min(2, frame.layout.nb_channels))
            encoder.add(frame)

        listen(source, add)
        if encoder is not None:
            encoder.add(None)
            encoder.end()
    return buffer.getvalue()


class _Encoder:
    """One stream of Opus, fed with frames of any format."""

    def __init__(self, target: av.container.OutputContainer, channels: int) -> None:
        self._target, layout = target, "stereo" if channels == 2 else "mono"
        self._stream = target.add_stream("libopus", rate=RATE_HZ, layout=layout)
        self._stream.bit_rate = KBPS[channels] * 1000
        self._resampler = av.AudioResampler(format="s16", layout=layout, rate=RATE_HZ)

    def add(self, frame: av.AudioFrame | None) -> None:
        """Encode one more frame; None: what the resampler still holds."""
        if frame is not None:
            frame.pts = None
        for part in self._resampler.resample(frame):
            part.pts = None
            self._target.mux(self._stream.encode(part))

    def end(self) -> None:
        """Encode what the encoder still holds."""
        self._target.mux(self._stream.encode(None))
