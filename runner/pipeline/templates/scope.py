"""What a template sees in one cell: vars, axes, job, env, jobs. Each name is evaluated on first use."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from runner.diagnostics.messages import listing, nearest, show
from runner.pipeline.shape.needs import group_of
from runner.pipeline.templates.bound import Bound, steps_of
from runner.pipeline.templates.template_errors import AlreadyReportedError, TemplateProblem, View
from runner.records.pipeline import Layer
from runner.records.source import Problem, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runner.pipeline.templates.bound import Trace
    from runner.pipeline.templates.group import Group
    from runner.pipeline.templates.render import Renderer
    from runner.records.pipeline import Cell, Leaf
    from runner.records.request import Request
    from runner.records.source import Json

SPECIAL = ("env", "job", "jobs", "label", "vars")


class Scope:
    """The names of one cell. Order: --var, --var-file, axes, the job's vars, the pipeline's vars.

    `shared` are the names that mean the same in other cells: those that depend on nothing of a cell's own.
    """

    def __init__(self, renderer: Renderer, cell: Cell, finished: Mapping[str, Group], shared: dict[str, Bound]) -> None:
        self.renderer = renderer
        self.cell = cell
        self.finished = finished
        self.shared = shared
        self.bounds: dict[str, Bound | None] = {}
        self.own = 0
        self.open: list[str] = []
        self.seen: list[Callable[[], tuple[Step, ...]]] = []

    def names(self) -> dict[str, None]:
        """List every name that a template could use here."""
        job = self.cell.job
        return dict.fromkeys([*self.cell.values, *job.vars, *self.renderer.pipeline.vars, *SPECIAL])

    def bind(self, name: str) -> Bound | None:
        """Return what `name` means, or None when there is no such name."""
        known = self.shared.get(name)
        if known is not None:
            return known
        if name in self.bounds:
            self.own += 1
            return self.bounds[name]
        before = self.own
        bound = self._bind(name)
        if bound is None or bound.broken or bound.is_provided or name in self.cell.values:
            self.own += 1
        if self.own == before and bound is not None:
            self.shared[name] = bound
        else:
            self.bounds[name] = bound
        return bound

    def _bind(self, name: str) -> Bound | None:
        leaf = self.leaf(name)
        if leaf is None and f"vars.{name}" in self.cell.job.unusable:
            return Bound(value=None, key=("unusable", name), layer=Layer.MODEL, broken=True)
        if name in self.renderer.overrides and leaf is not None:
            return self.renderer.overrides[name]
        if leaf is None:
            return self._special(name)
        if name in self.open:
            return self._circle(name, leaf)
        self.open.append(name)
        bound = self.renderer.evaluate(leaf, self)
        self.open.pop()
        return bound

    def leaf(self, name: str) -> Leaf | None:
        """Return the leaf that defines `name` here; a var file replaces what the pipeline says."""
        for names in (self.cell.values, self.cell.job.vars, self.renderer.pipeline.vars):
            if name in names:
                return self.renderer.var_files.get(name, names[name])
        return None

    def _circle(self, name: str, leaf: Leaf) -> Bound:
        way = [*self.open[self.open.index(name) :], name]
        message = (
            f"vars refer to each other in a circle: {' → '.join(way)}"
            if len(set(way)) > 1
            else f"{name} refers to itself"
        )
        problem = Problem(
            code="SF220", message=message, mark=leaf.mark, path=leaf.path, help="give one of them a plain value"
        )
        return Bound(value=None, key=id(leaf), layer=leaf.layer, leaf=leaf, problems=(problem,), broken=True)

    def _special(self, name: str) -> Bound | None:
        value: View
        key: object
        match name:
            case "env":
                value, key = EnvView(self), "env"
            case "job":
                value, key = JobView(self), ("job", self.cell.id)
            case "jobs":
                value, key = JobsView(self), ("jobs", self.cell.job.name)
            case "label":
                value, key = LabelView(self), ("label", self.cell.id)
            case "vars":
                value, key = VarsView(self), ("vars", self.cell.id)
            case _:
                return None
        return Bound(value=value, key=key, layer=Layer.MODEL)

    def watch(self) -> list[Callable[[], tuple[Step, ...]]]:
        """Start recording what is read from views; return the record of the enclosing template."""
        around, self.seen = self.seen, []
        return around

    def watched(self, around: list[Callable[[], tuple[Step, ...]]]) -> Trace:
        """Return what was read from views since `watch`."""
        trace, self.seen = tuple(self.seen), around
        return trace

    def read(self, name: str, bound: Bound) -> Json:
        """Return the value and record that it was read as `name`; raise AlreadyReportedError when it is broken."""
        if bound.broken:
            raise AlreadyReportedError
        self.seen.append(partial(steps_of, name, bound))
        return bound.value


class ScopeView(View):
    """A view over one cell's scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def absent(self, key: str, name: str) -> Exception:
        """Return what to raise for the missing `name`; its absence is already reported when `key` was taken out of the file."""
        return AlreadyReportedError() if key in self.scope.cell.job.unusable else KeyError(name)


class VarsView(ScopeView):
    title = "vars"
    remedy = "give it a value under vars"

    def __getitem__(self, name: str) -> Json:
        if name not in list(self):
            raise self.absent(f"vars.{name}", name)
        bound = self.scope.bind(name)
        if bound is None:
            raise KeyError(name)
        return self.scope.read(f"vars.{name}", bound)

    def __iter__(self) -> Iterator[str]:
        return iter({**self.scope.renderer.pipeline.vars, **self.scope.cell.job.vars})


