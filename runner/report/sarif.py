"""SARIF 2.1.0, for code scanning. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from runner import __version__
from runner.report.findings import rule_words, worst_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Json, Mark
    from runner.report.records import Finding, FindingsReport, Level, Style

MOST: Final = 5_000
"""GitHub shows no more results of one run."""
SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Level, str] = {"error": "error", "warning": "warning", "notice": "note"}


def as_sarif(report: FindingsReport, style: Style) -> str:
    """Return a report's findings as one SARIF run, the worst first, at most MOST of them.

    A result has a place, or code scanning refuses the file; what has none is a notification of the run.
    """
    found = [item for item in worst_first(report.findings()) if item.level != "notice"]
    placed = [item for item in found if item.mark is not None][:MOST]
    rules = sorted({item.rule for item in placed})
    invocation = {
        "executionSuccessful": report.ran,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": [_notification(item) for item in found[:MOST] if item.mark is None],
    }
    run = {
        "tool": {"driver": {"name": "Scorefile", "version": __version__, "rules": [_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(item, item.mark, rules.index(item.rule), style) for item in placed if item.mark],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)


def _rule(rule: str) -> dict[str, Json]:
    meaning, help_ = rule_words(rule)
    return {"id": rule, "shortDescription": {"text": meaning}, "help": {"text": help_}}


def _notification(item: Finding) -> dict[str, Json]:
    return {"level": _LEVELS[item.level], "message": {"text": _message(item)}, "descriptor": {"id": item.rule}}


def _result(item: Finding, mark: Mark, index: int, style: Style) -> dict[str, Json]:
    file = style.relative(mark.file)
    same = hashlib.sha256(f"{item.rule}\0{file}\0{item.message}".encode("utf-8", "replace")).hexdigest()
    return {
        "ruleId": item.rule,
        "ruleIndex": index,
        "level": _LEVELS[item.level],
        "message": {"text": _message(item)},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(file), "region": _region(mark)}}],
        "partialFingerprints": {"scorefile/v1": same[:32]},
    }


def _message(item: Finding) -> str:
    return "\n".join([item.message, *item.notes])


def _artifact(file: str) -> dict[str, Json]:
    return {"uri": quote(file, errors="replace"), "uriBaseId": "%SRCROOT%"}


def _region(mark: Mark) -> dict[str, Json]:
    end = {"endColumn": mark.end_column} if mark.end_column else {}
    return {"startLine": mark.line, "startColumn": mark.column, **end}
