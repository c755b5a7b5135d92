"""A plan as a file: what `run` must do exactly, and beside it the plan for people and programs to read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.plan.saved import KIND, Saved, load, save
from runner.report.as_json import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.lock import Lock
    from runner.records.pipeline import Pipeline
    from runner.records.provider import Provider
    from runner.records.source import Json
    from runner.report.plan import PlanReport

__all__ = ["KIND", "is_saved", "read_saved", "saved_text"]


def is_saved(text: str) -> bool:
    """Say whether a text is a saved plan, of whatever age and however changed."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("kind") == KIND


def saved_text(
    report: PlanReport, lock: Lock, pipeline: Pipeline, providers: Mapping[str, Provider], ask: Mapping[str, Json]
) -> str:
    """Return the text of a saved plan; `ask` has the options of the command line."""
    saved = save(report.todo, lock, providers, ask, pipeline=pipeline)
    return document({**saved, "plan": report.data()}, exit_code=report.exit_code) + "\n"


def read_saved(text: str) -> Saved:
    """Read the text of a saved plan. Raises UsageError when it is none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("this is not a saved plan", help="make one: scorefile plan --out plan.json") from error
    return load(data)
