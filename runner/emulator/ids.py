"""Job ids in the form that each provider uses."""

from __future__ import annotations

import re
import uuid

NUMBER = "1234"
EMAIL = "rehearsal@example.com"


def uuid7(now_ms: int, noise: int) -> str:
    """Return a UUID of version 7 for the time `now_ms` (Unix, milliseconds) and 74 bits of `noise` (RFC 9562)."""
    rand_a, rand_b = noise >> 62 & 0xFFF, noise & (1 << 62) - 1
    return str(uuid.UUID(int=(now_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b))


def job_id(shape: str, *, model: str, count: int, now_ms: int, noise: int) -> str:
    """Fill the placeholders of `shape`: {model}, {uuid}, {email} and {number}; any {number} but the last is a constant.

    The last number is made of the time and `count`, so that a restarted emulator does not repeat an id.
    """
    head, number, tail = shape.rpartition("{number}")
    text = head.replace("{number}", NUMBER) + (f"{now_ms}{count:03}" if number else "") + tail
    return text.replace("{model}", model).replace("{email}", EMAIL).replace("{uuid}", uuid7(now_ms, noise))


def model_in(shape: str, text: str) -> str | None:
    """Return the part of the id `text` that is at {model} in `shape`, or None when the shape has no {model}."""
    if "{model}" not in shape:
        return None
    pattern = re.sub(r"\\\{(\w+)\\\}", lambda word: "(.+?)" if word[1] == "model" else ".+", re.escape(shape))
    found = re.fullmatch(pattern, text)
    return found[1] if found else None
