"""Tags of WAV in chunks of its own: the INFO list that players show, and `bext` (EBU Tech 3285) that broadcasters read."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from runner.audio.tags.names import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BEXT = struct.Struct("<256s32s32s10s8sQH64s10s180s")
_VERSION = 2
_UNSET_LOUDNESS = struct.pack("<5h", *[0x7FFF] * 5)
_FACTS = ("job", "model", "seed", "source_type")


def append_chunks(path: Path, tags: Mapping[str, str]) -> None:
    """Append both chunks to a WAV file, and correct its size."""
    texts = [_chunk(NAMES[name].info, text.encode() + b"\0") for name, text in tags.items()]
    chunks = _chunk(b"bext", _bext(tags)) + _chunk(b"LIST", b"INFO" + b"".join(texts))
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        file.write(chunks)
        file.seek(4)
        file.write(struct.pack("<I", end + len(chunks) - 8))


def _chunk(name: bytes | None, body: bytes) -> bytes:
    """Return a chunk, padded to an even length; nothing for a tag that INFO has no name for."""
    return b"" if name is None else name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _bext(tags: Mapping[str, str]) -> bytes:
    facts = [tags.get("comment", ""), *(f"{name}={tags[name]}" for name in _FACTS if name in tags)]
    date, _, time = tags.get("date", "").rstrip("Z").partition("T")
    return _BEXT.pack(
        _ascii("; ".join(filter(None, facts)), 256),
        _ascii(tags.get("artist", "Scorefile"), 32),
        _ascii(tags.get("job", ""), 32),
        _ascii(date, 10),
        _ascii(time, 8),
        0,
        _VERSION,
        b"",
        _UNSET_LOUDNESS,
        b"",
    )


def _ascii(text: str, size: int) -> bytes:
    return text.encode("ascii", "replace")[:size]
