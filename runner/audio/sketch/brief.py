"""What a sketch should be like, and how its file is tagged."""

from __future__ import annotations

from runner.frozen import dataclass

TAGS = {"title": "placeholder music", "artist": "scorefile local/sketch"}
"""The tags of every file of the model local/sketch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What to compose. Where `bpm`, `key` or `time_signature` is None or unreadable, the prompt and the seed decide."""

    prompt: str
    duration_s: float
    bpm: float | None = None
    """Quarter notes per minute, limited to 20 to 400."""
    key: str | None = None
    """`D minor`, `F#`."""
    time_signature: str | None = None
    """`6/8`."""
    seed: int = 0
    instrumental: bool = True
    """Without it a voice has the tune."""
