"""The parameters of one cell: the defaults that its model takes, its own, its seed; all checked against the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from runner.diagnostics.messages import listing, nearest, show
from runner.diagnostics.violation import Sort, Violation
from runner.pipeline.resolution.param_schema import ParamSchema
from runner.pipeline.templates.bound import Bound
from runner.records.catalog import SEED_WORDS
from runner.records.pipeline import Layer
from runner.records.request import LeftOut
from runner.records.seeds import derive
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.pipeline.templates.render import Renderer
    from runner.pipeline.templates.scope import Scope
    from runner.records.catalog import Model, Seed
    from runner.records.pipeline import Job, Leaf, Pipeline
    from runner.records.request import SeedMode
    from runner.records.source import Json

CODES: Final[Mapping[Sort, str]] = {
    "unknown": "SF402",
    "missing": "SF403",
    "type": "SF404",
    "range": "SF401",
    "choice": "SF405",
    "form": "SF406",
    "rule": "SF407",
}


class Chosen(Struct, kw_only=True):
    """The parameters of one cell while they are gathered; `broken` when one has no value."""

    params: dict[str, Json] = field(default_factory=dict)
    origins: dict[str, Bound] = field(default_factory=dict)
    bounds: dict[str, Bound] = field(default_factory=dict)
    seed_mode: SeedMode = "none"
    takes: int = 1
    left_out: tuple[LeftOut, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False


class Split(Struct, frozen=True, kw_only=True):
    """The parameters of a job that its model takes, in the model's order, and those it does not."""

    accepted: tuple[tuple[str, Leaf], ...]
    left_out: tuple[LeftOut, ...]
    unknown: tuple[Problem, ...]
    is_seed_written: bool


class Parameters:
    """Choose and check parameters; what cells share is computed once."""

    def __init__(self, pipeline: Pipeline, renderer: Renderer) -> None:
        self.pipeline = pipeline
        self.renderer = renderer
        self.rules: dict[str, ParamSchema] = {}
        self.splits: dict[tuple[str, str], Split] = {}

    def choose(self, model: Model, scope: Scope) -> Chosen:
        """Return the parameters that `scope`'s cell sends to `model`, with every problem they have."""
        split = self._split(scope.cell.job, model)
        chosen = Chosen(left_out=split.left_out, problems=list(split.unknown))
        for name, leaf in split.accepted:
            if leaf.value is None:
                continue
            bound = self.renderer.evaluate(leaf, scope)
            if bound.broken:
                chosen.problems += bound.problems
                chosen.broken = True
            elif bound.value is not None:
                chosen.bounds[name] = bound
        if model.seed is not None:
            self._seed(chosen, model.seed, scope, split)
        for name, bound in chosen.bounds.items():
            chosen.params[name] = bound.value
            chosen.origins[name] = bound
        self._check(chosen, model, scope.cell.job)
        for fixed in model.body:  # it is sent with every request: writing it makes no other one
            chosen.params.pop(fixed, None)
            chosen.origins.pop(fixed, None)
        chosen.takes = model.asked_takes(chosen.params)
        return chosen

    def problems(self, scope: Scope) -> list[Problem]:
        """Return what is wrong with the parameters when the model is unknown: only their templates are checked."""
        leaves = scope.cell.job.params.values()
        return [problem for leaf in leaves for problem in self.renderer.evaluate(leaf, scope).problems]

    def _split(self, job: Job, model: Model) -> Split:
        key = (job.name, model.id)
        if key not in self.splits:
            self.splits[key] = _split(job, model, self._rules(model).order)
        return self.splits[key]

    def _rules(self, model: Model) -> ParamSchema:
        rules = self.rules.get(model.id)
        if rules is None:
            rules = self.rules[model.id] = ParamSchema(model)
        return rules

    def _seed(self, chosen: Chosen, seed: Seed, scope: Scope, split: Split) -> None:
        """Choose the seed: none when null was written, `auto` when nothing was."""
        if split.is_seed_written and seed.param not in chosen.bounds:
            return
        bound = chosen.bounds.pop(seed.param, None)
        value = "auto" if bound is None else bound.value
        match value:
            case "auto":
                cell = scope.cell.id
                chosen.seed_mode = "auto"
                chosen.params[seed.param] = derive(self.pipeline.name, cell, seed.minimum, seed.maximum)
                layer, leaf = (bound.layer, bound.leaf) if bound else (Layer.MODEL, None)
                chosen.origins[seed.param] = Bound(value=None, key="auto", layer=layer, leaf=leaf, source="auto")
            case "random":
                chosen.seed_mode = "random"
            case _:
                chosen.seed_mode = "fixed"
                if bound is not None:
                    chosen.bounds[seed.param] = bound

    def _check(self, chosen: Chosen, model: Model, job: Job) -> None:
        rules = self._rules(model)
        wrong: list[Violation] = []
        for name, bound in chosen.bounds.items():
            found = rules.of_value(name, bound.value, bound.key)
            if name == "prompt" and isinstance(bound.value, str) and not bound.value.strip() and not found:
                found = [
                    Violation(
                        sort="form",
                        path=("prompt",),
                        message="prompt is blank",
                        allowed="some text",
                        help="write a text",
                    )
                ]
            wrong += found
        if not chosen.broken and (rules.spoken_of or wrong):
            wrong += self._between(chosen, rules, {str(one.path[0]) for one in wrong if one.path})
        chosen.problems += [_problem(finding, chosen, model, job) for finding in wrong]
        if chosen.broken or any(problem.code == "SF402" for problem in chosen.problems):
            return  # what is missing may be what is broken or misspelt
        random_seed = model.seed.param if model.seed and chosen.seed_mode == "random" else None
        for name in rules.required:
            if name not in chosen.params and name != random_seed:
                chosen.problems.append(_missing(name, model, job))

    def _between(self, chosen: Chosen, rules: ParamSchema, wrong: set[str]) -> list[Violation]:
        """Return the broken rules between parameters, except rules about a parameter that is wrong itself."""
        right = {name: value for name, value in chosen.params.items() if name not in wrong}
        keys = {name: bound.key for name, bound in chosen.bounds.items()}
        found = rules.of_set(right, keys)
        if not wrong:
            return found
        return [one for one in found if one.names and wrong.isdisjoint({*one.names, *map(str, one.path[:1])})]


