"""Which jobs a command line selects, forces and rerolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.plan.facts import Selected
from runner.plan.rolls import Rerolls
from runner.plan.selection import Wanted, named, select

if TYPE_CHECKING:
    from runner.commands.options import CommandOptions
    from runner.records.request import Request


def selected(options: CommandOptions, wanted: Wanted, requests: tuple[Request, ...]) -> Selected:
    """Return what a command line selects. With --reroll, and no jobs named beside it, it is the rolls alone.

    Raises UsageError for a name, glob or label that no job has, for options that need another one, and for --force
    that names no job.
    """
    _refuse_alone(times=options.times is not None, seed=options.seed is not None, reroll=bool(options.reroll))
    if options.force and not (wanted.names or wanted.globs or wanted.labels or wanted.among is not None):
        raise UsageError(
            "--force sends a request again that was paid for already, so it needs the names of its jobs",
            help="name them: scorefile run --force JOB; for another take: scorefile run --reroll JOB",
        )
    forced = named(requests, wanted) if options.force else frozenset[str]()
    if not options.reroll:
        return Selected(jobs=select(requests, wanted), forced=forced)
    jobs = frozenset(job for glob in options.reroll for job in named(requests, Wanted(globs=(glob,))))
    return Selected(
        jobs=frozenset() if wanted.is_all else select(requests, wanted),
        forced=forced,
        rerolls=Rerolls(jobs=jobs, times=options.times or 1, seed=options.seed),
    )


def _refuse_alone(*, times: bool, seed: bool, reroll: bool) -> None:
    for option, is_given in (("--times", times), ("--seed", seed)):
        if is_given and not reroll:
            raise UsageError(f"{option} says how to reroll, and no job is named", help=f"add --reroll JOB to {option}")
