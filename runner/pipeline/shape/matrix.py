"""The `matrix` block of a job as Axes, with exclude and include checked against them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from runner.diagnostics.messages import listing, nearest, show
from runner.pipeline.yaml.source_map import is_template
from runner.records.pipeline import Axis, Layer, Leaf
from runner.records.source import DocPath, Json, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.pipeline.shape.merge import Merged

SPECIAL = ("exclude", "include")
NOT_IN_LABEL = re.compile(r"[^\w.]+")


def slug(value: Json) -> str:
    """Write a label or value as part of a cell's id: `Dark Forest` → `dark-forest`; empty when it cannot be."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        text = str(value)
    elif isinstance(value, str) and not is_template(value):
        text = value
    else:
        return ""
    return NOT_IN_LABEL.sub("-", unicodedata.normalize("NFKC", text).casefold()).strip("-._")


def read_axes(merged: Merged, path: DocPath, matrix: Mapping[str, Json]) -> tuple[tuple[Axis, ...], list[Problem]]:
    """Read the axes under `path`, each point with its label and Leaf."""
    axes: list[Axis] = []
    problems: list[Problem] = []
    for name, values in matrix.items():
        if name in SPECIAL:
            continue
        here = (*path, name)
        pairs = values.items() if isinstance(values, dict) else ((None, value) for value in values)
        points = []
        for index, (given, value) in enumerate(pairs):
            leaf = merged.leaf((*here, index if given is None else given), value, Layer.MATRIX)
            label = slug(value if given is None else given)
            if not label:
                problems.append(
                    _no_label(leaf, name, given if given is not None else value, labelled=given is not None)
                )
            points.append((label, leaf))
        axes.append(Axis(name=name, points=tuple(points)))
    return tuple(axes), problems


def _no_label(leaf: Leaf, axis: str, shown: Json, *, labelled: bool) -> Problem:
    message = f"{show(shown)} gives no label for the cell's id"
    remedy = "a label needs a letter or digit" if labelled else f"give it a label: {axis}: {{LABEL: value}}"
    return Problem(
        code="SF209", message=message, mark=leaf.key_mark if labelled else leaf.mark, path=leaf.path, help=remedy
    )


class Points:
    """The points of an axis, to be found by what names them."""

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self._by_label: dict[str, int] = {}
        self._by_value: dict[tuple[bool, object], int] = {}
        for index, (label, leaf) in enumerate(axis.points):
            self._by_label.setdefault(label, index)
            if not isinstance(leaf.value, list | dict):
                self._by_value.setdefault((isinstance(leaf.value, bool), leaf.value), index)

    def find(self, value: Json) -> tuple[str, Leaf] | None:
        """Find the point that `value` names: by its label, or by the value itself."""
        if isinstance(value, list | dict):
            return next((point for point in self.axis.points if point[1].value == value), None)
        labels = (value, slug(value)) if isinstance(value, str) else ()
        found = [self._by_label[label] for label in labels if label in self._by_label]
        index = min(found, default=self._by_value.get((isinstance(value, bool), value)))
        return None if index is None else self.axis.points[index]


def read_exclude(
    merged: Merged, path: DocPath, matrix: Mapping[str, Json], axes: tuple[Axis, ...]
) -> tuple[tuple[Mapping[str, Json], ...], list[Problem]]:
    """Read `exclude`; each entry becomes axis → label. An entry that names no axis or point of it is a Problem."""
    by_name = {axis.name: Points(axis) for axis in axes} if "exclude" in matrix else {}
    entries: list[Mapping[str, Json]] = []
    problems: list[Problem] = []
    for index, entry in enumerate(matrix.get("exclude", ())):
        labels: dict[str, Json] = {}
        for name, value in entry.items():
            here = (*path, "exclude", index, name)
            points = by_name.get(name)
            point = points.find(value) if points else None
            if points is None:
                problems.append(_unknown_axis(merged, here, name, by_name))
            elif point is None:
                problems.append(_unknown_point(merged, here, points.axis, value))
            else:
                labels[name] = point[0]
        if len(labels) == len(entry):
            entries.append(labels)
    return tuple(entries), problems


def _unknown_axis(merged: Merged, path: DocPath, name: str, axes: Iterable[str]) -> Problem:
    return Problem(
        code="SF212",
        message=f"there is no axis {name}",
        mark=merged.key_mark(path),
        path=path,
        allowed=listing(axes) or None,
        help=nearest(name, axes) or "remove it, or write the axis",
    )


def _unknown_point(merged: Merged, path: DocPath, axis: Axis, value: Json) -> Problem:
    labels = [label for label, _ in axis.points]
    return Problem(
        code="SF212",
        message=f"the axis {axis.name} has no value {show(value)}",
        mark=merged.mark(path),
        path=path,
        allowed=listing(labels),
        help=nearest(str(value), labels) or "remove it",
    )


def read_include(
    merged: Merged, path: DocPath, matrix: Mapping[str, Json], axes: tuple[Axis, ...]
) -> tuple[tuple[Mapping[str, Leaf], ...], list[Problem]]:
    """Read `include`: extra cells. A value that names a point of its axis means that point; any other is a value."""
    entries: list[Mapping[str, Leaf]] = []
    problems: list[Problem] = []
    for index, entry in enumerate(matrix.get("include", ())):
        here = (*path, "include", index)
        missing = [axis.name for axis in axes if axis.name not in entry]
        if missing:
            problems.append(
                Problem(
                    code="SF209",
                    message=f"this extra cell gives no {listing(missing)}",
                    mark=merged.mark(here),
                    path=here,
                    help="an include names every axis",
                )
            )
            continue
        leaves = {name: merged.leaf((*here, name), value, Layer.MATRIX) for name, value in entry.items()}
        entries.append(leaves)
    return tuple(entries), problems