def _split(job: Job, model: Model, order: Mapping[str, int]) -> Split:
    accepted = []
    left_out = []
    unknown = []
    for name, leaf in job.params.items():
        if name in model.params:
            accepted.append((name, leaf))
        elif leaf.path[0] == "jobs":
            unknown.append(_unknown(name, leaf, model, job))
        elif leaf.value is not None:
            left_out.append(LeftOut(param=name, mark=leaf.key_mark or leaf.mark, why=f"{model.id} has no {name}"))
    accepted.sort(key=lambda item: order[item[0]])
    seed = model.seed.param if model.seed is not None else None
    return Split(
        accepted=tuple(accepted),
        left_out=tuple(left_out),
        unknown=tuple(unknown),
        is_seed_written=any(name == seed for name, _ in accepted),
    )


def _unknown(name: str, leaf: Leaf, model: Model, job: Job) -> Problem:
    fixed = f"{name} is sent with every request already" if name in model.body else None
    return Problem(
        code="SF402",
        message=f"{model.id} has no parameter {name}",
        mark=leaf.key_mark or leaf.mark or job.mark,
        path=leaf.path,
        allowed=listing(model.params),
        help=fixed or nearest(name, model.params) or f"remove it; `scorefile models {model.id}` says what it takes",
    )


def _missing(name: str, model: Model, job: Job) -> Problem:
    """Report a required parameter that is nowhere, or point at the null that is written in its place."""
    leaf = job.params.get(name)
    if leaf is not None:
        return Problem(
            code="SF403",
            message=f"{name} is null, and {model.id} needs it",
            mark=leaf.mark or leaf.key_mark or job.mark,
            path=leaf.path,
            help="write a value in place of null",
        )
    return Problem(
        code="SF403",
        message=f"{job.name} has no {name}, and {model.id} needs it",
        mark=job.mark,
        path=("jobs", job.name),
        help=f"add `{name}:` to the job or to defaults.params",
    )


def _problem(finding: Violation, chosen: Chosen, model: Model, job: Job) -> Problem:
    """Place a finding at its value, or a rule's finding at the last written of its parameters."""
    named = [str(finding.path[0])] if finding.path else [name for name in finding.names if name in chosen.bounds]
    leaves = [(name, job.params[name]) for name in named if name in chosen.bounds]
    leaves.sort(key=lambda item: item[1].layer)
    if not leaves:
        path = ("jobs", job.name)
        return Problem(code=CODES[finding.sort], message=finding.message, mark=job.mark, path=path, help=finding.help)
    name, leaf = leaves[-1]
    bound = chosen.bounds[name]
    mark = leaf.inner_mark(finding.path[1:]) or bound.mark
    allowed, remedy = finding.allowed, finding.help
    if model.seed is not None and name == model.seed.param and finding.sort == "type":
        allowed = f"auto, random, null or {allowed}"
        remedy = nearest(show(bound.value).strip('"'), SEED_WORDS) or remedy
    if bound.source is not None and finding.sort == "type" and finding.path[1:] == ():
        remedy = _cast(finding)
    return Problem(
        code=CODES[finding.sort],
        message=finding.message,
        mark=mark or job.mark,
        path=leaf.path + finding.path[1:],
        allowed=allowed,
        help=remedy,
        origin=bound.chain(),
    )


def _cast(finding: Violation) -> str | None:
    """Return the remedy: the filter that gives a template's value the wanted type."""
    match finding.allowed:
        case "text":
            return "write {{ … | string }} to make it text"
        case "a whole number":
            return "write {{ … | int }}, or {{ … | round }}, to make it a whole number"
        case _:
            return None
