"""Read the texts that people wrote: pipeline files, and the files that a pipeline names with {file: PATH}."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError
from runner.records.source import Mark, Problem
from runner.state.finding import work_tree

if TYPE_CHECKING:
    from runner.state.project import Project

MAX_PIPELINE_BYTES = 4 << 20
MAX_TEXT_BYTES = 1 << 20


def read_pipeline(project: Project) -> str:
    """Return the text of a pipeline file. Raises InvalidFilesError when it is too large or not UTF-8."""
    return decode(project.file, project.shown, MAX_PIPELINE_BYTES)


def read_text(folder: Path, path: str) -> str:
    """Return a text that a pipeline names with {file: PATH}, which must lie inside `folder`, links followed.

    Raises OSError or ValueError saying why it cannot be read.
    """
    return _inside(folder / path, folder, "the pipeline's folder", MAX_TEXT_BYTES)


def read_include(folder: Path, path: str) -> str:
    """Return the text of a file that a pipeline in `folder` includes: it lies in the same git work tree, links followed.

    Outside of a work tree it lies in the folder. Raises OSError or ValueError saying why it cannot be read.
    """
    root = work_tree(folder)
    named = "the pipeline's folder" if root == folder.resolve() else "the git work tree"
    return _inside(folder / path, root, named, MAX_PIPELINE_BYTES)


def read_vars(file: str) -> str:
    """Return the text of a --var-file. Raises InvalidFilesError when it is missing, too large or not UTF-8."""
    return decode(Path(file), file, MAX_TEXT_BYTES)


def _inside(path: Path, root: Path, named: str, limit: int) -> str:
    raw = _bytes(target_of(path, root, named), limit)
    return raw.decode("utf-8-sig")


def target_of(path: Path, root: Path, named: str) -> Path:
    """Return the file that a path leads to, links followed; `named` is what messages call `root`.

    Raises OSError or ValueError saying why it cannot be read.
    """
    target = path.resolve()
    if not target.is_relative_to(root.resolve()):
        raise ValueError(f"it leads out of {named}")
    if target.is_dir():
        raise IsADirectoryError("it is a folder")
    if not target.is_file():
        raise FileNotFoundError("there is no such file")
    return target


def decode(path: Path, shown: str, limit: int) -> str:
    """Return the UTF-8 text of a file of at most `limit` bytes. Raises InvalidFilesError with the place of the first bad byte."""
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
