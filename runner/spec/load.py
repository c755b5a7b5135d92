"""Document → Pipeline: the shape checked, the profile merged in, defaults laid under every job. Nothing is rendered."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from jsonschema import Draft7Validator

from runner.records import DocPath, Json, Layer, Mark, Pipeline, Problem
from runner.spec.check import Finding, Sort, findings
from runner.spec.echoes import value_at, without_echoes
from runner.spec.jobs import RESERVED, read_job
from runner.spec.merge import Merged, merge
from runner.spec.needs import check_needs
from runner.spec.scalars import OddNumberError, plain
from runner.spec.secrets import without_keys
from runner.spec.settings import key_marks, read_budget, read_prices, read_providers
from runner.spec.words import listing, nearest, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.records import Job
    from runner.spec.document import Document

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
"""Codes of the document's problems after which a value is not what was written."""

SHARED: tuple[DocPath, ...] = ((), ("defaults",), ("env",), ("name",))
"""Parts without which no job can be checked."""


def load(
    doc: Document, *, schema: Mapping[str, Json], profile: str | None, overrides: Mapping[str, str]
) -> tuple[Pipeline | None, tuple[Problem, ...]]:
    """Return the pipeline and every problem of the file so far, the document's own first.

    A job that is wrong, or needs one that is wrong, is left out of the pipeline, so that the others can still be
    checked. There is no pipeline when what all jobs share is wrong.
    """
    if doc.data is None:
        return None, one_a_place(doc.problems)
    lost = {problem.path for problem in doc.problems if problem.code in LOST}
    found = [item for item in _findings(doc, schema) if not _is_under(item.place, lost)]
    shape = [_problem(doc, item) for item in without_echoes(found, doc.data)]
    if not _is_profile_known(doc, profile):
        return None, one_a_place((*doc.problems, *shape, _unknown_profile(doc, profile or "")))
    wrong = {item.place for item in found if item.sort != "unknown" or item.path} | lost
    broken = _broken_parts(wrong, profile)
    if any(path[:1] in SHARED or path == ("vars",) for path in broken):
        return None, one_a_place((*doc.problems, *shape))
    merged = _without_settings(merge(doc, profile), broken)
    renamed = {item.key: item.meant for item in found if item.path == ("jobs",) and item.meant is not None}
    pipeline, problems = _build(merged, {str(path[1]) for path in broken if path[0] == "jobs"}, renamed, profile)
    problems += _override_problems(pipeline, overrides)
    return pipeline, one_a_place((*doc.problems, *shape, *problems))


def one_a_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Keep the first problem of each place, without keys: what follows from it at the same place only repeats it."""
    kept: dict[object, Problem] = {}
    for problem in problems:
        mark = problem.mark
        place = (mark.file, mark.line, mark.column) if mark else (problem.code, problem.message)
        kept.setdefault(place, without_keys(problem))
    return tuple(kept.values())


def _findings(doc: Document, schema: Mapping[str, Json]) -> list[Finding]:
    return findings(Draft7Validator(schema).iter_errors(doc.data), schema)


def _problem(doc: Document, finding: Finding) -> Problem:
    whole = Merged(document=doc, data=doc.data)
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
        help=finding.help or _quoted_comment(doc, finding, mark),
    )


def _quoted_comment(doc: Document, finding: Finding, mark: Mark) -> str | None:
    """Say how a text that starts with # is written to someone whose value is empty because it is a comment."""
    if finding.wanted is None or not finding.wanted.startswith("text") or value_at(doc.data, finding.path) is not None:
        return None
    rest = doc.source.split("\n")[mark.line - 1][mark.column - 1 :].strip()
    return f"quote it: {show(rest)}" if rest.startswith("#") else None


def _is_profile_known(doc: Document, profile: str | None) -> bool:
    profiles = doc.data.get("profiles", {})
    return profile is None or (isinstance(profiles, dict) and isinstance(profiles.get(profile), dict))


def _unknown_profile(doc: Document, profile: str) -> Problem:
    profiles = doc.data.get("profiles")
    known = list(profiles) if isinstance(profiles, dict) else []
    return Problem(
        code="SF205",
        message=f"there is no profile {profile}" if profile not in known else f"profile {profile} is not a mapping",
        mark=doc.key_marks.get(("profiles",), doc.marks[()]),
        path=("profiles",),
        allowed=listing(known) or "this file has no profiles",
        help=nearest(profile, known),
    )


