"""Every truncation and every bit flip of a lock and a journal: refused, or of no consequence; never a new submit."""

from __future__ import annotations

import itertools
import random
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.commands.options import CommandOptions
from runner.commands.session import open_session
from runner.errors import ScorefileError
from tests.support.vendor.process import running_vendor
from tests.torture.forks import running_zygote
from tests.torture.trial import Bench, Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SPENDING = ("generate", "regenerate")
JOURNAL = ".scorefile/pipelines/trial/journal.db"
MANY = 5_000
"""So many bit flips of a file are enough, where it has more bits."""


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
    session = open_session(CommandOptions(file=str(pipeline)))
    assert session.declared is not None
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
            verbs = {action.request.job: action.verb for action in session.reread().plan.actions}
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


def every_damage(folder: Path) -> dict[str, Damage]:
    """Damage what a run left that was stopped while it polled, and one that was killed: what → what came of it."""
    stopped = _left_by(signal.SIGINT, folder / "stopped")
    killed = _left_by(signal.SIGKILL, folder / "killed")
    return {
        "lock": _one(stopped, "trial.lock"),
        "journal": _one(stopped, JOURNAL),
        "journal of a killed run": _one(killed, JOURNAL),
        "write-ahead log of a killed run": _one(killed, f"{JOURNAL}-wal"),
    }


def _left_by(number: int, folder: Path) -> Path:
    """Return the project of a run that got this signal when two jobs were accepted and being polled."""
    with ExitStack() as stack:
        vendor = stack.enter_context(running_vendor(folder / "vendor"))
        zygote = stack.enter_context(running_zygote(folder / "zygote"))
        bench = Bench(vendor=vendor, zygote=zygote, folder=folder, seed="damage")
        pipeline = Pipeline(bench, folder / "project", tag="d", jobs=2, scripts=("poll=word:PROCESSING",))
        child = pipeline.start()
        while sum(map(len, pipeline.charged().values())) < len(pipeline.jobs):
            vendor.settle()
        time.sleep(0.3)
        child.signal(number)
        child.wait()
    return pipeline.folder


def _one(project: Path, name: str) -> Damage:
    """Damage one file of a project, in every way or in MANY."""
    file = project / name
    data = file.read_bytes()
    changes = itertools.chain(truncations(data, sample=MANY), flips(data, sample=MANY))
    state = (project / JOURNAL).parent
    beside = [path for path in state.iterdir() if path.name.startswith("journal.") and path != file]
    return damage(file, changes, pipeline=project / "trial.yaml", beside=beside)
