"""`merge`: copies of a lock become one that knows what each knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import StateError, UsageError
from runner.report.merge import Merged, MergeReport
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state import git
from runner.state.finding import DEFAULT_FILE, ENDINGS, default_file
from runner.state.lock_copies import join_copies, parse_copy, read_copies, write_lock
from runner.state.lockfile import is_conflicted, read_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.lock import Lock

_STAGES = {git.OURS: "ours", git.THEIRS: "theirs"}


def merge(locks: tuple[str, ...], out: str | None) -> MergeReport:
    """Join locks into `out`, or into the first of them; resolve the conflict of a single one, and of all there are for none.

    Raises UsageError when one is missing, StateError when one is damaged or of another kind: then nothing is written.
    """
    if len(locks) > 1 or out is not None:
        return MergeReport(merged=(_joined(locks, out),))
    found = tuple(_resolved(Path(name)) for name in locks or _conflicted())
    return MergeReport(merged=tuple(item for item in found if item is not None), resolves=True)


def _joined(locks: tuple[str, ...], out: str | None) -> Merged:
    """Join files. What the file that is written knows already is joined as well, so that nothing of it is lost."""
    if not locks:
        raise UsageError("--out without a LOCK", help="name the locks to join: scorefile merge A.lock B.lock")
    found = {name: read_bytes(Path(name)) for name in locks}
    missing = [name for name, data in found.items() if data is None]
    if missing:
        raise UsageError(f"there is no {missing[0]}", help="check its name; nothing was written")
    target = locks[0] if out is None else out
    held = read_bytes(Path(target))
    copies = read_copies({name: data for name, data in {**found, target: held}.items() if data is not None})
    return _written(Path(target), copies, ())


def _conflicted() -> tuple[str, ...]:
    """Return the locks with a conflict: beside the pipeline that is meant, and those that git could not merge below it."""
    folder = Path(default_file()).parent
    marked = [path for path in folder.glob("*.lock") if _is_of_pipeline(path) and _has_markers(path)]
    unmerged = [path for name in git.unmerged(folder) if _is_of_pipeline(path := folder / name)]
    return tuple(sorted({str(path) for path in (*marked, *unmerged)}))


def _is_of_pipeline(path: Path) -> bool:
    """Say whether a lock is beside its pipeline: other programs have files of this extension as well."""
    return path.suffix == ".lock" and any(path.with_suffix(ending).exists() for ending in ENDINGS)


def _has_markers(path: Path) -> bool:
    return is_conflicted(read_bytes(path) or b"")


def _resolved(path: Path) -> Merged | None:
    """Join the sides of a conflict: git's stages, or what the markers separate. None when there is no conflict."""
    data, stages = read_bytes(path), git.stages(path)
    if not stages:
        if data is None:
            raise UsageError(f"there is no {path}", help="name a lock, or none for those of this folder")
        if not _has_markers(path):
            return None
        lock = parse_copy(str(path), data)
        return _written(path, {} if lock is None else {f"both sides of {path}": lock}, ())
    copies = read_copies({f"{path} ({side})": stages[stage] for stage, side in _STAGES.items() if stage in stages})
    # A file that can be read knows what was chosen by hand, or paid for since. The base is older than both sides.
    more = {f"{path} (base)": stages.get(git.BASE, b""), str(path): b"" if _has_markers(path) else data or b""}
    return _written(path, *_with_others(copies, more))


def _with_others(copies: Mapping[str, Lock], others: Mapping[str, bytes]) -> tuple[dict[str, Lock], tuple[str, ...]]:
    """Add those copies that can be read, and name those that cannot."""
    all_, left_out = dict(copies), []
    for name, data in others.items():
        try:
            all_ |= read_copies({name: data})
        except StateError as error:
            left_out.append(error.message)
    return all_, tuple(left_out)


def _written(path: Path, copies: Mapping[str, Lock], left_out: tuple[str, ...]) -> Merged:
    lock = join_copies(copies)
    if lock is None:
        raise StateError(f"{path} is empty on every side", help="remove it with git; nothing was written")
    write_lock(path, lock)
    return Merged(path=str(path), sources=tuple(copies), lock=lock, left_out=left_out)


# ---------------------------------------------------------------- for git


def merge_for_git(base: str, ours: str, theirs: str, name: str) -> MergeReport:
    """Join the three files of git's merge driver into `ours`; `name` is the path that they are versions of.

    Raises StateError when a side is damaged: then `ours` stays as it is.
    """
    files = {f"{name} (ours)": ours, f"{name} (theirs)": theirs}
    copies = read_copies({side: read_bytes(Path(file)) or b"" for side, file in files.items()})
    others = {f"{name} (base)": read_bytes(Path(base)) or b""}
    return MergeReport(merged=(_written(Path(ours), *_with_others(copies, others)),))


def install(locks: tuple[str, ...]) -> PlainReport:
    """Let git join these locks, or those of this folder, whenever it merges. Raises UsageError outside a repository."""
    if not git.is_repository(Path()):
        raise UsageError(f"{Path.cwd()} is not in a git repository", help="make one: git init")
    here = tuple(sorted({path.with_suffix(".lock").name for path in Path().iterdir() if path.suffix in ENDINGS}))
    named = locks or tuple(name for name in here if Path(name).exists()) or (f"{Path(DEFAULT_FILE).stem}.lock",)
    for name in named:
        git.install_driver(Path(name).parent, (Path(name).name,))
    told = f"git joins {', '.join(named)} from now on\n\nhelp: commit .gitattributes; run this once in each clone"
    return PlainReport(
        verb="merge",
        content={"installed": [*named]},
        message=lambda _style: "\n".join(map(clean, told.split("\n"))),
    )
