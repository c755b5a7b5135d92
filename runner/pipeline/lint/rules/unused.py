"""What is written and never used: vars, environment variables, matrix axes, defaults.

A name counts as used when any template of the file mentions it, those of every profile among them, or when a text
file that a request reads does. So nothing is called unused that another profile needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.rules.lengths import LENGTHS
from runner.pipeline.lint.rules.seeds import SEED
from runner.pipeline.templates.template_errors import DELIMITED
from runner.records.pipeline import Layer
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.pipeline.lint.context import LintContext
    from runner.pipeline.yaml.document import Document
    from runner.records.pipeline import Job, Leaf
    from runner.records.request import Request
    from runner.records.source import DocPath, Mark, Step

CODES: Final = ("SF608", "SF609", "SF610")
WORD: Final = re.compile(r"[A-Za-z_]\w*")
WHOLE: Final = {
    "vars": re.compile(r"\bvars\b(?!\s*(?:\.|\[\s*['\"]))"),
    "env": re.compile(r"\benv\b(?!\s*(?:\.|\[\s*['\"]))"),
    "cell": re.compile(r"\b(?:cell|label)\b(?!\s*(?:\.|\[\s*['\"]))"),
}
"""A view that is used as a whole: by a loop, or by a key that is computed."""
COMMENT: Final = re.compile(r"\{#.*?#\}", re.DOTALL)
QUOTED: Final = re.compile(r"(\[[^\]]*\])|\"[^\"]*\"|'[^']*'")
"""A quoted text; what is in brackets may be a key."""
ALL: Final = "*"
SHARED: Final = ("vars", "defaults", "profiles")


class Used:
    """The names that are used: by the templates of the file, and by what requests read beside them, such as text files.

    The latter takes as long as all the rest, so it is looked at when a name would be unused without it.
    """

    def __init__(self, document: Document, requests: Iterable[Request]) -> None:
        self._requests = requests
        self._read: Names | None = None
        self._written = Names()
        words: dict[str, frozenset[str]] = {}
        for path, text in document.texts.items():
            owner = str(path[1]) if path[0] == "jobs" else "" if path[0] in SHARED else None
            for region in _regions(text.raw):
                if region not in words:
                    words[region] = frozenset(_names(region))
                self._written.add(owner, words[region])

    def is_used(self, name: str, view: str) -> bool:
        """Tell whether any template mentions `name`, or uses all of `view`."""
        return any(found.has(name, view) for found in self._found())

    def is_used_by(self, job: str, name: str, view: str) -> bool:
        """Tell whether the job, or what all jobs share, mentions `name`."""
        return any(found.has_of(owner, name, view) for found in self._found() for owner in (job, ""))

    def _found(self) -> Iterator[Names]:
        yield self._written
        if self._read is None:
            self._read = _read_by(self._requests)
        yield self._read


class Names:
    """Names that are used anywhere, and by the job that uses them."""

    def __init__(self) -> None:
        self._anywhere: set[str] = set()
        self._by_job: dict[str, set[str]] = {}

    def add(self, job: str | None, names: Iterable[str]) -> None:
        """Note names that a job uses, "" for what all jobs share, None for what is no job's."""
        self._anywhere.update(names)
        if job is not None:
            self._by_job.setdefault(job, set()).update(names)

    def has(self, name: str, view: str) -> bool:
        """Tell whether a name is used anywhere, or all of `view` is."""
        return name in self._anywhere or f"{view}{ALL}" in self._anywhere

    def has_of(self, job: str, name: str, view: str) -> bool:
        """Tell whether a job uses a name, or all of `view`."""
        names = self._by_job.get(job, ())
        return name in names or f"{view}{ALL}" in names


def _read_by(requests: Iterable[Request]) -> Names:
    """Return the names in the origins of all values."""
    names = Names()
    seen: dict[int, tuple[Step, ...]] = {}
    for request in requests:
        for origin in request.origins.values():
            if origin.steps and id(origin.steps) not in seen:
                seen[id(origin.steps)] = origin.steps
                names.add(request.group, {_name_of(step.text) for step in origin.steps})
    return names


def _regions(raw: str) -> list[str]:
    """Return what is between the braces of a text's templates, without comments."""
    return DELIMITED.findall(COMMENT.sub("", raw) if "{#" in raw else raw)


def _names(region: str) -> Iterator[str]:
    """Yield the words of a template, without those of quoted texts that are no keys."""
    region = QUOTED.sub(lambda found: found[1] or "", region)
    yield from WORD.findall(region)
    for view, pattern in WHOLE.items():
        if pattern.search(region):
            yield f"{view}{ALL}"


