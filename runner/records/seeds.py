"""Seeds derived from a job's name, so that other jobs do not change them."""

from __future__ import annotations

import hashlib


def derive(pipeline: str, job: str, minimum: int, maximum: int, *, roll: int = 0) -> int:
    """Return the seed of `job` in `pipeline`, or of one of its rolls, from minimum to maximum inclusive; it never changes."""
    words = f"{pipeline}\0{job}\0{roll}" if roll else f"{pipeline}\0{job}"
    digest = hashlib.sha256(words.encode()).digest()
    return minimum + int.from_bytes(digest[:8], "big") % (maximum - minimum + 1)
