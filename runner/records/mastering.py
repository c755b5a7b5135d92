"""What is done to a take before it is placed: the settings of `master:`, parsed and bounded."""

from __future__ import annotations

from dataclasses import field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from runner.frozen import dataclass
from runner.records.media_types import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.records.source import Json

SILENCE: Final = "silence"
Trim: TypeAlias = Literal["silence"] | tuple[float, float]
"""Without the silence at both ends, or from one second to another."""

RATES: Final = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
DEFAULT_PEAK_DBTP: Final = -1.0
DEFAULT_CROSSFADE_S: Final = 2.0
LOUDNESS_LUFS: Final = (-40.0, -5.0)
PEAK_DBTP: Final = (-20.0, 0.0)
FADE_S: Final = (0.0, 30.0)
CROSSFADE_S: Final = (0.01, 30.0)
TRIM_S: Final = (0.0, 10_800.0)
"""The lowest and the highest value of each setting that is a number."""


class Format(StrEnum):
    """A file format that a finished piece can have."""

    WAV = "wav"
    FLAC = "flac"
    OGG = "ogg"
    OPUS = "opus"
    MP3 = "mp3"
    M4A = "m4a"

    @property
    def media_type(self) -> str:
        """Return its media type."""
        match self:
            case Format.WAV | Format.FLAC | Format.OGG:
                return f"audio/{self.value}"
            case Format.OPUS:
                return "audio/ogg"
            case Format.MP3:
                return "audio/mpeg"
            case Format.M4A:
                return "audio/mp4"
        assert_never(self)

    @property
    def is_lossless(self) -> bool:
        """Whether a decoder gives back the very samples that were written."""
        match self:
            case Format.WAV | Format.FLAC:
                return True
            case Format.OGG | Format.OPUS | Format.MP3 | Format.M4A:
                return False
        assert_never(self)

    @property
    def qualities(self) -> Sequence[int]:
        """Return what `quality` may be: bits a sample where it is lossless, else kbit/s."""
        match self:
            case Format.WAV:
                return (16, 24, 32)
            case Format.FLAC:
                return (16, 24)
            case Format.OGG:
                return (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)
            case Format.OPUS:
                return range(16, 257)
            case Format.MP3:
                return (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
            case Format.M4A:
                return range(32, 321)
        assert_never(self)

    @property
    def default_quality(self) -> int:
        """Return the quality of a file for which none is written."""
        match self:
            case Format.WAV | Format.FLAC:
                return 16
            case Format.OGG | Format.MP3 | Format.M4A:
                return 192
            case Format.OPUS:
                return 128
        assert_never(self)

    @property
    def rates_hz(self) -> Sequence[int]:
        """Return the sample rates that it can have."""
        match self:
            case Format.WAV | Format.FLAC | Format.OGG:
                return RATES
            case Format.OPUS:
                return (48_000,)
            case Format.MP3:
                return (32_000, 44_100, 48_000)
            case Format.M4A:
                return tuple(rate for rate in RATES if rate <= 96_000)
        assert_never(self)

    @property
    def most_channels(self) -> int:
        """Return how many channels it can have."""
        match self:
            case Format.WAV | Format.FLAC:
                return 8
            case Format.OGG | Format.OPUS | Format.MP3 | Format.M4A:
                return 2
        assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mastering:
    """The settings of `master:` for one job. What is None, or 0 seconds, is not done."""

    loudness_lufs: float | None = None
    peak_dbtp: float | None = None
    """The highest true peak. It is set where loudness is."""
    trim: Trim | None = None
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    exact_s: float | None = None
    """The length that the piece is cut or padded to, in seconds."""
    loop_s: float | None = None
    """How long the tail is crossfaded into the head, in seconds."""
    rate_hz: int | None = None
    channels: int | None = None
    format: Format | None = None
    quality: int | None = None

    @property
    def changes_audio(self) -> bool:
        """Whether the samples or their encoding may change, so that the take has to be encoded again."""
        return self != Mastering()

    def as_json(self) -> dict[str, Json]:
        """Return the settings that do something, as data; `master.loudness` and its like are written as numbers here."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        unset = {item.name: item.default for item in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
            if value != unset[name]
        }


class Tag(StrEnum):
    """A tag that a file may say for a finished piece."""

    TITLE = "title"
    ARTIST = "artist"
    ALBUM = "album"
    GENRE = "genre"
    COMPOSER = "composer"
    COPYRIGHT = "copyright"
    COMMENT = "comment"


MOST_TAG: Final = 500
"""The most characters of a tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finishing:
    """What is done to the chosen take before it is placed: one local step, which costs nothing."""

    mastering: Mastering = field(default_factory=Mastering)
    tags: Mapping[Tag, str] | None = None
    """The tags that the file says, beside those that tell where the piece comes from; None where there are to be none."""

    def extension(self, media_type: str) -> str:
        """Return the extension of the finished piece of a take."""
        form = self.mastering.format
        if form is not None:
            return f".{form}"
        # What is encoded again has a container; what only gets tags stays as it came.
        is_bare = media_type == "audio/aac" and self.mastering.changes_audio
        return EXTENSIONS["audio/mp4" if is_bare else media_type]

    def as_json(self) -> dict[str, Json]:
        """Return it as data."""
        return {"master": self.mastering.as_json(), "tags": None if self.tags is None else {**self.tags}}
