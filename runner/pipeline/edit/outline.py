"""The names that a pipeline's text declares, read quickly: without profiles, templates or models."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

from runner.errors import InvalidFilesError
from runner.frozen import dataclass
from runner.pipeline.shape.matrix import SPECIAL, slug
from runner.pipeline.yaml.document import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.source import Json

MAX_CELLS: Final = 500
"""Most cells of one job that are listed by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a pipeline names, each in the order of the file."""

    jobs: Mapping[str, tuple[str, ...]]
    """Each job with the ids of its cells; none when it has no matrix, or a matrix that is too large."""
    labels: tuple[str, ...]
    profiles: tuple[str, ...]
    vars: tuple[str, ...]


def outline(text: str, file: str) -> Outline:
    """Return the names in a pipeline's text; leave out what has the wrong shape. Raises InvalidFilesError if unreadable."""
    document = parse(text, file)
    if document.problems:
        raise InvalidFilesError(document.problems)
    data = document.data
    jobs = {name: job for name, job in _mapping(data, "jobs").items() if isinstance(job, dict)}
    return Outline(
        jobs={name: tuple(_cells(name, _mapping(job, "matrix"))) for name, job in jobs.items()},
        labels=tuple(dict.fromkeys(label for job in jobs.values() for label in _texts(job.get("labels")))),
        profiles=tuple(_mapping(data, "profiles")),
        vars=tuple(_mapping(data, "vars")),
    )


def _cells(job: str, matrix: Mapping[str, Json]) -> Iterator[str]:
    axes = {name: _labels(axis) for name, axis in matrix.items() if name not in SPECIAL}
    if math.prod(len(labels) for labels in axes.values()) > MAX_CELLS:
        return
    left_out = [_named(axes, entry) for entry in matrix.get("exclude") or () if isinstance(entry, dict)]
    points = itertools.product(*axes.values()) if axes else ()
    for point in points:
        at = dict(zip(axes, point, strict=True))
        if not any(entry and entry.items() <= at.items() for entry in left_out):
            yield f"{job}@{'-'.join(point)}"
    for entry in matrix.get("include") or ():
        if isinstance(entry, dict) and entry.keys() >= axes.keys():
            named = _named(axes or {name: {} for name in entry}, entry)
            yield f"{job}@{'-'.join(named[name] for name in (axes or entry))}"


def _labels(axis: Json) -> dict[str, Json]:
    """Return the values of an axis by their labels."""
    if isinstance(axis, dict):
        return {slug(label): value for label, value in axis.items()}
    return {slug(value): value for value in axis} if isinstance(axis, list) else {}


def _named(axes: Mapping[str, Mapping[str, Json]], entry: Mapping[str, Json]) -> dict[str, str]:
    """Return the labels that an entry of exclude or include names, by axis."""
    return {
        name: next((label for label, point in axes[name].items() if point == value), slug(value))
        for name, value in entry.items()
        if name in axes
    }


def _mapping(data: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
