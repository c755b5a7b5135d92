"""Document → Pipeline: shape checked, profile and defaults merged in. Nothing is rendered."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from runner.diagnostics.fits import surely_fits
from runner.diagnostics.json_schema import validator
from runner.diagnostics.messages import MOST_COMPARED, listing, nearest, show
from runner.diagnostics.schema_errors import violations
from runner.diagnostics.secrets import find_secrets, key_given, without_keys
from runner.frozen import replace
from runner.pipeline.shape.cascades import value_at, without_cascades
from runner.pipeline.shape.expectations import range_for_number
from runner.pipeline.shape.job import RESERVED, read_defaults, read_job
from runner.pipeline.shape.merge import Merged, merge
from runner.pipeline.shape.needs import check_needs
from runner.pipeline.shape.recovery import CAUSES, find_unusable, without
from runner.pipeline.shape.settings import key_marks, read_budget, read_prices, read_providers
from runner.pipeline.yaml.scalars import OddNumberError, plain
from runner.records.pipeline import Layer, Leaf, Pipeline
from runner.records.source import DocPath, Json, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.diagnostics.violation import Sort, Violation
    from runner.pipeline.shape.recovery import Unusable
    from runner.pipeline.yaml.document import Document
    from runner.records.pipeline import Job

CODES: Mapping[Sort, str] = {
    "unknown": "SF201",
    "missing": "SF202",
    "type": "SF203",
    "range": "SF204",
    "choice": "SF204",
    "form": "SF204",
    "rule": "SF204",
}

LOST = ("SF104", "SF107")
"""Codes of problems that leave a value different from what was written."""


def load(
    doc: Document, *, schema: Mapping[str, Json], profile: str | None, overrides: Mapping[str, str | Leaf]
) -> tuple[Pipeline | None, tuple[Problem, ...]]:
    """Return the pipeline and every problem of the file so far, the document's own first.

    Without a `profile` the one that the file names is merged in; an empty name means none. `overrides` are the texts of
    --var and the values of --var-file.

    Wrong parts are left out of the pipeline and noted in its jobs, so that everything else can still be checked.
    Returns no pipeline when no job is left.
    """
    if doc.data is None:
        return None, one_a_place(doc.problems)
    lost = {problem.path for problem in doc.problems if problem.code in LOST}
    found = [item for item in _violations(doc, schema) if not _is_under(item.place, lost)]
    shape = _problems(doc, found)
    is_default = profile is None
    profile = _default_profile(doc) if profile is None else profile or None
    if not _is_profile_known(doc, profile):
        return None, one_a_place((*doc.problems, *shape, _unknown_profile(doc, profile or "", is_default=is_default)))
    unusable = find_unusable(found, lost, profile)
    jobs = doc.data.get("jobs")
    if unusable.is_hopeless or not isinstance(jobs, dict):
        return None, one_a_place((*doc.problems, *shape))
    whole = merge(doc, profile)
    merged = replace(whole, data=without(whole.data, unusable.cuts))
    renamed: dict[DocPath, str] = {item.place: item.meant for item in found if item.meant is not None}
    names = {str(renamed.get(("jobs", name), name)): str(name) for name in jobs}
    pipeline, problems = _build(merged, unusable, names, profile, is_default=is_default)
    problems += _strangers(doc)
    problems += _override_problems(pipeline, overrides)
    return pipeline, one_a_place((*doc.problems, *shape, *problems))


def one_a_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Keep the first problem of each place, and hide keys: further problems of a place only repeat the first."""
    kept: dict[object, Problem] = {}
    for problem in problems:
        mark = problem.mark
        place = (mark.file, mark.line, mark.column) if mark else (problem.code, problem.message)
        kept.setdefault(place, without_keys(problem))
    return tuple(kept.values())


def shape_problems(doc: Document, schema: Mapping[str, Json]) -> list[Problem]:
    """Return what is wrong with the shape of a document, each with its place."""
    return _problems(doc, _violations(doc, schema))


def _violations(doc: Document, schema: Mapping[str, Json]) -> list[Violation]:
    if surely_fits(doc.data, schema):
        return []
    return violations(validator(schema).iter_errors(doc.data), schema)


