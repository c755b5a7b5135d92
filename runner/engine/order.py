"""In which order jobs begin: each after those that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.records.request import Request


class Ordered(Protocol):
    """What is known of a job before it begins."""

    job: str
    request: Request


T = TypeVar("T", bound=Ordered)


class Order(Generic[T]):
    """The jobs that wait for others. A job that is not among `jobs` is waited for by nobody."""

    def __init__(self, jobs: Iterable[T]) -> None:
        self._jobs = {job.job: job for job in jobs}
        self._waits = {
            name: {need for need in job.request.needs if need in self._jobs} for name, job in self._jobs.items()
        }
        self._needed_by: dict[str, list[T]] = {}
        for name, needs in self._waits.items():
            for need in needs:
                self._needed_by.setdefault(need, []).append(self._jobs[name])

    def first(self) -> Iterator[T]:
        """Yield the jobs that wait for no other."""
        return (self._jobs[name] for name, needs in self._waits.items() if not needs)

    def after(self, ended: str) -> Iterator[T]:
        """Yield the jobs that waited for nothing but this one."""
        for job in self._needed_by.pop(ended, ()):
            self._waits[job.job].discard(ended)
            if not self._waits[job.job]:
                yield job
