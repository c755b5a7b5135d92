"""The jobs that a command line selects."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from runner.errors import UsageError
from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.records.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options that select jobs, as typed; a job is selected when it matches every option that was given."""

    names: tuple[str, ...] = ()
    """Jobs, matrix groups or cells."""
    globs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    among: frozenset[str] | None = None
    """Cell ids to select from, such as those that failed last time."""
    shard: tuple[int, int] | None = None
    """(I, N): the I-th of N parts, counted from 1. Jobs that need one another are in one part."""

    @property
    def is_all(self) -> bool:
        """Return whether every job is selected."""
        return not (self.names or self.globs or self.labels or self.shard) and self.among is None


def select(requests: tuple[Request, ...], wanted: Wanted) -> frozenset[str] | None:
    """Return the ids of the wanted cells and of all they need; None when all are wanted. Raises as `named` does."""
    return None if wanted.is_all else frozenset(_with_needs(requests, named(requests, wanted)))


def named(requests: tuple[Request, ...], wanted: Wanted) -> frozenset[str]:
    """Return the ids of the wanted cells alone. Raises UsageError for a name, glob or label that no job has."""
    chosen = {request.job for request in requests}
    if wanted.names:
        chosen &= {job for name in wanted.names for job in _named(requests, name)}
    if wanted.globs:
        chosen &= {job for glob in wanted.globs for job in _matching(requests, glob)}
    if wanted.labels:
        chosen &= {job for label in wanted.labels for job in _labelled(requests, label)}
    if wanted.among is not None:
        chosen &= wanted.among
    if wanted.shard is not None:
        part, parts = wanted.shard
        groups = _connected(requests, chosen)
        chosen = {job for group in groups[part - 1 :: parts] for job in group}
    return frozenset(chosen)


def _named(requests: tuple[Request, ...], name: str) -> Iterable[str]:
    found = [request.job for request in requests if name in (request.job, request.group)]
    if not found:
        raise UsageError(
            f"there is no job {name}",
            help=_suggest(name, "jobs", {r.job for r in requests} | {r.group for r in requests}),
        )
    return found


def _matching(requests: tuple[Request, ...], glob: str) -> Iterable[str]:
    found = [request.job for request in requests if fnmatchcase(request.job, glob) or fnmatchcase(request.group, glob)]
    if not found:
        raise UsageError(f"no job matches {glob}", help=_suggest(glob, "jobs", {request.group for request in requests}))
    return found


def _labelled(requests: tuple[Request, ...], label: str) -> Iterable[str]:
    found = [request.job for request in requests if label in request.labels]
    if not found:
        raise UsageError(
            f"no job has the label {label}", help=_suggest(label, "labels", {x for r in requests for x in r.labels})
        )
    return found


def _with_needs(requests: tuple[Request, ...], chosen: Iterable[str]) -> set[str]:
    return _reached({request.job: request.needs for request in requests}, chosen)


def _connected(requests: tuple[Request, ...], chosen: set[str]) -> list[set[str]]:
    """Cut jobs into groups that share no need, in the order of their first names: no two shards pay for one job."""
    wanted = _with_needs(requests, chosen)
    links: dict[str, set[str]] = {job: set() for job in wanted}
    for request in requests:
        for need in request.needs if request.job in wanted else ():
            links[request.job].add(need)
            links[need].add(request.job)
    groups, seen = [], set[str]()
    for job in sorted(chosen):
        if job not in seen:
            group = _reached(links, (job,))
            groups.append(group & chosen)
            seen |= group
    return groups


def _reached(links: Mapping[str, Iterable[str]], start: Iterable[str]) -> set[str]:
    """Return the names that links lead to, the first ones among them."""
    reached = set(start)
    waiting = list(reached)
    while waiting:
        for name in links.get(waiting.pop(), ()):
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    return reached


def _suggest(word: str, what: Literal["jobs", "labels"], known: set[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    names = sorted(known)
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"{what} in this file: {shown}" if names else f"no job in this file has {what}"
