"""Which receipt belongs to which job: each job may claim one that was paid for, and each receipt is claimed once.

A receipt belongs to the job of its name, as long as that job still has the same request. When that job is gone from the
file, or its request has changed, any job with the same request may claim it. So no order of renaming, swapping and
reverting pays twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.plan.fingerprint import fingerprint, identity
from runner.records.submission import UNSETTLED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.catalog import Model
    from runner.records.lock import Entry, Lock
    from runner.records.request import Request
    from runner.records.submission import Submission


class Claims:
    """Receipts that no job has claimed yet."""

    def __init__(
        self,
        requests: tuple[Request, ...],
        *,
        models: Mapping[str, Model],
        lock: Lock,
        submissions: tuple[Submission, ...],
        finished: tuple[tuple[str, Entry], ...],
    ) -> None:
        self._requests = {request.job: request for request in requests}
        self._models = models
        self._lock = lock
        self._entries: dict[str, list[tuple[str, Entry]]] = {}
        for job, entry in lock.jobs.items():
            for made in paid_for(entry):
                self._entries.setdefault(self._key(made.model, made.request), []).append((job, made))
        self._claimed = {
            _bytes_of(made) for job, entry in lock.jobs.items() for made in paid_for(entry) if self._is_kept(job, made)
        }
        """The takes that jobs of the file have or have claimed: two jobs with the same request never share them."""
        self._finished: dict[str, list[tuple[str, Entry]]] = {}
        for job, made in finished:
            self._finished.setdefault(self._key(made.model, made.request), []).append((job, made))
        self._open: dict[str, list[Submission]] = {}
        for item in submissions:
            if item.phase in UNSETTLED:
                self._open.setdefault(self._key(item.model, item.params, item.seed_param), []).append(item)

    def submission(self, request: Request) -> Submission | None:
        """Return an unfinished submission of this request: this job's own, or one that no other job needs.

        Of several the newest is returned; the takes of the others go to the store. A job that has its own takes
        claims no other job's submission.
        """
        waiting = self._open.get(self._identity(request), [])
        fitting = [item for item in waiting if _fits(request, item)]
        own = [item for item in fitting if item.job == request.job]
        mine = self._lock.jobs.get(request.job)
        has_one = mine is not None and any(satisfies(request, made) for made in paid_for(mine))
        free = [] if has_one else [item for item in fitting if not self._is_wanted(item)]
        if not own and not free:
            return None
        found = (own or free)[-1]
        waiting.remove(found)
        return found

    def entry(self, request: Request) -> tuple[str, Entry] | None:
        """Return (job, entry) of the lock for this request: this job's own, or one that its job no longer needs."""
        waiting = self._entries.get(self._identity(request), [])
        fitting = [item for item in waiting if satisfies(request, item[1])]
        own = [item for item in fitting if item[0] == request.job]
        free = [item for item in fitting if not self._is_kept(*item)]
        if not own and not free:
            return None
        found = (own or free)[0]
        waiting.remove(found)
        self._claimed.add(_bytes_of(found[1]))
        return found

    def made_before(self, request: Request) -> Entry | None:
        """Return what the journal says was made for this request, this job's own and the newest first."""
        made = [
            item for item in reversed(self._finished.get(self._identity(request), ())) if satisfies(request, item[1])
        ]
        own = [entry for job, entry in made if job == request.job]
        free = [entry for job, entry in made if not self._is_kept(job, entry)]
        found = next((entry for entry in own or free if _bytes_of(entry) not in self._claimed), None)
        if found is not None:
            self._claimed.add(_bytes_of(found))
        return found

    def unclaimed(self) -> tuple[Submission, ...]:
        """Return the unfinished submissions that no job of the file needs any more."""
        return tuple(item for items in self._open.values() for item in items)

    def orphans(self) -> tuple[str, ...]:
        """Return the jobs of the lock that are not in the file any more and that no other job claimed, sorted."""
        left = {job for items in self._entries.values() for job, _ in items}
        return tuple(sorted(left - set(self._requests)))

    def _is_kept(self, job: str, entry: Entry) -> bool:
        """Return whether the job of this name still has the request of this entry."""
        request = self._requests.get(job)
        return request is not None and satisfies(request, entry)

    def _is_wanted(self, item: Submission) -> bool:
        request = self._requests.get(item.job)
        return (
            request is not None
            and self._identity(request) == self._key(item.model, item.params, item.seed_param)
            and _fits(request, item)
        )

    def _identity(self, request: Request) -> str:
        return self._key(request.model.id, request.params)

    def _key(self, model_id: str, params: Mapping[str, object], seed_param: str | None = None) -> str:
        model = self._models.get(model_id)
        return identity(model_id, params, model.seed.param if model and model.seed else seed_param)


def _bytes_of(entry: Entry) -> tuple[str, ...]:
    return tuple(take.sha256 for take in entry.takes)


def paid_for(entry: Entry) -> Iterator[Entry]:
    """Yield what an entry of the lock holds that is finished: itself, and the paid one behind it."""
    if entry.takes:
        yield entry
    if entry.paid is not None:
        yield entry.paid


def satisfies(request: Request, entry: Entry) -> bool:
    """Return whether an entry satisfies a request; a seed that the file does not write may be any."""
    if entry.model != request.model.id:
        return False
    return fingerprint_of(pinned(request, entry)) == entry.fingerprint


def pinned(request: Request, entry: Entry) -> Request:
    """Return the request with the seed of its entry, unless the file writes a seed."""
    seed = request.model.seed
    if seed is None or not _is_seed_open(request) or entry.model != request.model.id:
        return request
    if seed.param not in entry.request:
        return request
    return replace(request, params={**request.params, seed.param: entry.request[seed.param]})


def fingerprint_of(request: Request) -> str:
    """Return the fingerprint of what would be sent."""
    return fingerprint(request.model.id, request.params)


def _fits(request: Request, item: Submission) -> bool:
    """Return whether a submission of the same identity also has the requested seed."""
    return _is_seed_open(request) or item.fingerprint == fingerprint_of(request)


def _is_seed_open(request: Request) -> bool:
    """Return whether the file leaves the seed open."""
    return request.seed_mode in ("auto", "random")
