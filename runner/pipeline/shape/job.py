"""Read one job of the merged file: defaults and shorthands applied, nothing rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.frozen import dataclass
from runner.pipeline.shape.expectations import read_expectations
from runner.pipeline.shape.matrix import SPECIAL, read_axes, read_exclude, read_include
from runner.records.expectations import NOTHING_EXPECTED, Expectations
from runner.records.pipeline import BESIDE_PARAMS, Job, Layer, Leaf
from runner.records.source import DocPath, Json, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.pipeline.shape.merge import Merged

RESERVED: Final = frozenset(
    {"vars", "job", "jobs", "env", "label", "loop", "range", "self", "super", "caller", "varargs", "kwargs"}
    | {"true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What `defaults` says, read once for all jobs: they share its leaves."""

    data: Mapping[str, Json]
    leaves: Mapping[str, Leaf]
    """`model` and `output`, where they are given."""
    params: Mapping[str, Leaf]
    webhook: Mapping[str, Leaf] | None
    master: Mapping[str, Leaf] | None
    tags: Mapping[str, Leaf] | bool | None
    expect: Expectations
    problems: tuple[Problem, ...]


def read_defaults(merged: Merged) -> Defaults:
    """Return what the jobs of a file share."""
    data: Mapping[str, Json] = merged.data.get("defaults", {})

    def leaves(*path: str) -> dict[str, Leaf]:
        inside = data[path[0]] if path else {key: data[key] for key in ("model", "output") if key in data}
        return {key: merged.leaf(("defaults", *path, key), value, Layer.DEFAULTS) for key, value in inside.items()}

    expect, problems = read_expectations(merged, ("defaults", "expect"), data.get("expect", {}), NOTHING_EXPECTED)
    return Defaults(
        data=data,
        leaves=leaves(),
        params=leaves("params") if "params" in data else {},
        webhook=leaves("webhook") if "webhook" in data else None,
        master=leaves("master") if isinstance(data.get("master"), dict) else {} if data.get("master") else None,
        tags=leaves("tags") if isinstance(data.get("tags"), dict) else data.get("tags"),
        expect=expect,
        problems=tuple(problems),
    )


def read_job(merged: Merged, name: str, unusable: frozenset[str], defaults: Defaults) -> tuple[Job, list[Problem]]:
    """Return the job called `name`, without the `unusable` keys, and what is wrong with it beyond its shape."""
    path: DocPath = ("jobs", name)
    data: Mapping[str, Json] = merged.data["jobs"][name]
    matrix: Mapping[str, Json] = data.get("matrix", {})
    axes, problems = read_axes(merged, (*path, "matrix"), matrix)
    exclude, wrong_exclude = read_exclude(merged, (*path, "matrix"), matrix, axes)
    include, wrong_include = read_include(merged, (*path, "matrix"), matrix, axes)
    problems += wrong_exclude + wrong_include
    expect, wrong_expect = read_expectations(merged, (*path, "expect"), data.get("expect", {}), defaults.expect)
    is_matrix_wrong = bool(problems)
    problems += wrong_expect + _given_twice(merged, path, data) + _reserved(merged, path, data)
    if problems:
        unusable |= {str(problem.path[2]) for problem in problems}

    def leaf(key: str) -> Leaf | None:
        if key in data:
            return merged.leaf((*path, key), data[key], Layer.JOB)
        return defaults.leaves.get(key)

    def value(key: str, otherwise: Json) -> Json:
        return data.get(key, defaults.data.get(key, otherwise))

    needs = _needs(merged, path, data)
    job = Job(
        name=name,
        mark=merged.key_mark(path),
        model=leaf("model"),
        params=_params(merged, path, data, defaults.params),
        vars=_own(merged, path, data, "vars"),
        output=leaf("output"),
        take=leaf("take"),
        needs=tuple(needs),
        labels=tuple(value("labels", ())),
        retries=value("retries", 0),
        timeout_s=float(value("timeout_s", 1800)),
        on_unknown=value("on_unknown", "hold"),
        webhook=_own(merged, path, data, "webhook") if "webhook" in data else defaults.webhook,
        master=_master(merged, path, data, defaults.master),
        tags=_tags(merged, path, data, defaults.tags),
        expect=expect,
        rerolls=value("on_fail", {}).get("reroll", 0),
        axes=() if is_matrix_wrong else axes,
        exclude=() if is_matrix_wrong else exclude,
        include=() if is_matrix_wrong else include,
        marks=_marks(merged, path, data) | {f"needs.{index}": mark for index, mark in enumerate(needs.values())},
        unusable=unusable,
    )
    return job, problems


