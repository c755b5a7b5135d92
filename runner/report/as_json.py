"""JSON: one document, or one line a row with a summary last."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Json
    from runner.report.records import Report, Style

FORMAT_VERSION = 1
_ROWS: Mapping[str, str] = {"problems": "problem", "actions": "action", "collect": "collect", "jobs": "job"}


def document(data: Mapping[str, Json], *, exit_code: int) -> str:
    """Return one JSON document with the version of its form and the exit code that goes with it."""
    head = {"format_version": FORMAT_VERSION, "exit_code": exit_code}
    return _escaped(json.dumps({**head, **data}, indent=1, ensure_ascii=False))


def line(kind: str, data: Mapping[str, Json]) -> str:
    """Return one line of JSON whose `type` says what it is."""
    return _escaped(json.dumps({"type": kind, **data}, ensure_ascii=False))


def _escaped(text: str) -> str:
    """Return JSON whose strings steer neither a terminal nor a CI's runner; what it says stays the same."""
    text = text.encode("utf-8", "replace").decode()
    for character in set(text):
        if not character.isprintable() and character != "\n":
            text = text.replace(character, json.dumps(character)[1:-1])
    return text.replace("##[", "#\\u0023[")


def as_json(report: Report, style: Style) -> str:  # noqa: ARG001 - the signature of every format
    """Return a report as one JSON document."""
    return document({"command": report.verb, **report.data()}, exit_code=report.exit_code)


def as_jsonl(report: Report, style: Style) -> str:  # noqa: ARG001 - the signature of every format
    """Return a report as JSON lines: the document's lists a line a row, all else in the last line."""
    data = report.data()
    rows = [line(kind, row) for name, kind in _ROWS.items() if isinstance(data.get(name), list) for row in data[name]]
    rest = {name: value for name, value in data.items() if name not in _ROWS or not isinstance(value, list)}
    head = {"format_version": FORMAT_VERSION, "exit_code": report.exit_code, "command": report.verb}
    return "\n".join([*rows, line("summary", {**head, **rest})])
