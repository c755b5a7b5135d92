"""Saved plans: written by `plan --out`, run by `run PLAN.json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.options import CommandOptions
from runner.errors import UsageError
from runner.plan.selection import Wanted
from runner.report.saved import read_saved, saved_text
from runner.state.finding import DEFAULT_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands.session import Session
    from runner.records.source import Json
    from runner.report.plan import PlanReport


def save_plan(path: str, report: PlanReport, session: Session) -> None:
    """Write a plan in its saved form, readable beside it. Raises UsageError when it cannot be written."""
    text = saved_text(report, session.lock, session.checked.pipeline, session.catalog.providers, _options_data(session))
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {path} cannot be written: {error.strerror}", help="name another file") from error


def saved_options(path: str, env: Mapping[str, str]) -> CommandOptions:
    """Return the options of a saved plan, to run exactly that. Raises UsageError when the file is none."""
    try:
        saved = read_saved(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read", help="make one: scorefile plan --out PATH") from error
    said = saved.ask
    file = said["file"] or DEFAULT_FILE
    if not Path(file).exists():
        raise UsageError(
            f"{path} is a plan of {file}, which is not in this folder", help="run it in the folder where it was made"
        )
    return CommandOptions(
        file=said["file"],
        profile=said["profile"],
        vars=said["vars"],
        var_files=tuple(said.get("var_files", ())),
        wanted=Wanted(
            names=tuple(said["names"]),
            globs=tuple(said["globs"]),
            labels=tuple(said["labels"]),
            among=None if said["among"] is None else frozenset(said["among"]),
            shard=None if said["shard"] is None else (said["shard"][0], said["shard"][1]),
        ),
        force=said["force"],
        reroll=tuple(said.get("reroll", ())),
        times=said.get("times"),
        seed=said.get("seed"),
        rehearse=said["rehearse"],
        env=env,
        saved=saved,
    )


def _options_data(session: Session) -> dict[str, Json]:
    """Return the options of this command line as data."""
    options, wanted, shown = session.options, session.wanted, session.project.shown
    return {
        "file": options.file or (None if shown == DEFAULT_FILE else shown),
        "profile": options.profile,
        "vars": dict(options.vars),
        "var_files": list(options.var_files),
        "names": list(wanted.names),
        "globs": list(wanted.globs),
        "labels": list(wanted.labels),
        "among": None if wanted.among is None else sorted(wanted.among),
        "shard": None if wanted.shard is None else list(wanted.shard),
        "force": options.force,
        "reroll": list(options.reroll),
        "times": options.times,
        "seed": options.seed,
        "rehearse": options.rehearse,
    }
