"""`takes`: every take of every submission of the named jobs, and their audio in a folder to listen to."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.made import made_takes
from runner.errors import StateError, UsageError
from runner.records.approval import in_force
from runner.records.family import takes_of
from runner.records.media_types import EXTENSIONS
from runner.report.takes import ListedTake, TakesReport
from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import TakeMissing
from runner.state.files.folder import digest
from runner.state.files.placing import place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from runner.commands.session import Session
    from runner.records.family import NumberedTake

_UNSAFE = re.compile(r"[^A-Za-z0-9._@+-]")


def takes(session: Session, export: str | None) -> TakesReport:
    """Return the takes of the named jobs, of all jobs where none is named; with `export`, write their audio into that folder.

    A file that is there and differs is left alone. Raises UsageError for a job without takes, or a folder that cannot
    be written.
    """
    lock, names = session.lock, session.options.wanted.names
    made: dict[str, tuple[NumberedTake, ...]] = {}
    for name in names:
        made |= made_takes(lock, name)
    if not names:
        made = {job: found for job in sorted(lock.jobs) if (found := takes_of(lock, job))}
    listed = tuple(_listed(session, job, item) for job, items in made.items() for item in items)
    exported: Mapping[int, str] = {}
    if export is not None:
        exported = _Export(session, Path(export)).write(listed)
    return TakesReport(
        takes=listed, exported=exported, folder=export, file=session.options.file, rehearsal=session.project.rehearsal
    )


def _listed(session: Session, job: str, item: NumberedTake) -> ListedTake:
    lock = session.lock
    return ListedTake(
        job=job,
        number=item.number,
        entry=item.entry,
        take=item.take,
        is_picked=lock.chosen(job) == {item.take.sha256},
        approvals=tuple(word for word in in_force(lock.approvals.get(job, ())) if word.sha256 == item.take.sha256),
        ratings=lock.rated(job, item.take.sha256),
    )


class _Export:
    """Writes takes into one folder."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session, self._folder = session, folder
        self._blobs = LocalBlobs(session.project.blobs)

    def write(self, listed: tuple[ListedTake, ...]) -> Mapping[int, str]:
        """Return place in the list → what became of it: the name of its file, or why there is none."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return {place: self._one(item) for place, item in enumerate(listed)}
        except OSError as error:
            raise UsageError(
                f"--export {self._folder} cannot be written: {error.strerror}", help="name another folder"
            ) from error

    def _one(self, item: ListedTake) -> str:
        name = f"{_UNSAFE.sub('_', item.job)}.take{item.number}{EXTENSIONS[item.take.media_type]}"
        source = self._source(item)
        if source is None:
            return name if digest(self._folder / name) == item.take.sha256 else ListedTake.MISSING
        with source:
            try:
                place(source, item.take.sha256, self._folder, name, owned=frozenset())
            except StateError:
                return ListedTake.IN_THE_WAY
        return name

    def _source(self, item: ListedTake) -> BinaryIO | None:
        """Open the audio of a take in the store, or at its output; None when it is in neither."""
        sha256, output = item.take.sha256, item.entry.output
        if self._blobs.check(sha256):
            with suppress(TakeMissing):
                return self._blobs.open(sha256)
        if output is not None and item.entry.placed is item.take:
            path = self._session.project.root / output.path
            if digest(path) == sha256:
                return path.open("rb")
        return None
