"""Jobs → Cells: one for each point of a job's matrix, with ids that do not depend on other cells."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import show
from runner.frozen import replace
from runner.pipeline.shape.matrix import Points, slug
from runner.pipeline.templates.values import as_text
from runner.records.pipeline import Cell
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.records.pipeline import Job, Leaf, Pipeline

MAX_CELLS: Final = 20_000


def expand(pipeline: Pipeline) -> tuple[tuple[Cell, ...], tuple[Problem, ...]]:
    """Return the cells of every job in the order of the file; those of a wrong matrix are marked as such."""
    problems: list[Problem] = []
    cells: list[Cell] = []
    for job in pipeline.jobs:
        size = math.prod(len(axis.points) for axis in job.axes) + len(job.include)
        if len(cells) + size > MAX_CELLS:
            problems.append(_too_many(job, len(cells) + size))
            break
        own, wrong = _cells_of(job)
        cells.extend(own)
        problems.extend(wrong)
    return tuple(cells), tuple(problems)


def _cells_of(job: Job) -> tuple[tuple[Cell, ...], list[Problem]]:
    if not job.axes and not job.include:
        return (Cell(id=job.name, job=job, values={}),), []
    cells: dict[str, Cell] = {}
    problems: list[Problem] = []
    for cell, source, is_named in itertools.chain(_product(job), _extra(job)):
        if cell.id in cells:
            problems.append(_same_id(job, cell, cells[cell.id], source))
        elif is_named:
            cells[cell.id] = cell
        else:
            problems.append(_no_id(job, source))
    if not cells and not problems:
        mark = job.marks.get("matrix", job.mark)
        message = f"exclude leaves no cell of {job.name}"
        remedy = "remove an entry from exclude"
        problems.append(
            Problem(code="SF209", message=message, mark=mark, path=("jobs", job.name, "matrix"), help=remedy)
        )
    if not problems:
        return tuple(cells.values()), []
    partial = replace(job, unusable=job.unusable | {"matrix"})
    bare = Cell(id=job.name, job=partial, values={})
    return tuple(replace(cell, job=partial) for cell in cells.values()) or (bare,), problems


def _product(job: Job) -> Iterator[tuple[Cell, Leaf, bool]]:
    """Yield each cell of the axes, the value that its problems are placed at, and whether its labels give it an id."""
    if not job.axes:
        return
    names = [axis.name for axis in job.axes]
    excluded = _excluded(job, names)
    axes = [[(label, leaf, _written_label(axis.name, leaf)) for label, leaf in axis.points] for axis in job.axes]
    for points in itertools.product(*axes):
        labels, leaves, written = zip(*points, strict=True)
        if excluded and any(tuple([labels[at] for at in where]) in found for where, found in excluded.items()):
            continue
        values = dict(zip(names, leaves, strict=True))
        yield _cell(job, labels, values, dict(zip(names, written, strict=True))), leaves[-1], any(labels)


def _excluded(job: Job, names: list[str]) -> dict[tuple[int, ...], set[tuple[str, ...]]]:
    """Return the labels of `exclude`, by the positions of the axes that they are of."""
    excluded: dict[tuple[int, ...], set[tuple[str, ...]]] = {}
    for entry in job.exclude:
        where = tuple(at for at, name in enumerate(names) if name in entry)
        excluded.setdefault(where, set()).add(tuple(entry[names[at]] for at in where))
    return excluded


def _extra(job: Job) -> Iterator[tuple[Cell, Leaf, bool]]:
    """Yield the cells of `include` as `_product` does; without axes its own keys name the cell."""
    axes = {axis.name: Points(axis) for axis in job.axes} if job.include else {}
    for entry in job.include:
        values: dict[str, Leaf] = {}
        labels: list[str] = []
        for name in [*axes, *(name for name in entry if name not in axes)]:
            label, values[name] = _named(axes.get(name), entry[name])
            if name in axes or not axes:
                labels.append(label)
        written = {name: _written_label(name, leaf) for name, leaf in values.items()}
        yield _cell(job, labels, values, written), next(iter(entry.values())), any(labels)


def _cell(job: Job, labels: Iterable[str], values: Mapping[str, Leaf], written: Mapping[str, str]) -> Cell:
    return Cell(id=f"{job.name}@{'-'.join(labels)}", job=job, values=values, labels=written)


def _written_label(axis: str, leaf: Leaf) -> str:
    """Return the key of a value that has one, `calm` of `heat: {calm: 100}`; any other value is its own label."""
    key = leaf.path[-1]
    if isinstance(key, str) and leaf.path[-2] == axis:
        return key
    return as_text(leaf.value) if isinstance(leaf.value, str | int | float) else ""


def _named(points: Points | None, leaf: Leaf) -> tuple[str, Leaf]:
    point = points.find(leaf.value) if points else None
    return point or (slug(leaf.value), leaf)


def _same_id(job: Job, cell: Cell, first: Cell, source: Leaf) -> Problem:
    values = ", ".join(f"{name} = {show(leaf.value)}" for name, leaf in first.values.items())
    return Problem(
        code="SF210",
        message=f"two cells would be named {cell.id}",
        mark=source.mark,
        path=("jobs", job.name, "matrix"),
        help=f"{values} has that name already; label the values: {{LABEL: value}}",
        cells=(cell.id,),
    )


def _no_id(job: Job, source: Leaf) -> Problem:
    message = "this extra cell has a value that gives no label for its id"
    return Problem(
        code="SF209",
        message=message,
        mark=source.mark,
        path=("jobs", job.name, "matrix"),
        help="a label needs a letter or digit",
    )


def _too_many(job: Job, count: int) -> Problem:
    return Problem(
        code="SF211",
        message=f"{job.name} brings the pipeline to {count:,} cells",
        mark=job.marks.get("matrix", job.mark),
        path=("jobs", job.name, "matrix"),
        allowed=f"up to {MAX_CELLS:,} cells",
        help="leave values out of its axes, or split the pipeline",
    )
