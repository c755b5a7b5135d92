"""The one place that reads what people wrote: pipeline files, the texts beside them, and schemas/."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError, NotWritableError, ScorefileError, UsageError
from runner.records.source import Mark, Problem
from runner.state.files import system
from runner.state.guards import refuse_links

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.catalog.models import Catalog
    from runner.diagnostics.json_document import JsonDocument
    from runner.records.source import Json

DEFAULT_FILE = "scorefile.yaml"
_OWNER = "owner"
"""The file in a state folder that says which pipeline file it belongs to."""
MAX_PIPELINE_BYTES = 4 << 20
MAX_TEXT_BYTES = 1 << 20
MAX_SCHEMA_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where one pipeline and all that belongs to it stands.

    `state` is `.scorefile/`, `root` the folder that outputs are relative to. In a rehearsal all three of root, lock
    and journal lie under `.scorefile/rehearsal/NAME/`. `apart` says that the state does not stand beside the pipeline,
    but where SCOREFILE_STATE_DIR says: other projects may say the same.
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
    def shown_root(self) -> Path:
        """The root as the user would type it, or whole when it lies elsewhere."""
        inside = self.root.is_relative_to(self.folder)
        return Path(self.shown).parent / self.root.relative_to(self.folder) if inside else self.root


def find_project(file: str | None, *, rehearsal: bool, env: Mapping[str, str], may_be_missing: bool = False) -> Project:
    """Return the project of a pipeline file, `scorefile.yaml` in the current folder when none is named.

    Raises UsageError when there is no such file, unless it `may_be_missing`, or when its state folder holds the journal
    of another one; StateError when a link or a device is where its lock or state belongs.
    """
    shown = file or DEFAULT_FILE
    if not (may_be_missing and not Path(shown).exists()):
        _refuse_missing(file)
    project = _project(shown, rehearsal=rehearsal, env=env)
    refuse_links(project.folder, lock=project.lock, state=project.state, blobs=project.blobs)
    refuse_other_owner(project)
    return project


def _refuse_missing(file: str | None) -> None:
    shown = file or DEFAULT_FILE
    path = Path(shown)
    if not path.exists():
        help_ = "name a pipeline file, or write a first one: scorefile init" if file is None else "check its name"
        raise UsageError(f"there is no {shown}", help=help_)
    if not path.is_file():
        raise UsageError(f"{shown} is not a file", help="name a pipeline file")


def _project(shown: str, *, rehearsal: bool, env: Mapping[str, str]) -> Project:
    path = Path(shown).absolute()
    folder = path.parent
    moved = env.get("SCOREFILE_STATE_DIR")
    state = folder / (moved or ".scorefile")
    if rehearsal:
        root = state / "rehearsal" / path.stem
        return Project(
            file=path,
            shown=shown,
            folder=folder,
            root=root,
            state=root,
            lock=root / f"{path.stem}.lock",
            journal=root / "journal.db",
            blobs=root / "blobs",
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

    Its owner may be gone because the checkout moved: then the journal goes with the pipeline of that name.
    """
    owner = _owner(project) if project.apart else None
    if owner is None or not _is_another(owner, project.file):
        return
    raise UsageError(
        f"{project.state} holds the journal of {owner}",
        help="give each project a SCOREFILE_STATE_DIR of its own",
    )


def _is_another(owner: Path, file: Path) -> bool:
    try:
        return not owner.samefile(file)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # Whoever's folder may not be looked into is somebody else.
        return True


def _owner(project: Project) -> Path | None:
    """Return the pipeline file that a state folder says it belongs to."""
    try:
        return Path((project.state / _OWNER).read_text(encoding="utf-8").rstrip("\n"))
    except (OSError, UnicodeDecodeError):
        return None


def _own(project: Project) -> None:
    """Write into a state folder whose it is, unless another pipeline was there first. Raises UsageError then."""
    refuse_other_owner(project)
    if not project.apart or _owner(project) == project.file:
        return
    note, fresh = project.state / _OWNER, project.state / f"{_OWNER}.{os.getpid()}"
    try:
        fresh.write_text(f"{project.file}\n", encoding="utf-8")
        if _owner(project) is None:
            # Never in place of a note that another run wrote in this very moment.
            with contextlib.suppress(FileExistsError):
                system.claim_name(str(fresh), str(note))
        else:
            fresh.replace(note)
    finally:
        fresh.unlink(missing_ok=True)
    refuse_other_owner(project)


