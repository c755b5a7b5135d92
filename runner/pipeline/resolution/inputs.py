"""What a request of this machine is made of: jobs that it needs, and files in the pipeline's folder, by their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.diagnostics.messages import listing, nearest, show
from runner.frozen import replace
from runner.pipeline.paths import inside_problem
from runner.records.request import Input
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from runner.pipeline.templates.bound import Bound
    from runner.records.request import Request
    from runner.records.source import DocPath, Json, Mark

_NAMES = ("job", "file")


def read_inputs(
    bound: Bound, needs: Sequence[str], *, written: Sequence[str], ids: Mapping[str, Mapping[str, None]]
) -> tuple[tuple[Input, ...], list[Problem]]:
    """Return the inputs that a parameter names, a group as all its cells, and what is wrong with the names of jobs.

    `needs` are the cells that the job needs, `written` the same as the file has them, whose problems are reported already; `ids`
    are the cells of each job of the file.
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
            mark = _mark(bound, (*path, "file") if path else path)
            found.append(Input(name=item["file"], is_file=True, settings=settings, mark=mark))
            continue
        cells = [item["job"]] if item["job"] in needs else [cell for cell in ids.get(item["job"], ()) if cell in needs]
        if not cells and item["job"] not in written:
            problems.append(_not_needed(bound, (*path, "job"), item["job"], needs))
        found += [Input(name=cell, is_file=False, settings=settings, mark=_mark(bound, path)) for cell in cells]
    return tuple(found), problems


def hash_files(
    requests: Iterable[Request], hash_all: Callable[[Collection[str]], Mapping[str, str | OSError | ValueError]]
) -> tuple[tuple[Request, ...], tuple[Problem, ...]]:
    """Return the requests with the content of the files that they are made of, and what is wrong with these.

    `hash_all` returns the SHA-256 of each file, by its path relative to the pipeline's folder, or an error whose message says
    what is wrong with it.
    """
    requests = tuple(requests)
    named = {item.name: (item, request) for request in reversed(requests) for item in request.inputs if item.is_file}
    wrong = {name: problem for name in named if (problem := _outside(*named[name]))}
    content = hash_all([name for name in named if name not in wrong]) if named else {}
    hashed = []
    for request in requests:
        inputs = tuple(
            replace(item, sha256=sha256) if item.is_file and isinstance(sha256 := content.get(item.name), str) else item
            for item in request.inputs
        )
        hashed.append(replace(request, inputs=inputs) if inputs else request)
    wrong |= {name: _unread(*named[name], error) for name, error in content.items() if not isinstance(error, str)}
    return tuple(hashed), tuple(wrong.values())


def _outside(item: Input, request: Request) -> Problem | None:
    why = inside_problem(item.name)
    if why is None:
        return None
    allowed = "a path inside the pipeline's folder, with / between folders"
    return _bad_file(item, request, "SF504", f"the path {show(item.name)} {why}", allowed)


def _unread(item: Input, request: Request, error: OSError | ValueError) -> Problem:
    if isinstance(error, FileNotFoundError):
        return _bad_file(item, request, "SF503", f"there is no file {item.name}")
    return _bad_file(item, request, "SF503", f"{item.name} cannot be read: {error}")


def _bad_file(item: Input, request: Request, code: str, message: str, allowed: str | None = None) -> Problem:
    return Problem(
        code=code,
        message=message,
        mark=item.mark or request.mark,
        path=("jobs", request.group),
        allowed=allowed,
        help="name an audio file in the pipeline's folder",
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
