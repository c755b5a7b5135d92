"""In which order jobs begin: each after those that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.records.request import Request


class Ordered(Protocol):
    """What is known of a job before it begins."""

    request: Request


T = TypeVar("T", bound=Ordered)


class Order(Generic[T]):
    """The jobs that wait for others. A need that is not among `jobs` is waited for by nobody; the rest is not kept."""

    def __init__(self, jobs: Iterable[T]) -> None:
        coming = {job.request.name: job for job in jobs}
        needs = {name: {need for need in job.request.needs if need in coming} for name, job in coming.items()}
        self._waits = {name: waits for name, waits in needs.items() if waits}
        self._needed_by: dict[str, list[T]] = {}
        for name, waits in self._waits.items():
            for need in waits:
                self._needed_by.setdefault(need, []).append(coming[name])

    def waits(self, job: T) -> bool:
        """Return whether a job waits for another."""
        return job.request.name in self._waits

    def after(self, ended: str) -> Iterator[T]:
        """Yield the jobs that waited for nothing but this one."""
        for job in self._needed_by.pop(ended, ()):
            waits = self._waits[job.request.name]
            waits.discard(ended)
            if not waits:
                del self._waits[job.request.name]
                yield job
