"""Arguments and options that several verbs share. Each option has an environment twin."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner.cli import complete
from runner.report.formats import PLAIN_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


class _Lines(click.types.StringParamType):
    """Text of which an environment variable holds one value per line, so that a value may have blanks in it."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return [line for line in rv.split("\n") if line.strip()]


class _Seconds(click.FloatRange):
    """A number of seconds from 0 up; "not a number" is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        return self.fail(f"{value!r} is not a number of seconds", param, ctx) if math.isnan(seconds) else seconds


SECONDS = _Seconds(min=0)
by = click.option(
    "--by", metavar="NAME", envvar="SCOREFILE_BY", help="Who says it; by default git's user.name, else the login."
)
words = click.argument("words", nargs=-1, metavar="[FILE] [JOB...]", shell_complete=complete.words)
file = click.argument("file", required=False, metavar="[FILE]", shell_complete=complete.files)
profile = click.option(
    "--profile",
    metavar="P",
    envvar="SCOREFILE_PROFILE",
    help="Merge profile P of the pipeline over its defaults; '' for none, where the file names one.",
    shell_complete=complete.profiles,
)
_variables = click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="K=V",
    type=_Lines(),
    envvar="SCOREFILE_VAR",
    help="Set a variable; may be repeated. SCOREFILE_VAR holds one per line.",
    shell_complete=complete.variables,
)
_var_files = click.option(
    "--var-file",
    "var_files",
    multiple=True,
    metavar="FILE",
    type=_Lines(),
    envvar="SCOREFILE_VAR_FILE",
    help="Set the variables that a YAML or JSON file holds; may be repeated, and --var wins.",
)


def variables(function: F) -> F:
    """Add the options that set variables."""
    return _variables(_var_files(function))


rehearse = click.option(
    "--rehearse",
    is_flag=True,
    envvar="SCOREFILE_REHEARSE",
    help="Use the embedded emulator: real HTTP, placeholder audio, no key, no cost.",
)


def _plain_format() -> str:
    """Return the format of a verb that has text and JSON only: the environment may name one that it does not have."""
    return "json" if os.environ.get("SCOREFILE_FORMAT") in ("json", "jsonl") else "text"


output_format = click.option(
    "--format",
    "format_",
    type=click.Choice(list(PLAIN_FORMATS)),
    default=_plain_format,
    help="Output format.  [env: SCOREFILE_FORMAT]",
)
force = click.option(
    "--force",
    is_flag=True,
    envvar="SCOREFILE_FORCE",
    help="Send the requests of the named jobs again: their audio was lost.",
)


def rerolling(function: F) -> F:
    """Add the options that ask for further takes of jobs."""
    for option in (
        click.option(
            "--seed",
            type=click.IntRange(min=0),
            metavar="N",
            envvar="SCOREFILE_SEED",
            help="The seed for --reroll; each further time takes the next number.",
        ),
        click.option(
            "--times",
            type=click.IntRange(1, 100),
            metavar="N",
            envvar="SCOREFILE_TIMES",
            help="How many further takes --reroll asks for.",
        ),
        click.option(
            "--reroll",
            multiple=True,
            metavar="GLOB",
            envvar="SCOREFILE_REROLL",
            help="Ask again, with the next seed, for jobs whose name matches GLOB; may be repeated.",
            shell_complete=complete.targets,
        ),
    ):
        function = option(function)
    return function


wide = click.option(
    "--wide",
    is_flag=True,
    envvar="SCOREFILE_WIDE",
    help="Print each cell of a matrix in a row of its own, and cut nothing.",
)
strict = click.option("--strict", is_flag=True, envvar="SCOREFILE_STRICT", help="Treat warnings as errors.")


class _Hosts(click.types.StringParamType):
    """Text of which an environment variable holds several values, comma separated."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return [host for host in rv.split(",") if host.strip()]


trust = click.option(
    "--trust",
    multiple=True,
    metavar="HOST",
    type=_Hosts(),
    envvar="SCOREFILE_TRUST",
    help="Let this project send keys to HOST; may be repeated.",
)
yes = click.option("-y", "--yes", is_flag=True, envvar="SCOREFILE_YES", help="Spend without asking.")
max_cost = click.option(
    "--max-cost", metavar="USD", envvar="SCOREFILE_MAX_COST", help="Refuse what could cost more than USD in all."
)


def choosing(function: F) -> F:
    """Add the options that narrow which jobs are meant."""
    for option in (
        click.option(
            "--shard",
            metavar="I/N",
            envvar="SCOREFILE_SHARD",
            help="Only the I-th of N parts; jobs that need one another stay together.",
        ),
        click.option(
            "--failed", is_flag=True, envvar="SCOREFILE_FAILED", help="Only jobs that were never made, or failed."
        ),
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
            help="Only jobs whose name matches GLOB.",
            shell_complete=complete.targets,
        ),
    ):
        function = option(function)
    return function
