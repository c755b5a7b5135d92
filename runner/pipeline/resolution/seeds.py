"""Seeds derived from a job's name, so that other jobs do not change them."""

from __future__ import annotations

import hashlib


def derive(pipeline: str, job: str, minimum: int, maximum: int) -> int:
    """Return the seed of `job` in `pipeline`, from minimum to maximum inclusive; it never changes."""
    digest = hashlib.sha256(f"{pipeline}\0{job}".encode()).digest()
    return minimum + int.from_bytes(digest[:8], "big") % (maximum - minimum + 1)
