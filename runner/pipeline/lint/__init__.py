"""What is legal and will disappoint: warnings, each of which a comment `# scorefile: ignore[SF…]` can silence.

A warning stands once at each written place, with the jobs it reaches, however many cells a matrix has.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.pipeline.lint.ignores import read_ignores
from runner.pipeline.lint.model import of_models
from runner.pipeline.lint.music import of_music
from runner.pipeline.lint.text import of_source, of_texts
from runner.pipeline.lint.unused import of_unused
from runner.pipeline.lint.webhooks import of_webhooks
from runner.pipeline.order import by_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.pipeline.lint.ignores import Ignores
    from runner.pipeline.yaml.document import Document
    from runner.records.pipeline import Pipeline
    from runner.records.provider import Provider
    from runner.records.request import Request
    from runner.records.source import Mark, Problem


NO_PROVIDERS: Mapping[str, Provider] = MappingProxyType({})


def lint(
    document: Document,
    pipeline: Pipeline,
    requests: tuple[Request, ...],
    providers: Mapping[str, Provider] = NO_PROVIDERS,
    *,
    is_whole: bool,
) -> tuple[Problem, ...]:
    """Return the warnings of a pipeline, in the order of their places.

    Where something is wrong, `requests` are those of the jobs that are right, and are not the whole (`is_whole`): what
    nothing uses is not looked for, because what is wrong may be its use.
    """
    ignores = read_ignores(document)
    jobs = {job.name: job for job in pipeline.jobs}
    per_request = chain.from_iterable(
        chain(of_music(request), of_texts(request, document), of_models(request, jobs[request.group], pipeline))
        for request in requests
    )
    told = chain(per_request, of_webhooks(requests, jobs, providers))
    unused = of_unused(document, pipeline, requests) if is_whole else ()
    found = chain(_once_a_place(told), unused, of_source(document))
    kept = (problem for problem in found if not _is_ignored(problem, document, ignores))
    return by_place((*kept, *ignores.problems))


def _once_a_place(found: Iterable[tuple[str, str, Problem]]) -> tuple[Problem, ...]:
    """Gather (job, subject, problem); the same code, place and subject is the same problem, its first words kept."""
    problems: dict[tuple[str, Mark | None, str], Problem] = {}
    jobs: dict[tuple[str, Mark | None, str], list[str]] = {}
    for job, subject, problem in found:
        key = (problem.code, problem.mark, subject)
        problems.setdefault(key, problem)
        jobs.setdefault(key, []).append(job)
    return tuple(
        replace(problem, cells=tuple(jobs[key]) if len(jobs[key]) > 1 else ()) for key, problem in problems.items()
    )


def _is_ignored(problem: Problem, document: Document, ignores: Ignores) -> bool:
    """Look at the line of the value and at the line of its key: a block of text has no room for comments inside.

    For a place in a text file it is the line that names the file.
    """
    mark = problem.mark
    if mark is not None and mark.file != document.file:
        mark = problem.origin[-1].mark if problem.origin else None
    if mark is None or mark.file != document.file:
        return False
    key = document.key_marks.get(problem.path)
    lines = {mark.line, key.line if key else mark.line}
    return any(problem.code in ignores.lines.get(line, ()) for line in lines)


__all__ = ["lint"]
