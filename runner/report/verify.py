"""What `verify` found."""

from __future__ import annotations

import json
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.plan.expectations import is_missed
from runner.records.source import Mark
from runner.report.approvals import why_unapproved
from runner.report.expectations import judged_text
from runner.report.markdown import code, row
from runner.report.numbers import count, listed
from runner.report.records import Case, Finding, Page
from runner.report.status import said, status_data
from runner.report.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.plan.approvals import Unapproved
    from runner.records.source import Json
    from runner.records.status import JobStatus, OutputState
    from runner.report.records import Style

_STATES: Mapping[OutputState, str] = {
    "missing": "missing",
    "changed": "changed",
    "pointer": "not pulled",
    "pending": "pending",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """Every output against the lock; `places` says where the block of each job is in the lock."""

    name: str
    rows: tuple[JobStatus, ...]
    exit_code: int
    files: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    """Jobs whose missing output no run can restore."""
    unapproved: tuple[Unapproved, ...] = ()
    """With --approved: the outputs that nobody approved as they are."""
    places: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))
    verb: str = "verify"
    ran: bool = True

    @property
    def drifted(self) -> tuple[JobStatus, ...]:
        """The outputs that are not what the lock says."""
        return tuple(item for item in self.rows if item.output != "same")

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {
            "name": self.name,
            "same": not self.drifted,
            "unapproved": [{"job": item.job, "message": why_unapproved(item)} for item in self.unapproved],
            "as_expected": not self._missed(),
            "jobs": [status_data(item) for item in self.rows],
        }

    def findings(self) -> tuple[Finding, ...]:
        """Return every drifted output, and what is not as expected of the others."""
        drifted = tuple(
            Finding(rule=_rule(item), level="error", message=_words(item), mark=self.places.get(item.job))
            for item in self.drifted
        ) + tuple(
            Finding(rule="not-approved", level="error", message=_unapproved(item), mark=self.places.get(item.job))
            for item in self.unapproved
        )
        missed = tuple(
            Finding(rule="not-as-expected", level="error", message=words, mark=self.places.get(item.job))
            for item in self._missed()
            for words in _missed_words(item)
        )
        return (*drifted, *missed)

    def cases(self) -> tuple[Case, ...]:
        """Return one case a job."""
        return tuple(self._case(item) for item in self.rows)

    def text(self, style: Style) -> str:  # noqa: ARG002 - the signature of every report
        """Return a line a drifted output and one that is not as expected or not approved, or that there is none."""
        missed = [words for item in self._missed() for words in _missed_words(item)]
        return "\n".join([*map(_words, self.drifted), *missed, *map(_unapproved, self.unapproved)]) or self._verdict()

    def messages(self, style: Style) -> str:  # noqa: ARG002 - the signature of every report
        """Return how many drifted, are not as expected and are not approved, and the remedies."""
        unknown = [
            clean(f"{row.job}: {judged_text(one)}") for row in self.rows for one in row.judged if not is_missed((one,))
        ]
        unexpected = [f"{count(len(self._missed()), 'take')} not as expected"] if self._missed() else []
        drifted = [f"{self._verdict()}; {self._remedy()}"] if self.drifted else []
        verb = "is" if len(self.unapproved) == 1 else "are"
        told = f"{count(len(self.unapproved), 'output')} {verb} not approved; scorefile approve JOB approves one"
        return "\n".join([*unknown, *unexpected, *drifted, *[told] * bool(self.unapproved)])

    def page(self) -> Page:
        """Return the drifted outputs as a table."""
        return Page(
            head=f"### Scorefile verify: {code(self.name)}\n\n**{self._verdict()}**",
            table=f"{row('job', 'output', 'state')}\n|---|---|---|",
            rows=tuple(
                row(code(item.job), code(item.path or ""), "<br>".join([item.output, *map(code, _missed_words(item))]))
                for item in self.rows
                if item.output != "same" or is_missed(item.judged)
            ),
            noun="output",
        )

    def _missed(self) -> tuple[JobStatus, ...]:
        return tuple(item for item in self.rows if is_missed(item.judged))

    def _verdict(self) -> str:
        if not self.drifted:
            are = "matches" if len(self.rows) == 1 else "match"
            return f"{count(len(self.rows), 'output')} {are} the lock"
        states = [item.output for item in self.drifted]
        counts = [f"{states.count(state):,} {word}" for state, word in _STATES.items() if state in states]
        return f"{' and '.join(counts)} of {count(len(self.rows), 'output')}"

    def _remedy(self) -> str:
        """Return what to do about it: a run never overwrites an edited file, and cannot restore what is nowhere any more."""
        states = {item.output for item in self.drifted}
        gone = [item.job for item in self.drifted if item.output == "missing"]
        restores = "scorefile run restores what is missing"
        if self.lost:
            nowhere = f"{listed(self.lost)}: the audio is neither in the store nor at a provider"
            rest = f"{restores} but that; " if len(self.lost) < len(gone) else ""
            restores = f"no run restores {nowhere}; {rest}run --force JOB makes it again"
        if states == {"pointer"}:
            return "git lfs pull fetches them"
        if states == {"missing"}:
            return restores
        return f"{restores} and leaves what was edited; move that away to have it restored too"

    def _case(self, item: JobStatus) -> Case:
        group, mark = item.job.partition("@")[0], self.places.get(item.job)
        missing = next((one for one in self.unapproved if one.job == item.job), None)
        if item.output == "same" and is_missed(item.judged):
            said, kind = "; ".join(_missed_words(item)), "not-as-expected"
            return Case(name=item.job, group=group, state="failed", kind=kind, message=said, mark=mark)
        if item.output == "same" and missing is None:
            return Case(name=item.job, group=group, mark=mark)
        if missing is not None and item.output == "same":
            told = _unapproved(missing)
            return Case(name=item.job, group=group, state="failed", kind="not-approved", message=told, mark=mark)
        return Case(name=item.job, group=group, state="failed", kind=_rule(item), message=_words(item), mark=mark)


