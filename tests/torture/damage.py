"""Every truncation and every bit flip of a lock and a journal: refused, or of no consequence; never a new submit."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.errors import ScorefileError
from runner.workflow import Ask, check, plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SPENDING = ("generate", "regenerate")


@dataclass(kw_only=True)
class Damage:
    """What became of damaged files. `paid` holds a line for each damage after which a job would be submitted."""

    tried: int = 0
    refused: int = 0
    harmless: int = 0
    paid: list[str] = field(default_factory=list)
    broke: list[str] = field(default_factory=list)
    """Damage over which the program stumbled instead of refusing it."""


def flips(data: bytes, *, sample: int | None, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield every bit flip, or a random `sample` of them."""
    places: Iterable[int] = range(8 * len(data))
    if sample is not None and sample < 8 * len(data):
        places = random.Random(seed).sample(range(8 * len(data)), sample)
    for place in places:
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        yield f"bit {place % 8} of byte {place // 8}", bytes(changed)


def truncations(data: bytes, *, sample: int | None, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield every truncation, or a random `sample` of them; those to nothing and by one byte always."""
    places: Iterable[int] = range(len(data))
    if sample is not None and sample < len(data):
        places = {0, len(data) - 1, *random.Random(seed).sample(range(len(data)), sample)}
    for place in places:
        yield f"cut to {place} of {len(data)} bytes", data[:place]


def damage(file: Path, changes: Iterable[tuple[str, bytes]], *, pipeline: Path, beside: Iterable[Path] = ()) -> Damage:
    """Put each change where `file` is, ask for the plan, and put things back.

    Every job of the pipeline has been charged. `beside` are further files that SQLite may write while it is asked.
    """
    ask = Ask(file=str(pipeline))
    checked = check(ask)
    kept = {path: path.read_bytes() if path.exists() else None for path in (file, *beside)}
    found = Damage()
    for words, data in changes:
        for path, before in kept.items():
            if before is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(before)
        file.write_bytes(data)
        found.tried += 1
        try:
            verbs = {action.request.job: action.verb for action in plan(checked, ask).actions}
        except ScorefileError:
            found.refused += 1
            continue
        except Exception as error:
            found.broke.append(f"{file.name}, {words}: {type(error).__name__}: {error}")
            continue
        spending = sorted(job for job, verb in verbs.items() if verb in SPENDING)
        if spending:
            found.paid.append(f"{file.name}, {words}: would submit {', '.join(spending)}")
        else:
            found.harmless += 1
    for path, before in kept.items():
        if before is not None:
            path.write_bytes(before)
        else:
            path.unlink(missing_ok=True)
    return found
