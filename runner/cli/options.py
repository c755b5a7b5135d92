"""Options that several verbs share. Each has an environment twin."""

from __future__ import annotations

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner.cli import complete
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.records import ProviderSettings
    from runner.workflow import Ask

F = TypeVar("F", bound="Callable[..., Any]")

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
    envvar="SCOREFILE_VAR",
    help="Set a variable; may be repeated.",
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
    default="text",
    envvar="SCOREFILE_FORMAT",
    help="How to print.",
)
force = click.option("--force", is_flag=True, envvar="SCOREFILE_FORCE", help="Make the jobs anew, even if up to date.")
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


def ask_from(  # the one place where words become an Ask
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
    from runner.selection import Wanted
    from runner.workflow import Ask

    named, jobs = _split(words)
    return Ask(
        file=named,
        profile=profile,
        vars=dict(_pair(text) for text in variables),
        wanted=Wanted(names=jobs, globs=globs, labels=labels, shard=_shard(shard)),
        force=force,
        rehearse=rehearse,
        env=os.environ,
    )


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


def provider_settings(ask: Ask) -> Mapping[str, ProviderSettings]:
    """Return what the pipeline says of its providers; nothing when the file is wrong, so that receipts stay in reach."""
    from runner.errors import SpecError
    from runner.workflow import check

    try:
        return check(ask).pipeline.providers
    except SpecError:
        return {}
