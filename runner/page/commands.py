"""The command lines of the next steps, to be copied from the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.page.data import Command
from runner.report.commands import quoted, resolve_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.page.data import JobState

_RUN = {
    "to-make": "make it",
    "changed": "make it as the file says now",
    "unfinished": "finish it, free",
    "to-restore": "restore its output, free",
}


def job_commands(job: str, state: JobState, *, file: str | None, is_rehearsal: bool) -> tuple[Command, ...]:
    """Return what can be done next about a job."""
    return tuple(_of_job(job, state, file, is_rehearsal))


def _of_job(job: str, state: JobState, file: str | None, is_rehearsal: bool) -> Iterator[Command]:
    if state == "not-declared":
        return
    if state == "unknown":
        yield Command(does="settle its payment", line=resolve_command(file, job, rehearse=is_rehearsal))
    if state in _RUN:
        yield Command(does=_RUN[state], line=_line("run", file, job, is_rehearsal))
    if state == "up-to-date":
        words = [*([quoted(file)] if file else []), "--reroll", quoted(job), *["--rehearse"] * is_rehearsal]
        yield Command(does="ask for another take", line=" ".join(["scorefile", "run", *words]))
    if state != "up-to-date":
        yield Command(does="explain why", line=_line("explain", file, job, is_rehearsal))


def take_commands(
    job: str, number: int, *, is_picked: bool, file: str | None, is_rehearsal: bool
) -> tuple[Command, ...]:
    """Return what can be done about a take."""
    last = [*([quoted(file)] if file else []), *["--rehearse"] * is_rehearsal]
    choose = ("unpick it", "unpick", [quoted(job)]) if is_picked else ("pick it", "pick", [quoted(job), str(number)])
    return (
        Command(does=choose[0], line=" ".join(["scorefile", choose[1], *choose[2], *last]), saves=choose[1]),
        Command(does="approve it", line=_of_take("approve", file, job, number, is_rehearsal), saves="approve"),
    )


def rate_line(job: str, number: int, *, file: str | None, is_rehearsal: bool) -> str:
    """Return the command line that rates a take, to which stars and a note are added."""
    return _of_take("rate", file, job, number, is_rehearsal)


def _of_take(verb: str, file: str | None, job: str, number: int, is_rehearsal: bool) -> str:
    named = [*([quoted(file)] if file else []), quoted(job), "--take", str(number)]
    return " ".join(["scorefile", verb, *named, *["--rehearse"] * is_rehearsal])


def page_commands(file: str | None, *, is_rehearsal: bool) -> tuple[Command, ...]:
    """Return what can be done next about the whole project."""
    return (
        Command(does="see what a run would do", line=_line("plan", file, None, is_rehearsal)),
        Command(does="make what is missing", line=_line("run", file, None, is_rehearsal)),
        Command(does="write this page again", line=_line("report", file, None, is_rehearsal)),
    )


def _line(verb: str, file: str | None, job: str | None, is_rehearsal: bool) -> str:
    names = [quoted(name) for name in (file, job) if name]
    return " ".join(["scorefile", verb, *names, *["--rehearse"] * is_rehearsal])
