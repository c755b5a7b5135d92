"""Which submission a person means, and the exact words that decide it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from runner.errors import UsageError
from runner.records.lock import ProviderJobId
from runner.records.submission import ENDED_BADLY, IN_DOUBT, OPEN, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.commands.options import Ask
    from runner.records.submission import Event, Submission

Decision: TypeAlias = Literal["id", "not-charged", "resubmit"]
FREEING: tuple[Decision, ...] = ("not-charged", "resubmit")
A_PERSON = "a person"
"""What the journal says in `via` of rows that a person asked for."""
NOT_RENAMED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """All submissions of a pipeline. `renamed` is what the file calls a job now → the job it was submitted as."""

    submissions: tuple[Submission, ...]
    told: frozenset[str]
    """Attempts whose id was told by a person, and proven by nothing."""
    renamed: Mapping[str, str] = field(default_factory=lambda: NOT_RENAMED)

    def open_to(self, decision: Decision) -> tuple[Submission, ...]:
        """Return all that a person may decide this way."""
        return tuple(item for item in self.submissions if self._is_open_to(item, decision))

    def meant(self, name: str, among: Iterable[Submission]) -> tuple[Submission, ...]:
        """Return those that a name means: JOB, or JOB~ATTEMPT; a renamed job has both its names."""
        job, mark, attempt = name.rpartition("~")
        names = {name}
        if name in self.renamed:
            names.add(self.renamed[name])
        if mark and job in self.renamed:
            names.add(f"{self.renamed[job]}~{attempt}")
        found = tuple(item for item in among if any(_means(said, item) for said in names))
        whole = tuple(item for item in found if f"{item.job}~{item.attempt or item.short_attempt}" in names)
        return whole or found

    def one(self, ask: Ask, name: str, decision: Decision) -> Submission:
        """Return the one submission that a decision is about. Raises UsageError when there is none, or several."""
        fitting = self.meant(name, self.open_to(decision))
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            commands = "; ".join(command(ask, self.full_name(item), decision) for item in fitting)
            raise UsageError(f"{name} may mean {len(fitting)} submits, and one is decided at a time", help=commands)
        doubts = ", ".join(dict.fromkeys(self.name(item) for item in self.submissions if item.phase in IN_DOUBT))
        raise UsageError(f"{name} is in no doubt", help=f"in doubt are: {doubts}" if doubts else "no job is in doubt")

    def name(self, item: Submission) -> str:
        """Return the shortest name that means this submission alone, whatever is decided."""
        decidable = {*map(id, self.open_to("id")), *map(id, self.open_to("not-charged"))}
        same = [other for other in self.submissions if other.job == item.job and id(other) in decidable]
        return item.job if len(same) <= 1 else self.full_name(item)

    def full_name(self, item: Submission) -> str:
        """Return JOB~ATTEMPT, with as much of the attempt as it takes."""
        short = f"{item.job}~{item.short_attempt}"
        return (
            short
            if len(self.meant(short, self.submissions)) <= 1
            else f"{item.job}~{item.attempt or item.short_attempt}"
        )

    def _is_open_to(self, item: Submission, decision: Decision) -> bool:
        """Say whether an id may still be told, or a submit be given up: what a vendor gave stands."""
        if item.phase in IN_DOUBT:
            return True
        if decision != "id":
            return item.phase in ENDED_BADLY
        mendable = item.attempt in self.told and item.phase in OPEN | {Phase.FAILED}
        return not item.takes and (mendable or (item.phase in OPEN and item.is_hidden))


def told_ids(events: Iterable[Event]) -> frozenset[str]:
    """Return the attempts whose id a person told, and of which no digest proves that it is the right one."""
    told: set[str] = set()
    proven: set[str] = set()
    for row in events:
        by_person, given = row.data.get("via") == A_PERSON, row.data.get("request_id")
        if given is not None and by_person:
            told.add(row.attempt)
        elif given is not None or (by_person and row.phase in (Phase.FAILED, Phase.REJECTED)):
            told.discard(row.attempt)
        if given is not None and ProviderJobId.parse(given).plain is None:
            proven.add(row.attempt)
    return frozenset(told - proven)


def command(ask: Ask, name: str, decision: Decision, *, id: str = "ID") -> str:
    """Return the command line that decides a submission."""
    words = {"id": f"--id {id}", "not-charged": "--not-charged", "resubmit": "--resubmit"}
    return f"{resolving(ask, name)} {words[decision]}"


def resolving(ask: Ask, name: str) -> str:
    """Return the command line that shows what is known of a job in doubt."""
    file = [quoted(ask.file)] if ask.file else []
    return " ".join(["scorefile", "resolve", *file, quoted(name), *["--rehearse"] * ask.rehearse])


def quoted(text: str, *, always: bool = False) -> str:
    """Return a word as a shell takes it: a foreign id may hold anything."""
    if not always and re.fullmatch(r"[\w@%+=:,./-][\w@%+=:,./~-]*", text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _means(name: str, item: Submission) -> bool:
    job, mark, attempt = name.rpartition("~")
    if name == item.job:
        return True
    return bool(mark and attempt) and job == item.job and (item.attempt or item.short_attempt).startswith(attempt)
