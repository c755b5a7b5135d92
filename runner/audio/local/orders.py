"""What the local models that work on audio are asked for: plain values, which any executor can be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from runner.errors import ScorefileError
from runner.frozen import dataclass

if TYPE_CHECKING:
    from pathlib import Path

FileKind: TypeAlias = Literal["wav", "flac"]


class LocalFailed(ScorefileError):
    """An input cannot be read, or a setting cannot be met for it; nothing was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One input: how messages name it, where its bytes are, and how loud it is."""

    name: str
    data: Path | bytes
    gain_db: float = 0.0
    offset_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Concat:
    """One input after the other; each crossfades into the next one."""

    crossfade_s: float
    kind: FileKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """All inputs at once, each from its offset on."""

    kind: FileKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Stinger:
    """A cut of one input, from `start_s` on, with short fades."""

    start_s: float
    length_s: float
    fade_in_s: float
    fade_out_s: float
    kind: FileKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One input as it is, byte for byte."""


LocalOrder: TypeAlias = Concat | Mix | Stinger | Import