def places_in(lock: str, file: str) -> dict[str, Mark]:
    """Return where each job's block begins in the text of a lock, shown as `file`. Raises ValueError when it is not JSON."""
    jobs = next((value for name, _, value in _members(lock, 0) if name == "jobs"), None)
    places, line, seen = {}, 1, 0
    for name, start, value in _members(lock, jobs) if jobs is not None else ():
        line, seen, column = line + lock.count("\n", seen, start), start, start - lock.rfind("\n", 0, start)
        end = column + len(lock[start:value].rpartition(":")[0].rstrip())
        places[name] = Mark(file=file, line=line, column=column, end_column=end)
    return places


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Yield (name, where it starts, where its value starts) of the JSON object that begins at `at`, however it is laid out."""
    decode, start = json.JSONDecoder().raw_decode, _skip(text, at, "{")
    while start < len(text) and text[start] != "}":
        name, end = decode(text, start)
        value = _skip(text, end, ":")
        yield name, start, value
        start = _skip(text, decode(text, value)[1], ",")


def _skip(text: str, at: int, mark: str) -> int:
    """Return where the next token begins, after white space and at most one `mark`."""
    while at < len(text) and text[at].isspace():
        at += 1
    if text.startswith(mark, at):
        at += 1
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _rule(item: JobStatus) -> str:
    return "output-changed" if item.output == "changed" else "output-missing"


def _unapproved(item: Unapproved) -> str:
    return clean(f"{item.job}: {why_unapproved(item)}")


def _missed_words(item: JobStatus) -> list[str]:
    """Return all that is known not to be as expected of an output."""
    return [clean(f"{item.job}: {judged_text(one)}") for one in item.judged if is_missed((one,))]


def _words(item: JobStatus) -> str:
    return clean(f"{item.job}: {item.path or 'its output'} is {said(item.output)}")
