"""The piece of music that belongs to an id: small, whole, different for every id, the same each time."""

from __future__ import annotations

import hashlib
import struct

RATE_HZ = 8000


def song(seed: str, *, seconds: float = 0.5) -> bytes:
    """Return a WAV file: 16 bit, mono, a tone that only this `seed` has."""
    digest = hashlib.sha256(seed.encode()).digest()
    count = int(RATE_HZ * seconds)
    cycle = b"".join(struct.pack("<h", (byte - 128) * 100) for byte in digest)
    samples = (cycle * (2 * count // len(cycle) + 1))[: 2 * count]
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(samples),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        RATE_HZ,
        2 * RATE_HZ,
        2,
        16,
        b"data",
        len(samples),
    )
    return head + samples
