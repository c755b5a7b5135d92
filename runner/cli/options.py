"""Options that several verbs share. Each has an environment twin."""

from __future__ import annotations

import functools
import os
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner.cli import complete
from runner.errors import ScorefileError, UsageError
from runner.report.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.commands.options import Ask, Checked
    from runner.records.pipeline import ProviderSettings
    from runner.records.source import Json
    from runner.report.records import Report

F = TypeVar("F", bound="Callable[..., Any]")


class _Lines(click.types.StringParamType):
    """Text of which an environment variable holds one a line, so that a value may have blanks in it."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return [line for line in rv.split("\n") if line.strip()]


words = click.argument("words", nargs=-1, metavar="[FILE] [JOB...]", shell_complete=complete.words)
file = click.argument("file", required=False, metavar="[FILE]", shell_complete=complete.files)
profile = click.option(
    "--profile",
    metavar="P",
    envvar="SCOREFILE_PROFILE",
    help="Merge this profile over the file.",
    shell_complete=complete.profiles,
)
variables = click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="K=V",
    type=_Lines(),
    envvar="SCOREFILE_VAR",
    help="Set a variable; may be repeated. SCOREFILE_VAR holds one a line.",
    shell_complete=complete.variables,
)
rehearse = click.option(
    "--rehearse",
    is_flag=True,
    envvar="SCOREFILE_REHEARSE",
    help="Against the embedded vendors: real HTTP, placeholder audio, no key, no cost.",
)
output_format = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default=lambda: "json" if os.environ.get("SCOREFILE_FORMAT") in ("json", "jsonl") else "text",
    help="How to print.  [env: SCOREFILE_FORMAT]",
)
force = click.option("--force", is_flag=True, envvar="SCOREFILE_FORCE", help="Make the jobs anew, even if up to date.")
strict = click.option("--strict", is_flag=True, envvar="SCOREFILE_STRICT", help="Warnings fail too.")
yes = click.option("-y", "--yes", is_flag=True, envvar="SCOREFILE_YES", help="Spend without asking.")


def choosing(function: F) -> F:
    """Add the options that narrow which jobs are meant."""
    for option in (
        click.option("--shard", metavar="I/N", envvar="SCOREFILE_SHARD", help="The I-th of N parts of the jobs."),
        click.option("--failed", is_flag=True, envvar="SCOREFILE_FAILED", help="Only jobs that are not in the lock."),
        click.option(
            "--label",
            "labels",
            multiple=True,
            envvar="SCOREFILE_LABEL",
            help="Only jobs with this label.",
            shell_complete=complete.labels,
        ),
        click.option(
            "--target",
            "globs",
            multiple=True,
            metavar="GLOB",
            envvar="SCOREFILE_TARGET",
            help="Only these.",
            shell_complete=complete.targets,
        ),
    ):
        function = option(function)
    return function


def reporting(function: Callable[..., Report]) -> Callable[..., int]:
    """Make a command body of a function that returns a Report: adds --format and how to talk, prints what it returns.

    What a ScorefileError says is a report too, so that every format has an answer to everything.
    """

    @functools.wraps(function)
    def answering(
        *args: Any, format_: str, quiet: bool, verbose: int, color: str, log_file: str | None, **given: Any
    ) -> int:
        from runner.cli import show
        from runner.cli.logs import logging_to
        from runner.report.failure import FailureReport

        show.speak(show.Talk(format_=format_, color=color, quiet=quiet, verbose=verbose))
        report: Report
        try:
            with logging_to(log_file, verbose=verbose):
                report = function(*args, **given)
        except ScorefileError as error:
            code = 1 if given.get("detailed_exitcode") else error.exit_code
            verb = click.get_current_context().info_name or ""
            files = _files_of(given)
            report = FailureReport(verb=verb, error=error, exit_code=code, name=Path(files[0]).stem, files=files)
        return show.answer(report, format_)

    body: Callable[..., int] = answering
    for option in _TALK:
        body = option(body)
    return body


def logging_requests(function: F) -> F:
    """Add --log-file and -v to a verb that speaks to vendors and returns no Report."""

    @functools.wraps(function)
    def logged(*args: Any, verbose: int, log_file: str | None, **given: Any) -> Any:
        from runner.cli.logs import logging_to

        with logging_to(log_file, verbose=verbose):
            return function(*args, **given)

    return _LOG_FILE(_VERBOSE(logged))  # type: ignore[return-value]  # click's options return what they are given


def _auto_format(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    return value or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")


_LOG_FILE = click.option(
    "--log-file", metavar="PATH", envvar="SCOREFILE_LOG_FILE", help="Append one JSON line a request."
)
_VERBOSE = click.option(
    "-v", "--verbose", count=True, envvar="SCOREFILE_VERBOSE", help="All jobs, and a line a request; -vv: sizes."
)
_TALK = (
    _LOG_FILE,
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        envvar="SCOREFILE_COLOR",
        help="When.",
    ),
    _VERBOSE,
    click.option("-q", "--quiet", is_flag=True, envvar="SCOREFILE_QUIET", help="Only the result, a line a problem."),
    click.option(
        "--format",
        "format_",
        type=click.Choice(list(FORMATS)),
        callback=_auto_format,
        envvar="SCOREFILE_FORMAT",
        help="How to print; github by itself under GITHUB_ACTIONS.",
    ),
)


def _files_of(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the pipeline files that a command line is about, also when a saved plan names it."""
    from runner.state.project import DEFAULT_FILE

    if "words" not in given:
        return tuple(given.get("files") or filter(None, [given.get("file")])) or (DEFAULT_FILE,)
    named = _split(given["words"])[0]
    if named is not None and named.endswith(".json"):
        with suppress(UsageError):
            named = ask_again(named).file
    return (named or DEFAULT_FILE,)


