"""Rolls: a job that is made is asked for again with another seed, because a person wants to choose, or a take failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.frozen import dataclass, replace
from runner.records.lock import State
from runner.records.seeds import derive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.records.catalog import Seed
    from runner.records.lock import Entry
    from runner.records.request import Request
    from runner.records.source import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerolls:
    """What --reroll asks for."""

    jobs: frozenset[str]
    """Cell ids."""
    times: int = 1
    seed: int | None = None
    """The seed of the first one; each further one of a job has the next number."""


def refuse_unmade(jobs: Sequence[str]) -> None:
    """Raise UsageError for jobs that have no take to choose beside."""
    if jobs:
        more = f" and {len(jobs) - 1} more" if len(jobs) > 1 else ""
        verb, it = ("are", "they") if more else ("is", "it")
        raise UsageError(
            f"{jobs[0]}{more} {verb} not made as the file says now, so {it} cannot be rerolled",
            help=f"make {'them' if more else 'it'} first: scorefile run {jobs[0]}{' …' if more else ''}",
        )


def rolls(request: Request, own: Entry, family: Iterable[Entry], asked: Rerolls) -> tuple[Request, ...]:
    """Return the requests that --reroll adds for one job, without those that an earlier run has begun and can finish.

    `own` is the submission that the job has, and `family` are all that are live of its request. Raises UsageError when
    it cannot be said with which seed to ask.
    """
    held = tuple(family)
    pending = [entry for entry in held if entry.roll and entry.state in {State.PENDING, State.UNKNOWN}]
    if asked.seed is None:
        _refuse_written_seed(request)
        wanted: list[int | None] = [None] * max(0, asked.times - len(pending))
    else:
        begun = {_seed_of(entry) for entry in pending}
        seeds = range(asked.seed, asked.seed + asked.times)
        wanted = [seed for seed in seeds if seed not in begun]
        _refuse_seeds(request, [entry for entry in held if entry not in pending], seeds)
    first = max(entry.roll for entry in held) + 1
    used, found = {_seed_of(entry) for entry in held}, []
    for number, seed in enumerate(wanted, start=first):
        found.append(rolled(request, own, number, used=frozenset(used), seed=seed))
        used.add(seed_of(found[-1]))
    return tuple(found)


def rolled(
    request: Request, own: Entry, number: int, *, used: frozenset[Json] = frozenset(), seed: int | None = None
) -> Request:
    """Return the request of a roll of the submission that a job has; its takes go to the store.

    `used` are the seeds that the request had before, `seed` the one that a person names. A seed that is drawn at random
    is not in it yet.
    """
    param = request.model.seed
    bare = {name: value for name, value in own.request.items() if name != own.seed_param}
    roll = replace(request, params=bare, output=None, roll=number, roll_of=own.base)
    if param is None or (request.seed_mode == "random" and seed is None):
        return roll
    if seed is None and request.seed_mode == "none":
        return roll
    chosen = _derived(request, param, number, used) if seed is None else seed
    return replace(roll, params={**bare, param.param: chosen})


def seed_of(request: Request) -> Json:
    """Return the seed that a request has; None where it has none, or one that is not drawn yet."""
    return None if request.model.seed is None else request.params.get(request.model.seed.param)


def _seed_of(entry: Entry) -> Json:
    return None if entry.seed_param is None else entry.request.get(entry.seed_param)


def _derived(request: Request, seed: Seed, number: int, used: frozenset[Json]) -> int:
    """Return the seed of a roll that nobody wrote: where a model has few seeds, the next one that was not used."""
    first, count = derive(request.pipeline, request.job, seed.minimum, seed.maximum, roll=number), len(used)
    span = seed.maximum - seed.minimum + 1
    nearby = (seed.minimum + (first - seed.minimum + step) % span for step in range(count + 1))
    return next((value for value in nearby if value not in used), first)


def _refuse_written_seed(request: Request) -> None:
    if request.seed_mode == "fixed":
        seed = seed_of(request)
        another = seed + 1 if isinstance(seed, int) else 1
        raise UsageError(
            f"{request.job} writes its seed, {seed}, so asking again would make the same piece",
            help=f"name another seed: --seed {another}",
        )


def _refuse_seeds(request: Request, made: Sequence[Entry], seeds: range) -> None:
    """Raise UsageError for seeds that the model does not take, or that the request had before."""
    param, model = request.model.seed, request.model.id
    if param is None:
        raise UsageError(
            f"{request.job} cannot have the seed {seeds[0]}: {model} takes none",
            help="leave --seed out: the same request makes another piece",
        )
    wrong = [seed for seed in (seeds[0], seeds[-1]) if not param.minimum <= seed <= param.maximum]
    if wrong:
        raise UsageError(
            f"{request.job} cannot have the seed {wrong[0]}: {model} takes {param.minimum} to {param.maximum}",
            help=f"name another seed: --seed {param.minimum}",
        )
    had = sorted({seed for entry in made if isinstance(seed := _seed_of(entry), int) and seed in seeds})
    if had:
        raise UsageError(
            f"{request.job} was made with the seed {had[0]} already, so asking again would make the same piece",
            help=f"name another seed: --seed {had[-1] + 1}",
        )