def _problems(doc: Document, found: Iterable[Violation]) -> list[Problem]:
    whole, lines = Merged(document=doc, data=doc.data), doc.source.split("\n")
    return [_problem(whole, lines, item) for item in without_cascades(found, doc.data)]


def _problem(whole: Merged, lines: list[str], finding: Violation) -> Problem:
    path = finding.place
    if finding.sort == "missing":
        mark = whole.key_mark(finding.path)
        owner = f" in {finding.path[-1]}" if finding.path else ""
        message = f"{finding.message}{owner}"
    else:
        mark = whole.mark(path) if finding.key is None else whole.key_mark(path)
        message = finding.message
    return Problem(
        code=CODES[finding.sort],
        message=message,
        mark=mark,
        path=path,
        allowed=finding.allowed,
        help=_quoted_comment(whole.data, lines, finding, mark) or _range(whole.data, finding) or finding.help,
    )


def _quoted_comment(data: Json, lines: list[str], finding: Violation, mark: Mark) -> str | None:
    """Return the remedy for a value that is empty because it starts with # and so is a comment."""
    if finding.wanted is None or not finding.wanted.startswith("text") or value_at(data, finding.path) is not None:
        return None
    rest = lines[mark.line - 1][mark.column - 1 :].strip()
    return f"quote it: {show(rest)}" if rest.startswith("#") else None


def _range(data: Json, finding: Violation) -> str | None:
    return range_for_number(finding.path, value_at(data, finding.path)) if finding.sort == "type" else None


def _is_profile_known(doc: Document, profile: str | None) -> bool:
    profiles = doc.data.get("profiles", {})
    return profile is None or (isinstance(profiles, dict) and isinstance(profiles.get(profile), dict))


def _default_profile(doc: Document) -> str | None:
    """Return the profile that the file itself names."""
    written = doc.data.get("profile")
    return written if isinstance(written, str) else None


def _unknown_profile(doc: Document, profile: str, *, is_default: bool) -> Problem:
    profiles = doc.data.get("profiles")
    known = list(profiles) if isinstance(profiles, dict) else []
    return Problem(
        code="SF205",
        message=f"there is no profile {profile}" if profile not in known else f"profile {profile} is not a mapping",
        mark=doc.marks[("profile",)] if is_default else doc.key_marks.get(("profiles",), doc.marks[()]),
        path=("profile",) if is_default else ("profiles",),
        allowed=listing(known) or "this file has no profiles",
        help=nearest(profile, known) or "write it under profiles, or run without --profile",
    )


def _is_under(path: DocPath, parents: set[DocPath]) -> bool:
    return any(path[:length] in parents for length in range(len(path) + 1))


def _strangers(doc: Document) -> list[Problem]:
    """Report jobs that a profile changes and the file does not have: a profile cannot add jobs."""
    jobs, profiles = doc.data["jobs"], doc.data.get("profiles")
    strange = [
        (profile, name)
        for profile, data in (profiles.items() if isinstance(profiles, dict) else ())
        if isinstance(data, dict) and isinstance(data.get("jobs"), dict)
        for name in data["jobs"]
        if name not in jobs
    ]
    allowed = listing(jobs) if strange else None
    return [
        Problem(
            code="SF201",
            message=f"the profile {profile} changes {name}, and there is no job of that name",
            mark=doc.key_marks.get(("profiles", profile, "jobs", name)),
            path=("profiles", profile, "jobs", name),
            allowed=allowed,
            help=(nearest(name, jobs) if index < MOST_COMPARED else None)
            or "a profile changes jobs of the file; write a new one under jobs",
        )
        for index, (profile, name) in enumerate(strange)
    ]