def ask_from(
    words: tuple[str, ...],
    *,
    profile: str | None,
    variables: tuple[str, ...],
    rehearse: bool = False,
    force: bool = False,
    globs: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
    shard: str | None = None,
) -> Ask:
    """Return what a command line asks for. The first word is a file when it looks like one. Raises UsageError."""
    named, jobs = _split(words)
    return _ask(
        named,
        jobs,
        profile=profile,
        variables=variables,
        rehearse=rehearse,
        force=force,
        globs=globs,
        labels=labels,
        shard=shard,
    )


def ask_file(
    file: str | None, *, profile: str | None = None, variables: tuple[str, ...] = (), rehearse: bool = False
) -> Ask:
    """Return what a command line asks for that names a file and no jobs. Raises UsageError."""
    return _ask(file, (), profile=profile, variables=variables, rehearse=rehearse)


def _ask(
    file: str | None,
    jobs: tuple[str, ...],
    *,
    profile: str | None,
    variables: tuple[str, ...],
    rehearse: bool,
    force: bool = False,
    globs: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
    shard: str | None = None,
) -> Ask:
    from runner.commands.options import Ask
    from runner.plan.selection import Wanted

    _refuse_plan(file)
    return Ask(
        file=file,
        profile=profile,
        vars=dict(_pair(text) for text in variables),
        wanted=Wanted(names=jobs, globs=globs, labels=labels, shard=_shard(shard)),
        force=force,
        rehearse=rehearse,
        env=os.environ,
    )


def _refuse_plan(file: str | None) -> None:
    """Raise UsageError when a file is a saved plan, and not the pipeline that is asked for."""
    from runner.report.saved import is_saved

    if file is None or not file.endswith(".json"):
        return
    with suppress(OSError, UnicodeDecodeError):
        if is_saved(Path(file).read_text(encoding="utf-8")):
            raise UsageError(f"{file} is a saved plan", help=f"scorefile run {file} does what it says")


def _split(words: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    if words and (words[0].endswith((".yaml", ".yml")) or "/" in words[0] or Path(words[0]).is_file()):
        return words[0], words[1:]
    return None, words


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--var {text} is not K=V", help="write --var mood=calm")
    return name, value


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard {text} is not I/N", help="write --shard 1/4 for the first of four parts")
    return int(part), int(parts)


def dollars(text: str | None) -> Decimal | None:
    """Return an amount in USD. Raises UsageError when it is no amount."""
    if text is None:
        return None
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise UsageError(f"--max-cost {text} is not an amount", help="write dollars: --max-cost 2.50")
    return amount


def ask_data(ask: Ask) -> dict[str, Json]:
    """Return what was asked as data: a saved plan asks for the same again."""
    wanted = ask.wanted
    return {
        "file": ask.file,
        "profile": ask.profile,
        "vars": dict(ask.vars),
        "names": list(wanted.names),
        "globs": list(wanted.globs),
        "labels": list(wanted.labels),
        "among": None if wanted.among is None else sorted(wanted.among),
        "shard": None if wanted.shard is None else list(wanted.shard),
        "force": ask.force,
        "rehearse": ask.rehearse,
    }


def ask_again(path: str) -> Ask:
    """Return what a saved plan asks for, held to that plan. Raises UsageError when it is none."""
    from runner.commands.options import Ask
    from runner.plan.selection import Wanted
    from runner.report.saved import read_saved
    from runner.state.project import DEFAULT_FILE

    try:
        saved = read_saved(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read", help="make it: scorefile plan --out PATH") from error
    said = saved.ask
    file = said["file"] or DEFAULT_FILE
    if not Path(file).exists():
        raise UsageError(f"{path} is for {file}, which is not here", help="run it in the folder where it was made")
    return Ask(
        file=said["file"],
        profile=said["profile"],
        vars=said["vars"],
        wanted=Wanted(
            names=tuple(said["names"]),
            globs=tuple(said["globs"]),
            labels=tuple(said["labels"]),
            among=None if said["among"] is None else frozenset(said["among"]),
            shard=None if said["shard"] is None else (said["shard"][0], said["shard"][1]),
        ),
        force=said["force"],
        rehearse=said["rehearse"],
        env=os.environ,
        saved=saved,
    )


def refuse_warnings(checked: Checked, *, strict: bool) -> None:
    """Raise SpecError with the warnings of a pipeline when they are to fail too."""
    from runner.errors import SpecError

    if strict and checked.warnings:
        raise SpecError(checked.warnings)


def provider_settings(ask: Ask) -> Mapping[str, ProviderSettings]:
    """Return what the pipeline says of its providers; nothing when the file is wrong, so that receipts stay in reach."""
    from runner.commands.workflow import check
    from runner.errors import SpecError

    try:
        return check(ask).pipeline.providers
    except SpecError:
        return {}
