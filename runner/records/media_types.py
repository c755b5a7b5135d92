"""The kinds of audio this program knows, and the extension each one gets."""

from __future__ import annotations

from typing import Final

EXTENSIONS: Final[dict[str, str]] = {
    "audio/wav": ".wav",
    "audio/mpeg": ".mp3",
    "audio/flac": ".flac",
    "audio/ogg": ".ogg",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
}

MEDIA_TYPES: Final = {extension: media_type for media_type, extension in EXTENSIONS.items()} | {".opus": "audio/ogg"}
"""The media type of each extension of an output: a piece that is finished as Opus has one of its own."""
