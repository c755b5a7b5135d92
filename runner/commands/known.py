"""What is known before anything is decided: the lock, the journal, and what stands on disk."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.engine.machine import fold
from runner.plan.decide import Facts
from runner.plan.pending import from_pending
from runner.records.media_types import EXTENSIONS
from runner.records.plan import Verb
from runner.state.blobs.local import LocalBlobs
from runner.state.files.folder import digest
from runner.state.files.placing import is_through_link
from runner.state.lock_rules import finished_entries, only_in_lock
from runner.state.lockfile import read_lock
from runner.state.store import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.catalog.models import Catalog
    from runner.commands.options import Checked
    from runner.records.lock import Lock
    from runner.records.plan import Plan
    from runner.records.submission import Event, Submission
    from runner.state.blobs.protocol import Blobs
    from runner.state.project import Project


def lock_of(checked: Checked) -> Lock:
    """Return the lock as it stands: what a plan starts from."""
    return read_lock(checked.project.lock, rehearsal=checked.project.rehearsal)


def known_submissions(lock: Lock, events: tuple[Event, ...]) -> tuple[Submission, ...]:
    """Return every submission that the journal knows, and those that only the lock knows: begun on another machine."""

    journaled = tuple(fold(events).values())
    return journaled + tuple(from_pending(job, entry) for job, entry in only_in_lock(lock, journaled))


def look_around(checked: Checked, lock: Lock, submissions: tuple[Submission, ...]) -> Facts:
    """Look at what stands on disk for every path that the lock or a request names."""

    root = checked.project.root
    paths = {take.path for entry in lock.jobs.values() for take in entry.takes if take.path}
    stems = [request.output for request in checked.requests if request.output is not None]
    paths |= {stem + extension for stem in stems for extension in EXTENSIONS.values()}
    private = _private_models(checked.catalog)
    return Facts(
        models=checked.catalog.models,
        lock=lock,
        submissions=submissions,
        finished=finished_entries(submissions, private=private),
        outputs=_standing(root, paths),
        blobs=LocalBlobs(checked.project.blobs),
        askable=frozenset(
            name for name, model in checked.catalog.models.items() if checked.catalog.providers[model.provider].poll
        ),
    )


def _standing(root: Path, paths: set[str]) -> dict[str, str | None]:
    """Return path → hash of what stands there; None for what is no file of its own, or is reached through a link."""
    folders = {path.rpartition("/")[0] for path in paths}
    linked = {folder for folder in folders if is_through_link(root, folder)}
    unsafe = {path for path in paths if path.rpartition("/")[0] in linked}
    found = {path: digest(root / path) for path in paths - unsafe if os.path.lexists(root / path)}
    return found | dict.fromkeys(unsafe)


def damaged_takes(todo: Plan, blobs: Blobs) -> tuple[str, ...]:
    """Return the takes that a plan would bring back and that are damaged in the store: they are set aside by this."""
    found = []
    for action in todo.actions:
        if action.verb is Verb.RESTORE and action.entry is not None:
            sha256 = action.entry.chosen(action.request.take).sha256
            if sha256 in blobs and not blobs.check(sha256):
                blobs.set_aside(sha256)
                found.append(sha256)
    return tuple(found)


def _private_models(catalog: Catalog) -> frozenset[str]:
    """Return the models whose vendor's ids stay out of the lock."""
    return frozenset(name for name, model in catalog.models.items() if catalog.providers[model.provider].id_is_private)


@contextmanager
def open_store(project: Project) -> Iterator[StateStore]:
    """Open journal, lock and store of a project for writing, under the run lock that the caller holds."""

    store = StateStore(
        root=project.root,
        lock_path=project.lock,
        journal_path=project.journal,
        blobs=LocalBlobs(project.blobs, pipeline=project.name),
        rehearsal=project.rehearsal,
    )
    try:
        store.blobs.incoming.sweep()
        yield store
    finally:
        store.close()
