"""The tables of tests/cases/faults, as pytest takes them: a test for each row, or one pipeline with a job for each row.

One pipeline says as much about each row as a pipeline for each, since every row has a name of its own at the vendor, and
its runs cost two processes instead of two for each row.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _pytest.mark import ParameterSet

    from tests.support.project import Project

_FOLDER = Path(__file__).parents[1] / "cases" / "faults"
_AT_ONCE = 8
_NO_STOP = {"max_unknown_payments": 10_000, "max_bad_content": 10_000}
"""Limits under which no row of a table stops the rows after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How a run over a table ended, and what it says of each job."""

    code: int
    jobs: Mapping[str, Mapping[str, Any]]

    def others(self, **expected: object) -> dict[str, object]:
        """Return the jobs of which it says something else, with what it says."""
        return {name: job for name, job in self.jobs.items() if not job.items() >= expected.items()}


def rows(table: str, outcome: str) -> list[str]:
    """Return the scripts of one outcome."""
    found: list[str] = json.loads((_FOLDER / f"{table}.json").read_text())[outcome]
    return found


def scripts(table: str, outcome: str) -> list[ParameterSet]:
    """Return the scripts of one outcome, each for a test of its own."""
    return [pytest.param(row, id=row) for row in rows(table, outcome)]


def jobs_of(table: str, outcome: str) -> dict[str, str]:
    """Return job → script, a job for each row; its name tells which."""
    named = enumerate(rows(table, outcome))
    return {f"r{n}-{re.sub('[^a-z0-9]+', '-', row.lower())[:40].strip('-')}": row for n, row in named}


def play(project: Project) -> Played:
    """Run all jobs, eight at once."""
    project.settings["providers"] = {"pixazo": {"max_in_flight": _AT_ONCE}}
    done = project.run("run", "--yes", "--format", "json", "-j", str(_AT_ONCE), limits=_NO_STOP)
    said = json.loads(done.out)
    assert "jobs" in said, done
    return Played(code=done.code, jobs={job["job"]: job for job in said["jobs"]})


def charges_of(project: Project, jobs: Iterable[str]) -> dict[str, list[str]]:
    """Return job → the ids of its charges."""
    charged = project.charges()
    return {job: [row["id"] for row in charged if row["name"] == project.name(job)] for job in jobs}


def submits_of(project: Project, jobs: Iterable[str]) -> dict[str, int]:
    """Return job → how many submits of it reached the vendor."""
    sent = Counter(re.search(r"name=(\S+)", row["body"])[1] for row in project.submits())  # type: ignore[index]
    return {job: sent[project.name(job)] for job in jobs}
