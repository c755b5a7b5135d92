"""Which submission a name on the command line means, and which decisions are open for it."""

from __future__ import annotations

from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.frozen import dataclass
from runner.records.submission import ENDED_BADLY, OPEN, PAYMENT_UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.catalog.models import Catalog
    from runner.records.catalog import Model
    from runner.records.provider import Provider
    from runner.records.submission import Decision, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """All submissions of a pipeline. `renamed` is what the file calls a job now → the job it was submitted as."""

    submissions: tuple[Submission, ...]
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def named(self, name: str, among: Iterable[Submission]) -> tuple[Submission, ...]:
        """Return those that a name means: JOB, or JOB~ATTEMPT; a renamed job has both its names.

        The name of an attempt is unique, so it is found under any name that its job ever had.
        """
        names = {name, self.renamed.get(name, name)}
        found = tuple(item for item in among if any(_means(said, item) for said in names))
        whole = tuple(item for item in found if item.attempt == name.rpartition("~")[2])
        return whole or found

    def decidable(self, decision: Decision) -> tuple[Submission, ...]:
        """Return all that a person may decide this way."""
        return tuple(item for item in self.submissions if self._is_decidable(item, decision))

    def unknown(self) -> tuple[Submission, ...]:
        """Return those whose payment status is unknown."""
        return tuple(item for item in self.submissions if item.phase in PAYMENT_UNKNOWN)

    def short_name(self, item: Submission) -> str:
        """Return the shortest name that means this submission alone, whatever is decided."""
        decidable = {*map(id, self.decidable("id")), *map(id, self.decidable("not-charged"))}
        same = [other for other in self.submissions if other.job == item.job and id(other) in decidable]
        return item.job if len(same) <= 1 else self.full_name(item)

    def full_name(self, item: Submission) -> str:
        """Return JOB~ATTEMPT, with as much of the attempt as it takes."""
        short = f"{item.job}~{item.short_attempt}"
        return short if len(self.named(short, self.submissions)) <= 1 else f"{item.job}~{item.attempt}"

    def _is_decidable(self, item: Submission, decision: Decision) -> bool:
        """Say whether an id may still be told, or a submission be given up: an id that a provider gave is final, a told one never."""
        if item.phase in PAYMENT_UNKNOWN:
            return True
        if decision != "id":
            return item.phase in ENDED_BADLY
        return item.is_told or (item.phase in OPEN and item.is_hidden and not item.takes)


def model_of(catalog: Catalog, item: Submission) -> tuple[Provider, Model]:
    """Return who made a submission, and its model. Raises StateError when that left the catalog."""
    model = catalog.models.get(item.model)
    if model is None:
        raise StateError(f"the model {item.model} is not in the catalog", help="put its file back into schemas/")
    return catalog.providers[model.provider], model


def _means(name: str, item: Submission) -> bool:
    job, mark, attempt = name.rpartition("~")
    if name == item.job:
        return True
    return bool(job and mark and attempt) and item.attempt.startswith(attempt)
