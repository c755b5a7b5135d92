"""Where a pipeline and its state are on disk, and which pipeline a state folder belongs to."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import NotWritableError, UsageError
from runner.frozen import dataclass
from runner.state.files import system
from runner.state.finding import DEFAULT_FILE, REHEARSED, STATE, absolute, find_file, has_default
from runner.state.guards import refuse_links

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWNER = "owner"
"""The file in a state folder that says which pipeline file it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The paths of one pipeline and of all that belongs to it.

    `state` is `.scorefile/`, `root` the folder that outputs are relative to. In a rehearsal lock and journal are under
    `.scorefile/rehearsal/NAME/`, and root is `scorefile-rehearsal/NAME/`, where people see it. `apart`: the state is not beside the pipeline but in the folder
    that SCOREFILE_STATE_DIR names, which other projects may use as well.
    """

    file: Path
    shown: str
    """The file as the user typed it."""
    folder: Path
    root: Path
    state: Path
    lock: Path
    journal: Path
    blobs: Path
    rehearsal: bool
    apart: bool = False

    @property
    def name(self) -> str:
        """The file's stem: what its lock and journal are called."""
        return self.file.stem

    @property
    def run_folders(self) -> tuple[Path, ...]:
        """The folders whose run lock a run holds, in this order: its state, and the project where that lies elsewhere.

        So two runs whose SCOREFILE_STATE_DIR differ are never at work on one project; rehearsals share nothing.
        """
        at_home = self.folder / ".scorefile" / "pipelines" / self.name
        return (self.state, at_home) if self.apart and not self.rehearsal else (self.state,)

    @property
    def shown_root(self) -> Path:
        """The root as the user would type it; the absolute path when it is outside the pipeline's folder."""
        inside = self.root.is_relative_to(self.folder)
        return Path(self.shown).parent / self.root.relative_to(self.folder) if inside else self.root


def find_project(file: str | None, *, rehearsal: bool, env: Mapping[str, str], may_be_missing: bool = False) -> Project:
    """Return the project of a pipeline file; `finding.find_file` says which one when none is named.

    Raises UsageError when there is no such file, unless it `may_be_missing`, or when its state folder holds the journal
    of another one; StateError when a link or a device is where its lock or state belongs.
    """
    here = file or DEFAULT_FILE
    is_missing = (
        may_be_missing and not Path(here).exists() and (file is not None or _has_lock(here) or not has_default())
    )
    project = _project(here if is_missing else find_file(file), rehearsal=rehearsal, env=env)
    for folder in project.run_folders:
        refuse_links(project.folder, lock=project.lock, state=folder, blobs=project.blobs, root=project.root)
    refuse_other_owner(project)
    return project


def _has_lock(file: str) -> bool:
    return Path(file).with_suffix(".lock").exists()


def _project(shown: str, *, rehearsal: bool, env: Mapping[str, str]) -> Project:
    path = absolute(shown)
    folder = path.parent
    moved = env.get("SCOREFILE_STATE_DIR")
    state = folder / (moved or ".scorefile")
    if rehearsal:
        own = state / "rehearsal" / path.stem
        return Project(
            file=path,
            shown=shown,
            folder=folder,
            root=own if moved else folder / REHEARSED / path.stem,
            state=own,
            lock=own / f"{path.stem}.lock",
            journal=own / "journal.db",
            blobs=own / "blobs",
            rehearsal=True,
            apart=bool(moved),
        )
    return Project(
        file=path,
        shown=shown,
        folder=folder,
        root=folder,
        state=state / "pipelines" / path.stem,
        lock=path.with_suffix(".lock"),
        journal=state / "pipelines" / path.stem / "journal.db",
        blobs=state / "blobs",
        rehearsal=False,
        apart=bool(moved),
    )


def refuse_other_owner(project: Project) -> None:
    """Raise UsageError when the state folder holds the journal of another pipeline, which is still there.

    A recorded owner that no longer exists means that the checkout was moved: the journal belongs to the pipeline of that name.
    """
    owner = _owner(project) if project.apart else None
    if owner is None or not _is_another(owner, project.file):
        return
    raise UsageError(
        f"{project.state} already belongs to {owner}",
        help="give each project a SCOREFILE_STATE_DIR of its own",
    )


def _is_another(owner: Path, file: Path) -> bool:
    try:
        return not owner.samefile(file)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # A folder that may not be read belongs to another user.
        return True


def _owner(project: Project) -> Path | None:
    return _noted_owner(project.state)


def _noted_owner(state: Path) -> Path | None:
    """Return the pipeline file that a state folder says it belongs to."""
    try:
        return Path((state / _OWNER).read_text(encoding="utf-8").rstrip("\n"))
    except (OSError, UnicodeDecodeError):
        return None


def pipeline_of(state: Path, project: Project) -> Path:
    """Return the pipeline file that a state folder beside a project's belongs to; its checkout may have been moved here."""
    note = _noted_owner(state) if project.apart else None
    return note if note is not None and note.parent.is_dir() else project.folder / f"{state.name}.yaml"


def _own(project: Project) -> None:
    """Write into a state folder which pipeline it belongs to. Raises UsageError when it belongs to another one."""
    refuse_other_owner(project)
    if not project.apart or _owner(project) == project.file:
        return
    note, fresh = project.state / _OWNER, project.state / f"{_OWNER}.{os.getpid()}"
    try:
        fresh.write_text(f"{project.file}\n", encoding="utf-8")
        if _owner(project) is None:
            # Never replace a note that another run writes at the same moment.
            with contextlib.suppress(FileExistsError):
                system.claim_name(str(fresh), str(note))
        else:
            fresh.replace(note)
    finally:
        fresh.unlink(missing_ok=True)
    refuse_other_owner(project)


def prepare_state(project: Project) -> None:
    """Create the folders of a run, invisible to git. Raises NotWritableError when they cannot be, UsageError when one is another's."""
    try:
        for folder in project.run_folders:
            _make_ignored(folder)
        if project.rehearsal:
            _make_ignored(project.root)
        _own(project)
    except OSError as error:
        raise NotWritableError(
            f"{error.filename or project.state} cannot be written: {error.strerror}",
            help="make it writable, or set SCOREFILE_STATE_DIR to a folder that is",
        ) from error


def _make_ignored(folder: Path) -> None:
    top = next((parent for parent in folder.parents if parent.name in (STATE, REHEARSED)), folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (top / ".gitignore").exists():
        (top / ".gitignore").write_text("*\n")
