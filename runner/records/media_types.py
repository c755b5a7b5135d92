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

OUTPUT_EXTENSIONS: Final = (*EXTENSIONS.values(), ".opus")
"""The extensions of outputs: a piece that is finished as Opus has one of its own."""
