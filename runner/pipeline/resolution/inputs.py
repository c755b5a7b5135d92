"""What a request of this machine is made of: jobs that it needs, and files in the pipeline's folder, by their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.diagnostics.messages import listing, nearest, show
from runner.pipeline.paths import inside_problem
from runner.records.request import Input
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.pipeline.templates.bound import Bound
    from runner.records.source import DocPath, Json, Mark

_NAMES = ("job", "file")


def read_inputs(
    bound: Bound,
    needs: Sequence[str],
    *,
    written: Sequence[str],
    ids: Mapping[str, Mapping[str, None]],
    hash_file: Callable[[str], str],
) -> tuple[tuple[Input, ...], list[Problem]]:
    """Return the inputs that a parameter names, a group as all its cells, and what is wrong with them.

    `needs` are the cells that the job needs, `written` the same as the file has them, whose problems are reported already; `ids`
    are the cells of each job of the file. `hash_file` returns the SHA-256 of a file,
    and raises as `read_text` of `resolve` does.
    """
    items: list[tuple[DocPath, Mapping[str, Json]]]
    if isinstance(bound.value, str):
        items = [((), {"file": bound.value})]
    else:
        items = [((index,), item) for index, item in enumerate(bound.value)]
    found: list[Input] = []
    problems: list[Problem] = []
    for path, item in items:
        settings = {name: value for name, value in item.items() if name not in _NAMES}
        if "file" in item:
            at = (*path, "file") if path else path
            wrong, sha256 = _hashed(bound, at, item["file"], hash_file)
            problems += wrong
            mark = _mark(bound, at)
            found.append(Input(name=item["file"], is_file=True, settings=settings, sha256=sha256, mark=mark))
            continue
        cells = [item["job"]] if item["job"] in needs else [cell for cell in ids.get(item["job"], ()) if cell in needs]
        if not cells and item["job"] not in written:
            problems.append(_not_needed(bound, (*path, "job"), item["job"], needs))
        found += [Input(name=cell, is_file=False, settings=settings, mark=_mark(bound, path)) for cell in cells]
    return tuple(found), problems


def _hashed(
    bound: Bound, path: DocPath, file: str, hash_file: Callable[[str], str]
) -> tuple[list[Problem], str | None]:
    wrong = inside_problem(file)
    if wrong is not None:
        allowed = "a path inside the pipeline's folder, with / between folders"
        return [_problem(bound, path, "SF504", f"the path {show(file)} {wrong}", allowed)], None
    try:
        return [], hash_file(file)
    except FileNotFoundError:
        return [_problem(bound, path, "SF503", f"there is no file {file}")], None
    except (OSError, ValueError) as error:
        return [_problem(bound, path, "SF503", f"{file} cannot be read: {error}")], None


def _problem(bound: Bound, path: DocPath, code: str, message: str, allowed: str | None = None) -> Problem:
    return Problem(
        code=code,
        message=message,
        mark=_mark(bound, path),
        path=(bound.leaf.path if bound.leaf else ()) + path,
        allowed=allowed,
        help="name an audio file in the pipeline's folder",
        origin=bound.chain(),
    )


def _not_needed(bound: Bound, path: DocPath, job: str, needs: Sequence[str]) -> Problem:
    return Problem(
        code="SF412",
        message=f"the input {job} is no job that this one needs",
        mark=_mark(bound, path),
        path=(bound.leaf.path if bound.leaf else ()) + path,
        allowed=listing(needs) or None,
        help=nearest(job, needs) or f"add {job} to needs: a name that a template makes is not added for you",
        origin=bound.chain(),
    )


def _mark(bound: Bound, path: DocPath) -> Mark | None:
    return (bound.leaf.inner_mark(path) if bound.leaf and path else None) or bound.mark
