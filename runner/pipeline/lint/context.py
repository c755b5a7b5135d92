"""What a lint rule gets, and how it builds warnings."""

from __future__ import annotations

from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from runner.diagnostics.collector import Collector
from runner.frozen import dataclass, replace
from runner.records.source import Mark, Problem, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.pipeline.yaml.document import Document
    from runner.records.pipeline import Job, Pipeline
    from runner.records.provider import Provider
    from runner.records.request import LeftOut, Request
    from runner.records.source import DocPath


@dataclass(frozen=True, slots=True, kw_only=True)
class LintContext:
    """A pipeline, what it was read from, and what it resolves to.

    Where something is wrong, `requests` are only those of the jobs that are right (`is_whole` is false).
    """

    document: Document
    pipeline: Pipeline
    requests: tuple[Request, ...]
    providers: Mapping[str, Provider] = field(default_factory=lambda: MappingProxyType({}))
    is_whole: bool

    def jobs(self) -> Iterator[tuple[Request, Job]]:
        """Yield each request with its job."""
        jobs = {job.name: job for job in self.pipeline.jobs}
        return ((request, jobs[request.group]) for request in self.requests)


class Rule(Protocol):
    """A module of `rules/`: the codes it raises, and the one function that raises them."""

    CODES: tuple[str, ...]

    def check(self, context: LintContext, /) -> Iterator[Problem]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning about one request; warnings with the same code, place and subject are merged, with the first message."""

    request: Request
    problem: Problem
    subject: str


def once_a_place(found: Iterable[Warned]) -> Iterator[Problem]:
    """Yield each warning once, with its jobs when there are several."""
    collector = Collector()
    for one in found:
        collector.add(one.problem, one.request.job, subject=one.subject)
    for problem in collector.result():
        yield problem if len(problem.cells) > 1 else replace(problem, cells=())


def is_surely_without(text: str, *words: str) -> bool:
    """Say at once that a text has none of these words, in any case; of a text with accents it is not known."""
    if not text.isascii():
        return False
    lower = text.lower()
    return all(word not in lower for word in words)


def warn(request: Request, code: str, message: str, remedy: str, *, mark: Mark | None, path: DocPath) -> Warned:
    """Build a warning about the model of a request, at `mark`, else at its job."""
    problem = Problem(code=code, message=message, mark=mark or request.mark, path=path, help=remedy, severity="warning")
    return Warned(request=request, problem=problem, subject=request.model.id)


def warn_left_out(request: Request, code: str, message: str, remedy: str, *, item: LeftOut) -> Warned:
    """Build a warning about a default that the model of `request` does not take: one for all such models."""
    path = ("defaults", "params", item.param)
    return replace(warn(request, code, message, remedy, mark=item.mark, path=path), subject=item.param)


def warn_in_text(
    request: Request, param: str, code: str, message: str, remedy: str, *, span: tuple[int, int | None] = (0, None)
) -> Warned:
    """Build a warning about some characters of a text parameter: in the line of the text file, else at the value."""
    start, end = span
    origin = request.origins.get(param)
    steps = origin.steps if origin else ()
    mark = (origin.mark if origin else None) or request.mark
    value = request.params.get(param)
    if origin is not None and origin.file is not None and isinstance(value, str):
        steps = (*steps, Step(text=origin.source or "", mark=origin.mark))
        line = value.rfind("\n", 0, start) + 1
        is_one_line = end is not None and "\n" not in value[start:end]
        mark = Mark(
            file=origin.file,
            line=value.count("\n", 0, start) + 1,
            column=start - line + 1,
            end_column=end - line + 1 if end is not None and is_one_line else None,
        )
    path = ("jobs", request.group, param)
    problem = Problem(code=code, message=message, mark=mark, path=path, help=remedy, severity="warning", origin=steps)
    return Warned(request=request, problem=problem, subject=param)
