"""The broken pipelines of tests/cases/bad: each with its flags and the exact text that `scorefile validate` has for it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from runner.diagnostics.secrets import mask
from runner.report.records import Style
from runner.report.validate import ValidateReport
from tests.pipeline.conftest import check_text

if TYPE_CHECKING:
    from runner.records.source import Problem

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "bad"
CASES = sorted(FOLDER.glob("*.yaml"))
FILE = "night.yaml"


def flags(text: str) -> tuple[str | None, dict[str, str]]:
    """Return the profile and the vars of the comment `# with: --profile P --var K=V`."""
    line = next((line for line in text.splitlines() if line.startswith("# with: ")), "")
    profile = re.search(r"--profile (\S+)", line)
    return profile[1] if profile else None, dict(pair.split("=", 1) for pair in re.findall(r"--var (\S+)", line))


@cache
def problems_of(text: str) -> tuple[Problem, ...]:
    """Return what is wrong with a case."""
    profile, overrides = flags(text)
    return check_text(text, profile=profile, overrides=overrides, file=FILE).problems


def shown(text: str) -> str:
    """Return all that `scorefile validate` prints for a case, standard output first."""
    lines = mask(text).split("\n")

    def line_of(file: str, line: int) -> str | None:
        return lines[line - 1] if file == FILE and 0 < line <= len(lines) else None

    report = ValidateReport(files=(FILE,), jobs=0, problems=problems_of(text), exit_code=3)
    style = Style(line_of=line_of)
    return f"{report.text(style)}\n\n{report.messages(style)}\n"