class JobView(ScopeView):
    title = "job"

    def __getitem__(self, name: str) -> Json:
        cell = self.scope.cell
        match name:
            case "id":
                return cell.id
            case "name":
                return cell.job.name
            case "labels":
                return list(cell.job.labels)
            case "cell":
                return CellView(self.scope)
            case _:
                raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(("id", "name", "labels", "cell"))


class CellView(ScopeView):
    """The axes of this cell: job.cell.heat."""

    title = "job.cell"
    remedy = "add it to the job's matrix as an axis"

    def __getitem__(self, name: str) -> Json:
        bound = self.scope.bind(name) if name in self.scope.cell.values else None
        if bound is None:
            raise KeyError(name)
        return self.scope.read(f"job.cell.{name}", bound)

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope.cell.values)


class LabelView(ScopeView):
    """The labels of this cell's axes: label.heat is `calm` where heat is 100."""

    title = "label"
    remedy = CellView.remedy

    def __getitem__(self, name: str) -> Json:
        cell = self.scope.cell
        text = cell.labels[name]
        self.scope.seen.append(partial(_step_of_label, name, text, cell.values[name]))
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope.cell.labels)


def _step_of_label(name: str, text: str, leaf: Leaf) -> tuple[Step, ...]:
    return (Step(text=f"label.{name} = {show(text)}", mark=leaf.key_mark or leaf.mark),)


class EnvView(ScopeView):
    title = "env"

    def __getitem__(self, name: str) -> Json:
        renderer = self.scope.renderer
        value = renderer.env[name]
        step = Step(text=f"env.{name} = {show(value)}", mark=renderer.pipeline.marks.get(("env", name)))
        self.scope.seen.append(lambda: (step,))
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope.renderer.env)

    def problem_of(self, name: str) -> TemplateProblem:
        declared = self.scope.renderer.pipeline.env
        if name in declared:
            message = f"the environment variable {name} is not set"
            return TemplateProblem(
                code="SF221", message=message, help=f"set it, or write {{{{ env.{name} | default('…') }}}}"
            )
        return TemplateProblem(
            code="SF221",
            message=f"the environment variable {name} is not declared",
            allowed=listing(declared) or None,
            help=nearest(name, declared) or f"declare it at the top: env: [{name}]",
        )


class JobsView(ScopeView):
    """The jobs in `needs`, by name; a group maps the part of a cell's id after the @ to that cell."""

    title = "jobs"

    def __getitem__(self, name: str) -> Json:
        needs = {group_of(need): need for need in self.scope.cell.job.needs}
        if name not in needs:
            raise self.absent("needs", name)
        group = self.scope.finished.get(name)
        if group is None or group.broken:
            raise AlreadyReportedError
        single = group.single
        if single is not None:
            return ResolvedView(self.scope, f"jobs.{name}", single)
        return GroupView(self.scope, f"jobs.{name}", group)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(group_of(need) for need in self.scope.cell.job.needs))

    def problem_of(self, name: str) -> TemplateProblem:
        remedy = (
            f"add it to this job's needs: needs: [{name}]"
            if name in self.scope.renderer.jobs
            else nearest(name, list(self)) or "name a job of this file"
        )
        return TemplateProblem(
            code="SF216",
            message=f"{name} is not in this job's needs",
            allowed=listing(self) or None,
            help=remedy,
        )


class GroupView(ScopeView):
    """The cells of one group: jobs.battle["forest-hot"]."""

    def __init__(self, scope: Scope, title: str, group: Group) -> None:
        super().__init__(scope)
        self.title = title
        self.group = group

    def __getitem__(self, name: str) -> Json:
        return ResolvedView(self.scope, f'{self.title}["{name}"]', self.group.requests[f"{self.group.job}@{name}"])

    def __iter__(self) -> Iterator[str]:
        return (cell.partition("@")[2] for cell in self.group.requests)


class ResolvedView(ScopeView):
    """One finished request, as far as a later job may read it."""

    def __init__(self, scope: Scope, title: str, request: Request) -> None:
        super().__init__(scope)
        self.title = title
        self.request = request

    def __getitem__(self, name: str) -> Json:
        match name:
            case "id":
                return self.request.job
            case "model":
                return self.request.model.id
            case "output":
                text = f"{self.title}.output = {show(self.request.output)}"
                step = Step(text=text, mark=self.request.mark)
                self.scope.seen.append(lambda: (step,))
                return self.request.output
            case "params":
                return ParamsView(self.scope, f"{self.title}.params", self.request)
            case _:
                raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(("params", "model", "output", "id"))


class ParamsView(ScopeView):
    """The parameters of one finished request."""

    def __init__(self, scope: Scope, title: str, request: Request) -> None:
        super().__init__(scope)
        self.title = title
        self.request = request

    def __getitem__(self, name: str) -> Json:
        value = self.request.params[name]
        self.scope.seen.append(partial(_steps_of_param, self.title, self.request, name))
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.request.params)


def _steps_of_param(title: str, request: Request, name: str) -> tuple[Step, ...]:
    origin = request.origins.get(name)
    step = Step(text=f"{title}.{name} = {show(request.params[name])}", mark=origin.mark if origin else None)
    return (step, *(origin.steps if origin else ()))
