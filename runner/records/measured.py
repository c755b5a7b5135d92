"""What is measured of a piece of audio."""

from __future__ import annotations

from msgspec import Struct


class Measured(Struct, frozen=True, kw_only=True):
    """What one decoding of a file showed, rounded to what is told of it: docs/measures.md defines each.

    All is None where nothing was measured yet: an older lock knows the loudness at most.
    """

    codec: str | None = None
    """FFmpeg's name of it, such as `pcm_s16le`; None where the rest was not measured."""
    lufs: float | None = None
    """Integrated loudness in LUFS; None when too short or silent to measure."""
    lra_lu: float | None = None
    """Loudness range in LU; None when too short or silent to measure."""
    true_peak_dbtp: float | None = None
    """The highest true peak in dBTP; None when every sample is zero."""
    head_silence_s: float | None = None
    """How long it is silent from its start, in seconds; its whole length when all of it is."""
    tail_silence_s: float | None = None
    """How long it is silent before its end, in seconds; its whole length when all of it is."""
    clipped_samples: int | None = None
    """Samples in runs at full scale, in all channels together."""
    dc_offset: float | None = None
    """The mean of the channel with the largest one, as a share of full scale."""
    bpm: float | None = None
    """Beats per minute; None unless measured, which needs the extra `listen`."""
    key: str | None = None
    """Such as `D minor`; None unless measured, which needs the extra `listen`."""

    @property
    def is_complete(self) -> bool:
        """Whether all was measured that needs no extra: then a loudness that is None is one that cannot be measured."""
        return self.codec is not None

    @property
    def known(self) -> int:
        """Return how much is known."""
        return sum(getattr(self, name) is not None for name in self.__struct_fields__)


NOT_MEASURED = Measured()


class Probe(Struct, frozen=True, kw_only=True):
    """A complete audio file. `samples` counts each channel's."""

    media_type: str
    codec: str
    """FFmpeg's name of it."""
    seconds: float
    rate_hz: int
    channels: int
    samples: int
    measured: Measured = NOT_MEASURED


class Sound(Struct, frozen=True, kw_only=True):
    """What a decoder gives back of a file, and what was measured of it."""

    seconds: float
    rate_hz: int
    channels: int
    measured: Measured = NOT_MEASURED