def _is_under(path: DocPath, parents: set[DocPath]) -> bool:
    return any(path[:length] in parents for length in range(len(path) + 1))


def _broken_parts(wrong: set[DocPath], profile: str | None) -> set[DocPath]:
    """Return the two-key paths of the parts in force that cannot be used, those of the profile among them."""
    parts: set[DocPath] = set()
    for path in wrong:
        in_force = path[2:] if path[:2] == ("profiles", profile) else path
        if in_force and (in_force[0] in ("profiles", "version") or str(in_force[0]).startswith("x-")):
            continue
        parts.add(in_force[:2] if in_force[:1] != ("jobs",) or len(in_force) > 1 else ())
    return parts


def _without_settings(merged: Merged, broken: set[DocPath]) -> Merged:
    """Take broken prices, providers and budgets away, so that the jobs can still be checked."""
    data = dict(merged.data)
    for block in ("prices", "providers", "budget"):
        written = data.get(block)
        if (block,) in broken or not isinstance(written, dict) or (block == "budget" and _is_any(block, broken)):
            data.pop(block, None)
        else:
            data[block] = {name: value for name, value in written.items() if (block, name) not in broken}
    return Merged(document=merged.document, data=data, moved=merged.moved)


def _is_any(block: str, broken: set[DocPath]) -> bool:
    return any(path[:1] == (block,) for path in broken)


def _build(
    merged: Merged, broken: set[str], renamed: Mapping[str | None, str], profile: str | None
) -> tuple[Pipeline, list[Problem]]:
    """Build the pipeline of all jobs that are not `broken`; `renamed` gives wrong names the ones they should be."""
    data, file = merged.data, merged.document.file
    jobs: list[Job] = []
    problems = _reserved_names(merged, ("vars",))
    for name in data["jobs"]:
        if name in broken:
            continue
        job, wrong = read_job(merged, name)
        problems += wrong
        if wrong:
            broken.add(name)
        else:
            jobs.append(job)
    need_problems = check_needs(jobs, {renamed.get(name, name): name for name in data["jobs"]})
    problems += need_problems
    broken |= {str(problem.path[1]) for problem in need_problems}
    settings, wrong = read_providers(merged)
    pipeline = Pipeline(
        file=file,
        name=data.get("name") or posixpath.basename(file).rpartition(".")[0] or posixpath.basename(file),
        vars={key: merged.leaf(("vars", key), value, Layer.DEFAULTS) for key, value in data.get("vars", {}).items()},
        env=tuple(data.get("env", ())),
        providers=settings,
        prices=read_prices(merged),
        budget_usd=read_budget(merged),
        jobs=_sound(jobs, broken),
        profile=profile,
        marks=key_marks(merged),
    )
    return pipeline, problems + wrong


def _sound(jobs: list[Job], broken: set[str]) -> tuple[Job, ...]:
    """Leave out broken jobs and, again and again, those that need one."""
    wrong = set(broken)
    while True:
        more = {
            job.name for job in jobs if job.name not in wrong and any(n.partition("@")[0] in wrong for n in job.needs)
        }
        if not more:
            return tuple(job for job in jobs if job.name not in wrong)
        wrong |= more


def _reserved_names(merged: Merged, path: DocPath) -> list[Problem]:
    return [
        Problem(
            code="SF214",
            message=f"{name} is a name that templates have a use for already",
            mark=merged.key_mark((*path, name)),
            path=(*path, name),
            help="choose another name",
        )
        for name in merged.data.get("vars", {})
        if name in RESERVED
    ]


def _override_problems(pipeline: Pipeline, overrides: Mapping[str, str]) -> list[Problem]:
    axes = {name for job in pipeline.jobs for name in _axis_names(job)}
    known = {*pipeline.vars, *(name for job in pipeline.jobs for name in job.vars)}
    problems = []
    for name, value in overrides.items():
        message = remedy = allowed = None
        if name in axes:
            message = f"--var {name}: {name} is a matrix axis"
            remedy = f"choose cells with --target, for example --target '*@*{value}*'"
        elif name not in known:
            message = f"--var {name}: no var is called {name}"
            allowed, remedy = listing(sorted(known)) or "this file has no vars", nearest(name, known)
        elif not _is_scalar(value):
            message = f"--var {name}: {value} is a number that readers understand differently"
            remedy = "write a plain decimal, or quote it if it is text"
        if message is not None:
            problems.append(Problem(code="SF213", message=message, allowed=allowed, help=remedy))
    return problems


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
