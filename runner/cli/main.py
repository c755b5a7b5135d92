"""The command line: finds the verb, runs it, turns what it raises into a message and an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from runner import __version__

if TYPE_CHECKING:
    from runner.records.limits import Limits

VERBS = {
    "init": "Write a first pipeline that runs at once",
    "validate": "Check pipelines and list every problem",
    "render": "Show the requests as they would be sent",
    "plan": "Show what would be done, why, and what it costs",
    "run": "Make what is missing or changed, and restore the rest",
    "status": "Show every job with its take, output and open submissions",
    "verify": "Compare outputs with the lock",
    "report": "Write a page to listen on, as one HTML file",
    "review": "Serve the page to listen on, and save what is decided on it",
    "resolve": "Settle a request that may or may not have been charged",
    "merge": "Join copies of a lock without loss",
    "trust": "Show which key goes to which host, and agree to it",
    "cancel": "Cancel running jobs, if their provider allows",
    "log": "List the journal: every submission, answer and receipt",
    "explain": "Explain why a job would run, or what an error code means",
    "models": "List the models, or show one model's parameters and price",
    "schema": "Print the JSON Schema for editors",
    "fmt": "Format pipelines; comments stay",
    "takes": "List every take of the named jobs, or of all",
    "pick": "Choose a take of a job or cell",
    "unpick": "Undo the choice of a take of a job or cell",
    "approve": "Approve the chosen take of jobs",
    "rate": "Rate the chosen take of jobs, in stars or with a note",
    "identify": "Find the job that an audio file is of",
    "adopt": "Keep an output that was edited by hand",
    "forget": "Leave removed jobs out of the lock, and show what was paid",
    "gc": "Delete stored files that nothing names",
    "completion": "Print a completion script for bash, zsh or fish",
    "emulator": "Serve the embedded providers on this machine",
    "doctor": "Check this machine: Python, packages, keys, providers, disk",
}
"""Each verb with the first sentence of its help, so that `--help` imports none of them."""
FOR_PROGRAMS = ("merge-driver",)
"""Verbs that people do not type: git does."""


COMPLETE = "_SCOREFILE_COMPLETE"
"""The variable with which a shell asks for what could come next."""


WORDS = "scorefile.words"
"""Under this key every context has the words of its command line."""

GC_THRESHOLDS = (100_000, 20, 100)
"""A command keeps most of what it makes: looking for garbage would be a fifth of its time."""


class Verbs(click.Group):
    """A group whose verbs are imported when they are called: `--help` costs nothing."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click calls it so
        if cmd_name not in (*VERBS, *FOR_PROGRAMS):
            return None
        command: click.Command = importlib.import_module(f"runner.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click calls it so
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            close = difflib.get_close_matches(args[0], VERBS, n=1)
            did_you_mean = f"; did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"there is no command {args[0]!r}{did_you_mean}", ctx) from error


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scorefile", message="%(prog)s %(version)s")
def cli() -> None:
    """Soundtracks as code: declare cues in YAML, know what they cost, make them once."""


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    from runner.state.files.processes import open_streams

    gc.set_threshold(*GC_THRESHOLDS)
    open_streams()
    code = call(sys.argv[1:] if args is None else args)
    gc.freeze()  # else leaving looks for garbage among all that was imported, a fifth of the time of a short command
    sys.exit(code)


def call(args: list[str], *, limits: Limits | None = None) -> int:
    """Run the command line and return its exit code. Nothing is raised; nothing prints a traceback.

    `limits` are the bounds of a run, where they are not the usual ones.
    """
    color = False if os.environ.get("NO_COLOR") else None
    with click.Context(cli, color=color).scope(cleanup=False):
        return _call(args, color=color, limits=limits)


def _call(args: list[str], *, color: bool | None, limits: Limits | None) -> int:
    if COMPLETE in os.environ:
        from runner.cli import bash

        bash.register()
    try:
        result: Any = cli.main(args=args, prog_name="scorefile", standalone_mode=False, color=color, obj=limits)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        return _wrong_line(error)
    except (click.Abort, KeyboardInterrupt):
        from runner.cli.show import print_err

        print_err("interrupted")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last line of defense
        from runner.cli.failures import as_error
        from runner.cli.show import print_error

        failure = as_error(error)
        print_error(failure)
        return failure.exit_code
    return result if isinstance(result, int) else 0


def _wrong_line(error: click.ClickException) -> int:
    """Print what is wrong with a command line as every other error is printed."""
    from runner.cli.show import print_error
    from runner.errors import UsageError

    words = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "scorefile"
    message = error.format_message().rstrip(".")
    plain = message if message[1:2].isupper() else message[:1].lower() + message[1:]
    print_error(UsageError(plain, help=f"{words} --help"))
    return error.exit_code
