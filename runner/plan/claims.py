"""Which paid submission belongs to which job: each job may have one, and each submission is given to one job.

Jobs that ask for the same share a set of submissions, whatever they were called when these were made. Each job first
gets its own, the newest one. What is left over goes to the jobs that have none. So no order of renaming, swapping and
reverting pays twice, and two jobs with the same request never share a piece.

A roll goes with the submission that it is a further try at, whatever job that belongs to. Only where nobody has that one
is a roll dealt out as any other.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, assert_never

from runner.frozen import replace
from runner.plan.fingerprint import fingerprint, identity, is_same_text
from runner.records.lock import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.records.catalog import Model
    from runner.records.lock import Entry, Lock
    from runner.records.request import Request

_BEST_FIRST = (State.DONE, State.PENDING, State.LOST, State.UNKNOWN)
"""Which of several left over submissions a job without one gets."""


class Claims:
    """The submissions of a lock, dealt out to the requests of a whole pipeline file."""

    def __init__(self, requests: tuple[Request, ...], *, models: Mapping[str, Model], lock: Lock) -> None:
        self._models = models
        self._given: dict[str, Entry] = {}
        self._lock = lock
        live = [entry for entry in lock.entries.values() if entry.state.is_live]
        rolls = [entry for entry in live if entry.roll]
        own = [entry for entry in live if not entry.roll] if rolls else live
        self._deal_unchanged(requests, own)
        self._deal_left_over(requests, own)
        if rolls:
            families = {(entry.job, entry.base) for entry in self._given.values()}
            self._deal_left_over(requests, [entry for entry in rolls if (entry.job, entry.base) not in families])
        self._owners = {entry.attempt: job for job, entry in self._given.items()}
        self.left_over = tuple(filter(self.leaves, live))
        """The submissions that no job of the file asks for."""

    def of(self, request: Request) -> Entry | None:
        """Return the submission that a request has; None when a new one has to be made."""
        return self._given.get(request.job)

    @property
    def owns_any(self) -> bool:
        """Whether any request has a submission that was sent."""
        return any(entry.receipt is not None for entry in self._given.values())

    def leaves(self, entry: Entry) -> bool:
        """Say whether no job asks for an entry."""
        return entry.attempt not in self._owners

    def family(self, request: Request) -> tuple[Entry, ...]:
        """Return the submissions of one base that a request has, and nobody else."""
        given = self._given.get(request.job)
        if given is None:
            return ()
        return (given,) if len(self._lock.jobs[given.job]) == 1 else (*self._followers(given), given)

    @property
    def owners(self) -> Mapping[str, str]:
        """Attempt → job of those that were made under another name; the one that a request has after its further tries."""
        moved = [(job, entry) for job, entry in self._given.items() if entry.job != job]
        return {entry.attempt: job for job, given in moved for entry in (*self._followers(given), given)}

    def orphans(self, requests: Iterable[Request]) -> tuple[str, ...]:
        """Return the jobs that have results in the lock and are not in the file any more, sorted."""
        owners = self.owners
        left = (entry for entry in self.left_over if entry.attempt not in owners and entry.state is State.DONE)
        made = {entry.job for entry in left if entry.receipt is not None or entry.output is not None}
        return tuple(sorted(made - {request.job for request in requests}))

    def _followers(self, given: Entry) -> Iterator[Entry]:
        """Yield what goes with a submission to its job: its rolls, and what it replaced, where no other job has that."""
        for entry in self._lock.jobs[given.job]:
            follows = entry.state is State.DONE or (entry.roll and entry.state.is_live)
            if follows and entry.base == given.base and entry is not given and self._owners.get(entry.attempt) is None:
                yield entry

    def _deal_left_over(self, requests: tuple[Request, ...], live: list[Entry]) -> None:
        """Deal submissions to the requests that have none yet."""
        if not live:
            return
        asked: dict[str, list[Request]] = defaultdict(list)
        for request in requests:
            if request.job not in self._given:
                asked[self._key(request.model.id, request.params)].append(request)
        held: dict[str, list[Entry]] = defaultdict(list)
        taken = {entry.attempt for entry in self._given.values()}
        for entry in live if asked else ():
            if entry.attempt not in taken:
                held[self._key(entry.model, entry.request, entry.seed_param)].append(entry)
        for key, wanting in asked.items():
            self._deal(wanting, held.get(key, []))

    def _deal_unchanged(self, requests: tuple[Request, ...], live: list[Entry]) -> None:
        """Give each job the newest submission of its name, where that was made of the very same request, seed and all."""
        newest: dict[str, Entry] = {}
        for entry in live:
            before = newest.get(entry.job)
            if before is None or before.age < entry.age:
                newest[entry.job] = entry
        for request in requests:
            own, seed = newest.get(request.job), request.model.seed
            names = (None, None if seed is None else seed.param)
            if own is not None and own.seed_param in names and _is_same(request, own):
                self._given[request.job] = own

    def _deal(self, requests: list[Request], entries: list[Entry]) -> None:
        """Deal the submissions of requests with the same text, whatever their seeds are."""
        of_job: dict[str, list[Entry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda item: item.age, reverse=True):
            of_job[entry.job].append(entry)
        for request in requests:
            own = next((entry for entry in of_job.get(request.job, ()) if satisfies(request, entry)), None)
            if own is not None:
                self._given[request.job] = own
        taken = {self._given[request.job].attempt for request in requests if request.job in self._given}
        left = sorted((entry for entry in entries if entry.attempt not in taken), key=_best_first)
        with_seed: dict[str, list[Entry]] = defaultdict(list)
        for entry in reversed(left):
            with_seed[entry.fingerprint].append(entry)
        best = iter(left)
        # A request that writes its seed can be given less than one that leaves it open, so it comes first.
        for request in sorted((item for item in requests if item.job not in self._given), key=_is_seed_open):
            if _is_seed_open(request):
                fitting = next((entry for entry in best if entry.attempt not in taken), None)
            else:
                same = with_seed.get(fingerprint_of(request))
                fitting = same.pop() if same else None
            if fitting is not None:
                taken.add(fitting.attempt)
                self._given[request.job] = fitting

    def _key(self, model_id: str, params: Mapping[str, object], seed_param: str | None = None) -> str:
        model = self._models.get(model_id)
        return identity(model_id, params, (seed_param, model.seed.param if model and model.seed else None))


def _best_first(entry: Entry) -> tuple[int, int, str]:
    return (_BEST_FIRST.index(entry.state), -entry.revision, entry.attempt)


def satisfies(request: Request, entry: Entry) -> bool:
    """Return whether an entry satisfies a request with the same text; a seed that the file does not write may be any."""
    return entry.model == request.model.id and (_is_seed_open(request) or fingerprint_of(request) == entry.fingerprint)


def pinned(request: Request, entry: Entry) -> Request:
    """Return the request with the seed of its entry, or without one where that has none, unless the file writes a seed."""
    seed = request.model.seed
    if entry.model != request.model.id or not _is_seed_open(request):
        return request
    names = {name for name in (seed.param if seed else None, entry.seed_param) if name is not None}
    bare = {name: value for name, value in request.params.items() if name not in names}
    return replace(request, params=bare | {name: entry.request[name] for name in names if name in entry.request})


def fingerprint_of(request: Request) -> str:
    """Return the fingerprint of what would be sent."""
    return fingerprint(request.model.id, request.params)


def _is_same(request: Request, entry: Entry) -> bool:
    """Say whether an entry was made of the very same request. Its fingerprint is that of its own parameters, as the lock was read."""
    if entry.model == request.model.id and is_same_text(entry.request, request.params):
        return True
    return entry.fingerprint == fingerprint_of(request)


def _is_seed_open(request: Request) -> bool:
    """Return whether the file leaves the seed open: it writes neither one nor, for a model that takes one, that there is none."""
    match request.seed_mode:
        case "auto" | "random":
            return True
        case "none":
            return request.model.seed is None
        case "fixed":
            return False
    assert_never(request.seed_mode)
