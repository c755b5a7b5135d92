"""Where a page may be written: never over a file that is none of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.page.html import MARK

if TYPE_CHECKING:
    from runner.commands.options import ReportOptions
    from runner.state.project import Project

BUNDLED, AUDIO = "index.html", "audio"
"""The page and the folder of its audio in a bundle."""
_HEAD_BYTES = 1024


def page_target(project: Project, options: ReportOptions) -> Path:
    """Return the file that the page is written to. Raises UsageError when something else is there."""
    if options.bundle is not None:
        if options.out is not None or options.embed:
            other = "--out" if options.out is not None else "--embed"
            raise UsageError(
                f"--bundle and {other} exclude each other", help="--bundle DIR writes DIR/index.html and its audio"
            )
        return _bundle(Path(options.bundle))
    kind = "rehearsal-report" if project.rehearsal else "report"
    beside = Path(project.shown).parent / f"{project.name}-{kind}.html"
    target = beside if options.out is None else Path(options.out)
    if target.is_dir():
        raise UsageError(f"{target} is a folder", help="name a file, or write page and audio into it: --bundle DIR")
    _refuse_other(target)
    return target


def _bundle(folder: Path) -> Path:
    target = folder / BUNDLED
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", help="name a folder that is new, empty, or an earlier bundle")
    if (folder / AUDIO).is_symlink():
        raise UsageError(f"{folder / AUDIO} is a link", help="remove it, or name another folder")
    if folder.is_dir() and any(folder.iterdir()) and not _is_ours(target):
        raise UsageError(f"{folder} holds other files", help="name a folder that is new, empty, or an earlier bundle")
    return target


def _refuse_other(target: Path) -> None:
    if (target.exists() or target.is_symlink()) and not _is_ours(target):
        raise UsageError(
            f"{target} is not a page that Scorefile wrote", help="move it away, or name another file: --out FILE"
        )


def _is_ours(target: Path) -> bool:
    try:
        with target.open("rb") as file:
            return MARK.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False