def _params(merged: Merged, path: DocPath, data: Mapping[str, Json], defaults: Mapping[str, Leaf]) -> dict[str, Leaf]:
    """Lay the job's parameters over the defaults'; a null removes the default and is not sent."""
    beside = {key: merged.leaf((*path, key), data[key], Layer.JOB) for key in BESIDE_PARAMS if key in data}
    return {**defaults, **beside, **_own(merged, path, data, "params")}


def _master(
    merged: Merged, path: DocPath, data: Mapping[str, Json], defaults: Mapping[str, Leaf] | None
) -> Mapping[str, Leaf] | None:
    """Lay the job's settings over the defaults'; a null removes a default, and `master: false` all of them."""
    if "master" not in data:
        return defaults
    if isinstance(data["master"], bool):
        return (defaults or {}) if data["master"] else None
    return {**(defaults or {}), **_own(merged, path, data, "master")}


def _tags(
    merged: Merged, path: DocPath, data: Mapping[str, Json], defaults: Mapping[str, Leaf] | bool | None
) -> Mapping[str, Leaf] | bool | None:
    """Lay the job's tags over the defaults'; `tags: true` keeps the defaults', `tags: false` turns them off."""
    if "tags" not in data:
        return defaults
    shared = defaults if isinstance(defaults, dict) else {}
    if isinstance(data["tags"], bool):
        return (shared or True) if data["tags"] else False
    return {**shared, **_own(merged, path, data, "tags")}


def _own(merged: Merged, path: DocPath, data: Mapping[str, Json], block: str) -> dict[str, Leaf]:
    """Return the leaves of one block of a job."""
    if block not in data:
        return {}
    return {key: merged.leaf((*path, block, key), value, Layer.JOB) for key, value in data[block].items()}


def _given_twice(merged: Merged, path: DocPath, data: Mapping[str, Json]) -> list[Problem]:
    return [
        Problem(
            code="SF206",
            message=f"{key} is given in two places: here and under params",
            mark=merged.key_mark((*path, key)),
            path=(*path, key),
            help=f"keep one of them; the other is in line {merged.key_mark((*path, 'params', key)).line}",
        )
        for key in BESIDE_PARAMS
        if key in data and key in data.get("params", {})
    ]


def _reserved(merged: Merged, path: DocPath, data: Mapping[str, Json]) -> list[Problem]:
    matrix = data.get("matrix", {})
    names: list[DocPath] = [("vars", key) for key in data.get("vars", {})]
    names += [("matrix", key) for key in matrix if key not in ("exclude", "include")]
    names += [("matrix", "include", index, key) for index, e in enumerate(matrix.get("include", ())) for key in e]
    return [
        Problem(
            code="SF214",
            message=f"{name[-1]} is a reserved name in templates",
            mark=merged.key_mark((*path, *name)),
            path=(*path, *name),
            help="choose another name",
        )
        for name in names
        if name[-1] in RESERVED
    ]


def _marks(merged: Merged, path: DocPath, data: Mapping[str, Json]) -> dict[str, Mark]:
    marks = {key: merged.mark((*path, key)) for key in ("take", "needs", "on_fail") if key in data}
    marks |= {f"expect.{name}": merged.mark((*path, "expect", name)) for name in data.get("expect", ())}
    if "matrix" in data:
        marks["matrix"] = merged.key_mark((*path, "matrix"))
        axes = [name for name in data["matrix"] if name not in SPECIAL]
        marks |= {f"matrix.{name}": merged.key_mark((*path, "matrix", name)) for name in axes}
    return marks


def _needs(merged: Merged, path: DocPath, data: Mapping[str, Json]) -> dict[str, Mark]:
    """Return what a job needs, each with its place: what `needs` names, and the jobs that its inputs name without a template."""
    written = data.get("needs", [])
    needs: dict[str, Mark] = {}
    if isinstance(written, str):
        needs[written] = merged.mark((*path, "needs"))
    else:
        needs |= {need: merged.mark((*path, "needs", index)) for index, need in enumerate(written)}
    for block in ((), ("params",)):
        inputs = (data if not block else data.get("params", {})).get("inputs")
        for index, item in enumerate(inputs if isinstance(inputs, list) else ()):
            need = item.get("job") if isinstance(item, dict) else None
            if isinstance(need, str) and "{{" not in need and "{%" not in need:
                needs.setdefault(need, merged.mark((*path, *block, "inputs", index, "job")))
    return needs
