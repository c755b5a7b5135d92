"""Check the `needs` of jobs, and sort jobs so that each comes after those it needs."""

from __future__ import annotations

from itertools import dropwhile, islice
from typing import TYPE_CHECKING

from runner.diagnostics.messages import MOST_COMPARED, SHOWN_NAMES, listing, nearest
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.records.pipeline import Job


def group_of(need: str) -> str:
    """Return the name of the job in a need, which may be a cell's id."""
    return need.partition("@")[0]


def check_needs(jobs: Iterable[Job], names: Mapping[str, str]) -> tuple[Problem, ...]:
    """Report needs that name no job, and every circle once.

    `names` maps how each job of the file, even a broken one, should be called to how it is called.
    """
    graph = {job.name: job for job in jobs}
    return (*_unknown(graph, names), *_circles(graph))


def _unknown(graph: Mapping[str, Job], names: Mapping[str, str]) -> list[Problem]:
    known = {*names, *names.values()}
    first = list(islice(names, SHOWN_NAMES + 1))
    problems: list[Problem] = []
    for job in graph.values():
        for index, need in enumerate(job.needs):
            if group_of(need) in known:
                continue
            others = [name for name in first if name != job.name]
            close = nearest(need, names) if len(problems) < MOST_COMPARED else None
            problems.append(
                Problem(
                    code="SF207",
                    message=f"{job.name} needs {need}, and there is no job of that name",
                    mark=job.marks.get(f"needs.{index}", job.marks.get("needs", job.mark)),
                    path=("jobs", job.name, "needs"),
                    allowed=listing(others, len(names) - (job.name in names)) or None,
                    help=close or "write that job, or remove the need",
                )
            )
    return problems


def _circles(graph: Mapping[str, Job]) -> list[Problem]:
    """Walk depth first without recursion; a need that is on the current path closes a circle."""
    done: set[str] = set()
    problems: list[Problem] = []
    for start in graph:
        way: dict[str, None] = {}
        stack = [(start, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                way.popitem()
                done.add(name)
            elif name in way:
                problems.append(_circle(graph, [*dropwhile(name.__ne__, way), name]))
            elif name not in done and name in graph:
                way[name] = None
                stack.append((name, True))
                stack.extend((group_of(need), False) for need in reversed(graph[name].needs))
    return problems


def _circle(graph: Mapping[str, Job], names: list[str]) -> Problem:
    job = graph[names[0]]
    message = (
        f"{job.name} needs itself" if len(set(names)) == 1 else f"jobs need each other in a circle: {' → '.join(names)}"
    )
    return Problem(
        code="SF208",
        message=message,
        mark=job.marks.get("needs", job.mark),
        path=("jobs", job.name, "needs"),
        help="remove one of these needs",
    )


def in_order(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Sort jobs so that each comes after those it needs, else in the order given; there are no circles."""
    graph = {job.name: job for job in jobs}
    ordered: dict[str, Job] = {}
    for start in graph:
        stack = [(start, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                ordered.setdefault(name, graph[name])
            elif name not in ordered and name in graph:
                stack.append((name, True))
                stack.extend((group_of(need), False) for need in reversed(graph[name].needs))
    return tuple(ordered.values())
