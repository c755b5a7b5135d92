"""What each tag is called in each kind of file: one row a tag, read from both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Names(NamedTuple):
    """One tag in comments of FLAC and Ogg, in ID3, in MP4, and in the INFO list of WAV; None where that has none of it."""

    comment: str
    id3: str
    mp4: str
    info: bytes | None = None


_OWN = "TXXX:"
_FREE = "----:dev.scorefile:"

NAMES: Final[Mapping[str, Names]] = {
    "title": Names("TITLE", "TIT2", "\xa9nam", b"INAM"),
    "artist": Names("ARTIST", "TPE1", "\xa9ART", b"IART"),
    "album": Names("ALBUM", "TALB", "\xa9alb", b"IPRD"),
    "genre": Names("GENRE", "TCON", "\xa9gen", b"IGNR"),
    "composer": Names("COMPOSER", "TCOM", "\xa9wrt", b"IMUS"),
    "copyright": Names("COPYRIGHT", "TCOP", "cprt", b"ICOP"),
    "comment": Names("COMMENT", "COMM", "\xa9cmt", b"ICMT"),
    "date": Names("DATE", "TDRC", "\xa9day", b"ICRD"),
    "job": Names("SCOREFILE_JOB", f"{_OWN}SCOREFILE_JOB", f"{_FREE}JOB"),
    "model": Names("SCOREFILE_MODEL", f"{_OWN}SCOREFILE_MODEL", f"{_FREE}MODEL"),
    "seed": Names("SCOREFILE_SEED", f"{_OWN}SCOREFILE_SEED", f"{_FREE}SEED"),
    "prompt_sha256": Names("SCOREFILE_PROMPT_SHA256", f"{_OWN}SCOREFILE_PROMPT_SHA256", f"{_FREE}PROMPT_SHA256"),
    "take_sha256": Names("SCOREFILE_TAKE_SHA256", f"{_OWN}SCOREFILE_TAKE_SHA256", f"{_FREE}TAKE_SHA256"),
    "source_type": Names("DIGITALSOURCETYPE", f"{_OWN}DIGITALSOURCETYPE", f"{_FREE}DIGITALSOURCETYPE"),
}
"""The name of a tag in this program → what files call it."""
