"""What `verify` found."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.records.source import Mark
from runner.report.markdown import code, row
from runner.report.numbers import count
from runner.report.records import Case, Finding, Page
from runner.report.status import status_data
from runner.report.style import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Json
    from runner.records.status import JobStatus, OutputState
    from runner.report.records import Style

_STATES: Mapping[OutputState, str] = {"missing": "missing", "changed": "changed", "pending": "pending"}
_BLOCK = re.compile(r'^  ("(?:[^"\\]|\\.)+"): \{$')
"""A job's first line in the lock, which is indented by one blank a level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """Every output against the lock; `places` says where each job stands in the lock."""

    name: str
    rows: tuple[JobStatus, ...]
    exit_code: int
    files: tuple[str, ...] = ()
    places: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))
    verb: str = "verify"
    ran: bool = True

    @property
    def drifted(self) -> tuple[JobStatus, ...]:
        """The outputs that are not what the lock says."""
        return tuple(item for item in self.rows if item.output != "same")

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {"name": self.name, "same": not self.drifted, "jobs": [status_data(item) for item in self.rows]}

    def findings(self) -> tuple[Finding, ...]:
        """Return every drifted output."""
        return tuple(
            Finding(rule=_rule(item), level="error", message=_words(item), mark=self.places.get(item.job))
            for item in self.drifted
        )

    def cases(self) -> tuple[Case, ...]:
        """Return one case a job."""
        return tuple(self._case(item) for item in self.rows)

    def text(self, style: Style) -> str:  # noqa: ARG002 - the signature of every report
        """Return a line a drifted output, or that there is none."""
        return "\n".join(map(_words, self.drifted)) or self._verdict()

    def messages(self, style: Style) -> str:  # noqa: ARG002 - the signature of every report
        """Return how many drifted, and the remedy."""
        if not self.drifted:
            return ""
        return f"{self._verdict()}; {self._remedy()}"

    def page(self) -> Page:
        """Return the drifted outputs as a table."""
        return Page(
            head=f"### Scorefile verify: {code(self.name)}\n\n**{self._verdict()}**",
            table=f"{row('job', 'output', 'state')}\n|---|---|---|",
            rows=tuple(row(code(item.job), code(item.path or ""), item.output) for item in self.drifted),
            noun="output",
        )

    def _verdict(self) -> str:
        if not self.drifted:
            are = "matches" if len(self.rows) == 1 else "match"
            return f"{count(len(self.rows), 'output')} {are} the lock"
        states = [item.output for item in self.drifted]
        counts = [f"{states.count(state):,} {word}" for state, word in _STATES.items() if state in states]
        return f"{' and '.join(counts)} of {count(len(self.rows), 'output')}"

    def _remedy(self) -> str:
        """Say what a run does about it: a file that somebody edited is never overwritten."""
        restores = "scorefile run restores what is missing"
        if all(item.output == "missing" for item in self.drifted):
            return restores
        return f"{restores} and leaves what was edited; move that away to have it restored too"

    def _case(self, item: JobStatus) -> Case:
        group, mark = item.job.partition("@")[0], self.places.get(item.job)
        if item.output == "same":
            return Case(name=item.job, group=group, mark=mark)
        return Case(name=item.job, group=group, state="failed", kind=_rule(item), message=_words(item), mark=mark)


def places_in(lock: str, file: str) -> dict[str, Mark]:
    """Return where each job's block begins in the text of a lock, shown as `file`."""
    places = {}
    for number, line in enumerate(lock.splitlines(), start=1):
        found = _BLOCK.match(line)
        if found:
            end = len(line) - len(": {") + 1
            places[json.loads(found[1])] = Mark(file=file, line=number, column=found.start(1) + 1, end_column=end)
    return places


def _rule(item: JobStatus) -> str:
    return "output-changed" if item.output == "changed" else "output-missing"


def _words(item: JobStatus) -> str:
    return clean(f"{item.job}: {item.path or 'its output'} is {item.output}")
