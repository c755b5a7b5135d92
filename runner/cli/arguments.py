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

    from runner.commands.options import Ask, Checked
    from runner.records.pipeline import ProviderSettings
    from runner.records.source import Json


def files_of(given: Mapping[str, Any]) -> tuple[str, ...]:
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
    """Raise InvalidFilesError with the warnings of a pipeline when they are to fail too."""
    from runner.errors import InvalidFilesError

    if strict and checked.warnings:
        raise InvalidFilesError(checked.warnings)


def provider_settings(ask: Ask) -> Mapping[str, ProviderSettings]:
    """Return what the pipeline says of its providers; nothing when the file is wrong, so that receipts stay in reach."""
    from runner.commands.workflow import check
    from runner.errors import InvalidFilesError

    try:
        return check(ask).pipeline.providers
    except InvalidFilesError:
        return {}
