"""The words of a command line, FILE and JOB, and the values of its options, as what is asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands.options import CommandOptions


MANY_DIGITS = 10


def files_of(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the pipeline files that a command line is about, also when a saved plan names it."""
    from runner.state.finding import default_file

    if "words" not in given:
        return tuple(given.get("files") or filter(None, [given.get("file")])) or (default_file(),)
    named = _split(given["words"])[0]
    if named is not None and named.endswith(".json"):
        from runner.commands.saved import saved_options

        with suppress(UsageError):
            named = saved_options(named, os.environ).file
    return (named or default_file(),)


def command_options(words: tuple[str, ...], given: Mapping[str, Any]) -> CommandOptions:
    """Return what a command line asks for. The first word is a file when it looks like one. Raises UsageError.

    `given` holds the values of the shared options that the verb has.
    """
    file, jobs = _split(words)
    return _options(file, jobs, given)


def file_options(file: str | None, given: Mapping[str, Any]) -> CommandOptions:
    """Return what a command line asks for that names a file and no jobs. Raises UsageError."""
    return _options(file, (), given)


def _options(file: str | None, jobs: tuple[str, ...], given: Mapping[str, Any]) -> CommandOptions:
    from runner.commands.options import CommandOptions
    from runner.plan.selection import Wanted

    return CommandOptions(
        file=file,
        profile=given.get("profile"),
        vars=dict(_pair(text) for text in given.get("variables", ())),
        var_files=given.get("var_files", ()),
        wanted=Wanted(
            names=jobs,
            globs=given.get("globs", ()),
            labels=given.get("labels", ()),
            shard=_shard(given.get("shard")),
        ),
        failed=given.get("failed", False),
        force=given.get("force", False),
        reroll=given.get("reroll", ()),
        times=given.get("times"),
        seed=given.get("seed"),
        rehearse=given.get("rehearse", False),
        strict=given.get("strict", False),
        trust=",".join(given.get("trust", ())),
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
    few = len(part) < MANY_DIGITS and len(parts) < MANY_DIGITS
    if not (few and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard {text[:40]} is not I/N", help="write --shard 1/4 for the first of four parts")
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