def _build(
    merged: Merged, unusable: Unusable, names: Mapping[str, str], profile: str | None, *, is_default: bool
) -> tuple[Pipeline, list[Problem]]:
    """Build the pipeline; `names` maps how each job should be called to how it is called."""
    data, file = merged.data, merged.document.file
    jobs: dict[str, Job] = {}
    written, defaults = frozenset(names.values()), read_defaults(merged)
    problems = [*_reserved_names(merged, ("vars",)), *defaults.problems]
    for name in data.get("jobs", {}):
        if name not in written:
            continue  # of a profile alone
        jobs[name], wrong = read_job(merged, name, unusable.of(name), defaults)
        problems += wrong
    need_problems = check_needs(jobs.values(), names)
    for problem in need_problems:
        job = jobs[str(problem.path[1])]
        jobs[job.name] = replace(job, needs=(), unusable=job.unusable | {"needs"})
    settings, wrong = read_providers(merged)
    pipeline = Pipeline(
        file=file,
        name=data.get("name") or posixpath.basename(file).rpartition(".")[0] or posixpath.basename(file),
        vars={key: merged.leaf(("vars", key), value, Layer.DEFAULTS) for key, value in data.get("vars", {}).items()},
        env=tuple(data.get("env", ())),
        providers=settings,
        prices=read_prices(merged),
        budget_usd=read_budget(merged),
        jobs=tuple(jobs.values()),
        profile=profile,
        marks=key_marks(merged) | ({("profile",): merged.mark(("profile",))} if is_default and profile else {}),
    )
    return pipeline, [*problems, *need_problems, *wrong]


def _reserved_names(merged: Merged, path: DocPath) -> list[Problem]:
    return [
        Problem(
            code="SF214",
            message=f"{name} is a reserved name in templates",
            mark=merged.key_mark((*path, name)),
            path=(*path, name),
            help="choose another name",
        )
        for name in merged.data.get("vars", {})
        if name in RESERVED
    ]


def _override_problems(pipeline: Pipeline, overrides: Mapping[str, str | Leaf]) -> list[Problem]:
    axes = {name for job in pipeline.jobs for name in _axis_names(job)}
    known = {*pipeline.vars, *(name for job in pipeline.jobs for name in job.vars)}
    problems = []
    for name, value in overrides.items():
        message = remedy = allowed = None
        if isinstance(value, Leaf):
            problems += _var_file_problems(pipeline, value, axes, known)
        elif next(find_secrets(value), None) is not None:
            problems.append(key_given(name, value))
        elif name in axes:
            message = f"--var {name}: {name} is a matrix axis"
            remedy = f"choose cells with --target, for example --target '*@*{value}*'"
        elif name not in known and not _may_be_lost(pipeline):
            message = f"--var {name}: there is no var {name}"
            allowed, remedy = (
                listing(sorted(known)) or "this file has no vars",
                nearest(name, known) or "write it under vars first",
            )
        elif not _is_scalar(value):
            message = f"--var {name}: {value} is an ambiguous number"
            remedy = "write a plain decimal, or quote it if it is text"
        if message is not None:
            problems.append(Problem(code="SF213", message=message, allowed=allowed, help=remedy))
    return problems


def _var_file_problems(pipeline: Pipeline, leaf: Leaf, axes: set[str], known: set[str]) -> list[Problem]:
    """Return what is wrong with one name of a --var-file, at its place there."""
    name = str(leaf.path[0])
    if name in axes:
        message, remedy = f"{name} is a matrix axis, which a var file cannot set", "choose cells with --target"
    elif name not in known and not _may_be_lost(pipeline):
        message, remedy = f"there is no var {name}", nearest(name, known) or "remove it, or write it under vars first"
    else:
        return []
    allowed = listing(sorted(known)) or "this file has no vars"
    return [Problem(code="SF213", message=message, mark=leaf.key_mark or leaf.mark, allowed=allowed, help=remedy)]


def _may_be_lost(pipeline: Pipeline) -> bool:
    """Say whether a name may be unknown only because the part that defines it is wrong."""
    return any(not job.unusable.isdisjoint(CAUSES["SF213"]) for job in pipeline.jobs)


def _axis_names(job: Job) -> set[str]:
    return {axis.name for axis in job.axes} | {name for entry in job.include for name in entry}


def override_value(text: str) -> Json:
    """Read the value of --var NAME=VALUE as an unquoted YAML scalar; quotes around it make it text.

    Raises OddNumberError.
    """
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return plain(text)


@lru_cache(maxsize=64)
def _is_scalar(text: str) -> bool:
    try:
        override_value(text)
    except OddNumberError:
        return False
    return True
