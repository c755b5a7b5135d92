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

    from runner.records import Json, Mark
    from runner.report.records import Finding, Level, Look, Report

MOST: Final = 5_000
"""GitHub shows no more results of one run."""
SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Level, str] = {"error": "error", "warning": "warning", "notice": "note"}


def as_sarif(report: Report, look: Look) -> str:
    """Return a report's findings as one SARIF run, the worst first, at most MOST of them."""
    found = worst_first(report.findings())[:MOST]
    rules = sorted({item.rule for item in found})
    run = {
        "tool": {"driver": {"name": "Scorefile", "version": __version__, "rules": [_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": report.ran, "exitCode": report.exit_code}],
        "results": [_result(item, rules.index(item.rule), look) for item in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)


def _rule(rule: str) -> dict[str, Json]:
    meaning, help_ = rule_words(rule)
    return {"id": rule, "shortDescription": {"text": meaning}, "help": {"text": help_}}


def _result(item: Finding, index: int, look: Look) -> dict[str, Json]:
    result: dict[str, Json] = {
        "ruleId": item.rule,
        "ruleIndex": index,
        "level": _LEVELS[item.level],
        "message": {"text": "\n".join([item.message, *item.notes])},
    }
    if item.mark is not None:
        file = look.relative(item.mark.file)
        same = hashlib.sha256(f"{item.rule}\0{file}\0{item.message}".encode()).hexdigest()
        result["locations"] = [
            {"physicalLocation": {"artifactLocation": _artifact(file), "region": _region(item.mark)}}
        ]
        result["partialFingerprints"] = {"scorefile/v1": same[:32]}
    return result


def _artifact(file: str) -> dict[str, Json]:
    return {"uri": quote(file), "uriBaseId": "%SRCROOT%"}


def _region(mark: Mark) -> dict[str, Json]:
    end = {"endColumn": mark.end_column} if mark.end_column else {}
    return {"startLine": mark.line, "startColumn": mark.column, **end}