def prepare_state(project: Project) -> None:
    """Create the state folder, invisible to git. Raises NotWritableError when it cannot be, UsageError when it is another's."""
    top = next((parent for parent in project.state.parents if parent.name == ".scorefile"), project.state)
    ignore = top / ".gitignore"
    try:
        project.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        project.root.mkdir(parents=True, exist_ok=True)
        if not ignore.exists():
            ignore.write_text("*\n")
        _own(project)
    except OSError as error:
        raise NotWritableError(
            f"{error.filename or project.state} cannot be written: {error.strerror}",
            help="make it writable, or set SCOREFILE_STATE_DIR to a folder that is",
        ) from error


def read_pipeline(project: Project) -> str:
    """Return the text of a pipeline file. Raises InvalidFilesError when it is no text of a bearable size."""
    return _text(project.file, project.shown, MAX_PIPELINE_BYTES)


def read_text(folder: Path, path: str) -> str:
    """Return a text that a pipeline names with {file: PATH}, which must lie inside `folder`, links followed.

    Raises OSError or ValueError saying why it cannot be read.
    """
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ValueError("it leads out of the pipeline's folder")
    if target.is_dir():
        raise IsADirectoryError("it is a folder")
    if not target.is_file():
        raise FileNotFoundError("there is no such file")
    raw = _bytes(target, MAX_TEXT_BYTES)
    return raw.decode("utf-8-sig")


def shipped_schemas() -> Path:
    """Return the schemas/ folder that belongs to this program, in a checkout and in an installed wheel alike."""
    here = Path(__file__).parents[1]
    for candidate in (here / "_schemas", here.parent / "schemas"):
        if (candidate / "pipeline.schema.json").is_file():
            return candidate
    raise ScorefileError("the schemas that belong to Scorefile are missing", help="install it again")


def schema_folders(folder: Path) -> tuple[Path, ...]:
    """Return the shipped schemas/ and the one beside the pipeline, if there is one; a later folder wins."""
    shipped, beside = shipped_schemas(), folder / "schemas"
    if beside.is_dir() and beside.resolve() != shipped.resolve():
        return (shipped, beside)
    return (shipped,)


@cache
def read_catalog(folders: tuple[Path, ...]) -> Catalog:
    """Return the catalog of these schemas/ folders, a later one over an earlier one.

    Raises InvalidFilesError with all that is wrong with any file. The first folder is the shipped one, which is checked by the
    tests and not again at each start.
    """
    from runner.catalog.models import build_catalog

    shipped, *others = folders
    own = {name: _json_document(path) for folder in others for name, path in _schema_files(folder).items()}
    meta = {name: read_schema(name) for name in _META} if own else {}
    return build_catalog({name: _shipped(path) for name, path in _schema_files(shipped).items()}, own, meta)


_META = ("model.schema.json", "provider.schema.json")


def _schema_files(folder: Path) -> dict[str, Path]:
    found = sorted([*folder.glob("providers/*.json"), *folder.glob("models/*/*.json")])
    return {path.relative_to(folder).as_posix(): path for path in found}


def read_schema(name: str) -> Mapping[str, Json]:
    """Return one of the schemas of our own formats."""
    data: Mapping[str, Json] = _shipped(shipped_schemas() / name)
    return data


def _shipped(path: Path) -> Json:
    return json.loads(path.read_bytes())


def _json_document(path: Path) -> JsonDocument:
    """Read a file that the project brings; what is wrong with it is in its `problems`."""
    from runner.diagnostics.json_document import JsonDocument, parse_json

    shown = os.path.relpath(path)
    try:
        return parse_json(_text(path, shown, MAX_SCHEMA_BYTES), shown)
    except InvalidFilesError as error:
        problems = tuple(replace(problem, code="SF301") for problem in error.problems)
        return JsonDocument(file=shown, data=None, problems=problems)


def _text(path: Path, shown: str, limit: int) -> str:
    mark = Mark(file=shown, line=1, column=1)
    try:
        return _bytes(path, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
        mark = Mark(file=shown, line=before.count(b"\n") + 1, column=column)
        problem = Problem(code="SF101", message="the file is not UTF-8 text", mark=mark, help="save it as UTF-8")
        raise InvalidFilesError((problem,)) from error
    except (OSError, ValueError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise InvalidFilesError(
            (Problem(code="SF101", message=f"the file cannot be read: {why}", mark=mark),)
        ) from error


def _bytes(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise ValueError(f"it is larger than {limit >> 20} MiB")
    return raw
