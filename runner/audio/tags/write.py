"""Write and read the tags of a finished piece, in whatever kind of file it is."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, cast

from runner.audio.probe.magic import sniff
from runner.audio.tags.names import NAMES
from runner.audio.tags.riff import append_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_HEAD = 1 << 16
_OPUS = b"OpusHead"


def write_tags(path: Path, tags: Mapping[str, str]) -> None:
    """Add tags to an audio file in place; those that it has under other names stay. `tags` are by the names of `NAMES`."""
    _KINDS[_kind(path)][0](path, tags)


def read_tags(path: Path) -> dict[str, str]:
    """Return the tags of an audio file that have a name in `NAMES`. Raises BadAudio for what is no audio."""
    from mutagen import MutagenError

    try:
        return _KINDS[_kind(path)][1](path)
    except (MutagenError, struct.error, ValueError, LookupError, OverflowError, MemoryError):  # of a file made to hurt
        return {}


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD)
        kind = sniff(head)
        if kind == "audio/ogg":
            return "opus" if _OPUS in head[:128] else "flac in ogg" if b"\x7fFLAC" in head[:128] else "vorbis"
    return kind


def _write_id3(path: Path, tags: Mapping[str, str]) -> None:
    from mutagen.id3 import ID3, ID3NoHeaderError

    try:
        found = ID3(path)
    except ID3NoHeaderError:
        found = ID3()
    _fill(found, tags)
    found.save(path)


def _write_wav(path: Path, tags: Mapping[str, str]) -> None:
    from mutagen.wave import WAVE

    append_chunks(path, tags)
    file = WAVE(path)
    if file.tags is None:
        file.add_tags()
    _fill(file.tags, tags)
    file.save()


def _fill(found: Any, tags: Mapping[str, str]) -> None:
    """Set the frames of ID3."""
    from mutagen import id3

    for name, text in tags.items():
        frame, _, own = NAMES[name].id3.partition(":")
        if own:
            found.setall(NAMES[name].id3, [id3.TXXX(encoding=3, desc=own, text=[text])])
        elif frame == "COMM":
            found.setall(frame, [id3.COMM(encoding=3, lang="eng", desc="", text=[text])])
        else:
            found.setall(frame, [getattr(id3, frame)(encoding=3, text=[text])])


def _read_id3(path: Path) -> dict[str, str]:
    from mutagen.id3 import ID3

    return _of_id3(ID3(path))


def _read_wav(path: Path) -> dict[str, str]:
    from mutagen.wave import WAVE

    found = WAVE(path).tags
    return {} if found is None else _of_id3(found)


def _of_id3(found: Any) -> dict[str, str]:
    texts = {name: found.getall(names.id3) for name, names in NAMES.items()}
    return {name: str(frames[0].text[0]) for name, frames in texts.items() if frames and frames[0].text}


def _comments(path: Path, kind: str) -> Any:
    """Open a file whose tags are Vorbis comments."""
    from mutagen.flac import FLAC
    from mutagen.oggflac import OggFLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    opened: Mapping[str, Any] = {"audio/flac": FLAC, "vorbis": OggVorbis, "opus": OggOpus, "flac in ogg": OggFLAC}
    return opened[kind](path)


def _write_comments(path: Path, tags: Mapping[str, str]) -> None:
    file = _comments(path, _kind(path))
    if file.tags is None:
        file.add_tags()
    for name, text in tags.items():
        file[NAMES[name].comment] = [text]
    file.save()


def _read_comments(path: Path) -> dict[str, str]:
    file = _comments(path, _kind(path))
    found = {name: (file.tags or {}).get(names.comment.lower()) for name, names in NAMES.items()}
    return {name: str(texts[0]) for name, texts in found.items() if texts}


def _write_mp4(path: Path, tags: Mapping[str, str]) -> None:
    from mutagen.mp4 import MP4, AtomDataType, MP4FreeForm

    file = cast("Any", MP4(path))
    if file.tags is None:
        file.add_tags()
    for name, text in tags.items():
        key = NAMES[name].mp4
        is_free = key.startswith("----")
        file[key] = [MP4FreeForm(text.encode(), dataformat=AtomDataType.UTF8)] if is_free else [text]
    file.save()


def _read_mp4(path: Path) -> dict[str, str]:
    from mutagen.mp4 import MP4

    found = {name: (MP4(path).tags or {}).get(names.mp4) for name, names in NAMES.items()}
    return {
        name: bytes(texts[0]).decode("utf-8", "replace") if isinstance(texts[0], bytes) else str(texts[0])
        for name, texts in found.items()
        if texts
    }


_KINDS: Mapping[str, tuple[Callable[[Path, Mapping[str, str]], None], Callable[[Path], dict[str, str]]]] = {
    "audio/wav": (_write_wav, _read_wav),
    "audio/flac": (_write_comments, _read_comments),
    "vorbis": (_write_comments, _read_comments),
    "opus": (_write_comments, _read_comments),
    "flac in ogg": (_write_comments, _read_comments),
    "audio/mpeg": (_write_id3, _read_id3),
    "audio/aac": (_write_id3, _read_id3),
    "audio/mp4": (_write_mp4, _read_mp4),
}
"""Kind of file → how its tags are written, and read."""
