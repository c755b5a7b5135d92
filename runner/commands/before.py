"""The lock and the audio of another commit."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from runner.errors import StateError, UsageError
from runner.records.lock import Lock
from runner.records.media_types import EXTENSIONS
from runner.state import git
from runner.state.files.atomic import write_atomic
from runner.state.lock_copies import parse_copy
from runner.state.outputs import POINTER

if TYPE_CHECKING:
    from pathlib import Path

    from runner.commands.session import Session
    from runner.records.lock import Take


class Earlier(Struct, frozen=True, kw_only=True, dict=True):
    """A project as it was in a commit."""

    folder: Path
    ref: str
    """The commit as a person named it."""
    commit: str
    lock: Lock
    notices: tuple[str, ...] = ()

    @cached_property
    def _paths(self) -> dict[str, str]:
        outputs = (entry.output for entry in self.lock.entries.values())
        return {output.sha256: output.path for output in outputs if output is not None}

    def extract(self, take: Take, folder: Path) -> Path | None:
        """Return a file with the audio of a take: Git LFS has it, or it is written to `folder`; None when git has it nowhere."""
        path = self._paths.get(take.sha256)
        target = folder / f"{take.sha256}{EXTENSIONS[take.media_type]}"
        if target.is_file() and not target.is_symlink() and target.stat().st_size == take.bytes:
            return target
        data = git.file_at(self.folder, self.commit, path) if path else None
        if data is None:
            return None
        if data.startswith(POINTER):
            return git.lfs_object(self.folder, data)
        if hashlib.sha256(data).hexdigest() != take.sha256:
            return None
        with suppress(OSError):
            write_atomic(target, data, mode=0o600)
            return target
        return None


def read_before(session: Session, ref: str) -> Earlier:
    """Return a project as it was in the commit that `ref` names. Raises UsageError when there is no such commit."""
    project = session.project
    if project.rehearsal:
        raise UsageError("--against and --rehearse exclude each other", help="git keeps nothing of a rehearsal")
    if not git.is_repository(project.folder):
        raise UsageError(
            f"--against {ref}: {project.folder} is in no git repository", help="leave --against out, or run git init"
        )
    commit = git.commit_of(project.folder, ref)
    if commit is None:
        raise UsageError(
            f"{ref or 'an empty name'} is no commit of this repository",
            help="name a commit, a branch or a tag, such as HEAD~1 or main",
        )
    data = git.file_at(project.folder, commit, project.lock.name)
    if data is None:
        notice = f"there is no {project.lock.name} in {ref}: nothing was made before"
        return Earlier(folder=project.folder, ref=ref, commit=commit, lock=Lock(), notices=(notice,))
    try:
        lock = parse_copy(f"{project.lock.name} of {ref}", data) or Lock()
    except StateError as error:
        return Earlier(folder=project.folder, ref=ref, commit=commit, lock=Lock(), notices=(error.message,))
    return Earlier(folder=project.folder, ref=ref, commit=commit, lock=lock)
