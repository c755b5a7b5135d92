"""Which pipeline file a command is about: the one that is named, else that of this folder or of one above it."""

from __future__ import annotations

import os
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.records.media_types import EXTENSIONS
from runner.state.files import system

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_FILE: Final = "scorefile.yaml"
DEFAULT_FILES: Final = (DEFAULT_FILE, "scorefile.yml")
ENDINGS: Final = (".yaml", ".yml")
STATE: Final = ".scorefile"
REHEARSED: Final = "scorefile-rehearsal"
"""The folder beside a pipeline in which the outputs of its rehearsals are."""
_NAMED: Final = 3
"""How many pipelines of a folder a message names."""


def default_file() -> str:
    """Return the pipeline that is meant when none is named, as one would type it; `scorefile.yaml` when there is none."""
    return next((shown for shown, _ in _found()), DEFAULT_FILE)


def has_default() -> bool:
    """Say whether there is a pipeline when none is named."""
    return next(_found(), None) is not None


def find_file(file: str | None) -> str:
    """Return the pipeline that is meant, as one would type it. Raises UsageError when there is none, or it is something else.

    When none is named it is `scorefile.yaml` or `scorefile.yml`, searched as git searches for its folder: here, then in
    the folders above, up to the root of the git work tree or, outside of one, of the file system.
    """
    if file is not None:
        _refuse_other_files(file)
        return file
    shown, path = next(_found(), (None, None))
    if shown is None or path is None:
        raise UsageError(
            f"there is no {DEFAULT_FILE} in {Path.cwd()} or above it",
            help="name a pipeline file, or write a first one: scorefile init",
        )
    twins = [name for name in DEFAULT_FILES if (path.parent / name).exists()]
    if len(twins) > 1:
        raise UsageError(
            f"{' and '.join(twins)} are both in {path.parent}", help="name the one that is meant, or remove the other"
        )
    if not path.is_file():
        raise UsageError(f"{shown} is not a file", help="name a pipeline file")
    if path.parent != Path.cwd() and not system.is_own(path):
        raise UsageError(
            f"{path} belongs to another user",
            help="name it to use it all the same, or write your own here: scorefile init",
        )
    return shown


def absolute(file: str) -> Path:
    """Return the absolute path of a file as one would type it; each leading `..` is the folder above."""
    here, parts = Path.cwd(), Path(file).parts
    ups = next((level for level, part in enumerate(parts) if part != os.pardir), len(parts))
    above = (here, *here.parents)
    return Path(above[min(ups, len(above) - 1)], *parts[ups:])


def work_tree(folder: Path) -> Path:
    """Return the root of the git work tree around a folder, links followed; the folder itself outside of one."""
    folder = folder.resolve()
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def levels_above(root: Path) -> int:
    """Return how many folders above `root` outputs may go: up to the root of the git work tree, and not out of a rehearsal."""
    return 0 if STATE in root.parts or root.parent.name == REHEARSED else len(folders_below(root))


def folders_below(folder: Path) -> tuple[str, ...]:
    """Return the names of the folders from the root of the git work tree to this one."""
    return folder.resolve().relative_to(work_tree(folder)).parts


def is_too_high(path: str, levels: int) -> bool:
    """Say whether an output's path begins more than `levels` folders above the pipeline's."""
    return sum(1 for _ in takewhile(lambda part: part == os.pardir, PurePosixPath(path).parts)) > levels


def _found() -> Iterator[tuple[str, Path]]:
    """Yield the default pipelines of this folder and of those above it, nearest first."""
    here = Path.cwd()
    device = here.stat().st_dev
    for level, folder in enumerate((here, *here.parents)):
        if folder.stat().st_dev != device:
            return
        for name in DEFAULT_FILES:
            if (folder / name).exists():
                yield str(Path(*[os.pardir] * level, name)), folder / name
        if (folder / ".git").exists():
            return


def _refuse_other_files(file: str) -> None:
    path = Path(file)
    if not path.exists():
        folder = path.absolute().parent
        there = sorted(item.name for item in folder.iterdir() if item.suffix in ENDINGS) if folder.is_dir() else []
        has = f", which has {', '.join(there[:_NAMED])}" if there else ""
        raise UsageError(f"there is no {file}", help=f"check its name; looked in {folder}{has}")
    if not path.is_file():
        raise UsageError(f"{file} is not a file", help="name a pipeline file")
    if path.suffix == ".lock":
        pipeline = next((path.with_suffix(ending) for ending in ENDINGS if path.with_suffix(ending).exists()), None)
        remedy = f"name the pipeline: {pipeline}" if pipeline else "name the pipeline file that it belongs to"
        raise UsageError(f"{file} is a lock, not a pipeline", help=remedy)
    if path.suffix.lower() in EXTENSIONS.values() or _begins_as_audio(path):
        raise UsageError(
            f"{file} is audio, not a pipeline", help="name the pipeline file; scorefile status lists its outputs"
        )


def _begins_as_audio(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] in (b"RIFF", b"fLaC", b"OggS") or head[:3] == b"ID3" or head[4:8] == b"ftyp"