def _name_of(step: str) -> str:
    """Return the name in a step of an origin chain: `--var mood=calm`, `env.TAG = …`, `mood = …`."""
    if step.startswith("--var "):
        return step.removeprefix("--var ").partition("=")[0]
    return step.partition(" = ")[0].rpartition(".")[2]


def check(context: LintContext) -> Iterator[Problem]:
    """Yield each var, declared environment variable, axis and default that has no effect.

    Nothing is looked for where something is wrong: what is wrong may be its use. What an included file defines may be for
    others that include it.
    """
    included = {file.file for file in context.document.included}
    for problem in _unused_names(context) if context.is_whole else ():
        if problem.mark is None or problem.mark.file not in included:
            yield problem


def _unused_names(context: LintContext) -> Iterator[Problem]:
    document, pipeline, requests = context.document, context.pipeline, context.requests
    used = Used(document, requests)
    for name, leaf in pipeline.vars.items():
        if not used.is_used(name, "vars"):
            message = f"nothing uses the var {name}"
            yield _unused_var(message, name, leaf)
    for index, name in enumerate(pipeline.env):
        if not used.is_used(name, "env"):
            message = f"nothing uses the environment variable {name}"
            mark = document.marks.get(("env", index))
            yield _unused("SF609", message, mark, ("env", index), f"write {{{{ env.{name} }}}}, or remove it")
    for job in pipeline.jobs:
        yield from _of_job(job, used)
    yield from _defaults(context)


def _of_job(job: Job, used: Used) -> Iterator[Problem]:
    for name, leaf in job.vars.items():
        if not used.is_used_by(job.name, name, "vars"):
            message = f"nothing uses the var {name} of {job.name}"
            yield _unused_var(message, name, leaf)
    for axis in job.axes:
        if len(axis.points) > 1 and not used.is_used_by(job.name, axis.name, "cell"):
            message = f"nothing uses the axis {axis.name}: its cells differ by name and seed alone"
            remedy = f"write {{{{ {axis.name} }}}} where it is meant; for several takes of one thing, ask for a batch"
            mark = job.marks.get(f"matrix.{axis.name}")
            yield _unused("SF610", message, mark, ("jobs", job.name, "matrix", axis.name), remedy)


def _defaults(context: LintContext) -> Iterator[Problem]:
    """Yield defaults that every job overrides or leaves out, except seeds and lengths, which have rules of their own."""
    document, requests, jobs = context.document, context.requests, context.pipeline.jobs
    written = document.data.get("defaults", {}) if isinstance(document.data, dict) else {}
    if not isinstance(written, dict) or not requests:
        return
    kept: dict[str, bool] = {
        "model": any(job.model is not None and _is_default(job.model.layer, job.model.path) for job in jobs),
        "output": any(job.output is not None and _is_default(job.output.layer, job.output.path) for job in jobs),
    }
    for name, is_kept in kept.items():
        if name in written and not is_kept:
            message = (
                f"every job has {'an output' if name == 'output' else 'a model'} of its own: no job uses this default"
            )
            path = ("defaults", name)
            yield _unused("SF608", message, document.key_marks.get(path), path, "remove it")
    sent = _sent_defaults(jobs, requests)
    params = written.get("params", {})
    for name in params if isinstance(params, dict) else ():
        left_out = {request.model.id for request in requests for item in request.left_out if item.param == name}
        if name not in sent and not (left_out and name in (SEED, *LENGTHS)):
            why = f"{', '.join(sorted(left_out)[:3])} takes no {name}" if left_out else "every job gives its own"
            here = ("defaults", "params", name)
            yield _unused("SF608", f"no job uses this default: {why}", document.key_marks.get(here), here, "remove it")


def _sent_defaults(jobs: Iterable[Job], requests: Iterable[Request]) -> set[str]:
    """Return the parameters that some request takes from the defaults."""
    own: Mapping[str, set[str]] = {
        job.name: {name for name, leaf in job.params.items() if leaf.path[0] == "defaults"} for job in jobs
    }
    return {name for request in requests for name in own[request.group] & request.params.keys()}


def _is_default(layer: Layer, path: DocPath) -> bool:
    return path[0] == "defaults" and layer in (Layer.DEFAULTS, Layer.PROFILE)


def _unused_var(message: str, name: str, leaf: Leaf) -> Problem:
    remedy = f"write {{{{ {name} }}}} where it is meant, or remove it"
    return _unused("SF609", message, leaf.key_mark or leaf.mark, leaf.path, remedy)


def _unused(code: str, message: str, mark: Mark | None, path: DocPath, remedy: str) -> Problem:
    return Problem(code=code, message=message, mark=mark, path=path, help=remedy, severity="warning")
