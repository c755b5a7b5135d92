"""`identify`: the job that an audio file is of, by its hash, else by its tags."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.audio.tasks import said_by
from runner.errors import UsageError
from runner.records.family import takes_of
from runner.records.identity import Found, Identity
from runner.report.identify import IdentifyReport
from runner.state.files.folder import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.commands.session import Session
    from runner.records.identity import Known
    from runner.records.lock import Lock


def identify(session: Session, audio: str) -> IdentifyReport:
    """Find the entry of the lock that a file belongs to. Raises UsageError when there is no file."""
    sha256 = digest(Path(audio))
    if sha256 is None:
        raise UsageError(f"{audio} is not a file", help="name one audio file")
    tags, lock = said_by(Path(audio)), session.lock
    found = tuple(_by_hash(lock, sha256)) or tuple(_by_tag(lock, tags.get("take_sha256")))
    return IdentifyReport(
        known=Identity(file=audio, sha256=sha256, tags=tags, found=found),
        lock=session.project.lock.name,
        entries=len(lock.entries),
    )


def _by_hash(lock: Lock, sha256: str) -> Iterator[Found]:
    for job in sorted(lock.jobs):
        for entry in lock.jobs[job]:
            if entry.output is not None and entry.output.sha256 == sha256:
                yield from _found(lock, job, entry.output.raw, "output")
                return
    yield from _takes(lock, sha256, "take")


def _by_tag(lock: Lock, sha256: str | None) -> Iterator[Found]:
    if sha256 is not None:
        yield from _takes(lock, sha256, "tag")


def _takes(lock: Lock, sha256: str, by: Known) -> Iterator[Found]:
    for job in sorted(lock.jobs):
        yield from _found(lock, job, sha256, by)


def _found(lock: Lock, job: str, sha256: str, by: Known) -> Iterator[Found]:
    """Yield the take of a job with this hash, once."""
    numbers = {item.take.sha256: item.number for item in takes_of(lock, job)}
    for entry in lock.jobs[job]:
        for take in entry.takes:
            if take.sha256 == sha256:
                yield Found(by=by, entry=entry, take=take, number=numbers.get(sha256))
                return
