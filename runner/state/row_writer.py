"""Journal rows on their way to the disk: staged, written in one transaction, and proofs of payments even on a full disk."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.records.submission import Event
    from runner.state.disk_reserve import DiskReserve
    from runner.state.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwritten:
    """Rows that the journal did not take: what stopped them, and whose they were."""

    error: StateError
    attempts: frozenset[str]


class RowWriter:
    """The staged rows of one journal. Sets the disk reserve aside."""

    def __init__(self, journal: Journal, reserve: DiskReserve) -> None:
        self._journal, self._reserve = journal, reserve
        self._staged: list[Event] = []
        self._proofs: dict[str, str] = {}
        """Attempt → its provider, for the staged rows that prove a payment."""
        self.broken: str | None = None
        """Why a proof of a payment could not be written."""
        reserve.set_aside()

    def stage(self, *events: Event, proof_for: str | None = None) -> None:
        """Let the next `commit` write rows; `proof_for` is the provider whose payment they prove."""
        self._staged += events
        if proof_for is not None:
            self._proofs |= dict.fromkeys((row.attempt for row in events), proof_for)

    @property
    def attempts(self) -> frozenset[str]:
        """The attempts of the staged rows."""
        return frozenset([row.attempt for row in self._staged])

    def commit(self) -> Unwritten | None:
        """Write all staged rows in one transaction; return what could not be written.

        When proofs of payments cannot be written, the disk reserve is freed and their write is retried once. From then on
        every receipt also goes to standard error, and `broken` tells the engine to submit nothing more.
        """
        rows, proofs, self._staged, self._proofs = self._staged, self._proofs, [], {}
        if not rows:
            return None
        unwritten = None
        try:
            self._journal.append(rows, durable=any(row.phase.guards_money for row in rows))
        except StateError as error:
            unwritten = Unwritten(error=error, attempts=frozenset(row.attempt for row in rows) - proofs.keys())
            self._rescue([row for row in rows if row.attempt in proofs], error)
        if self.broken is not None:
            for row in rows:
                if row.attempt in proofs and "request_id" in row.data:
                    _print_paid(proofs[row.attempt], str(row.data["request_id"]), row.job)
        return unwritten

    def _rescue(self, rows: list[Event], error: StateError) -> None:
        """Write proofs of payments into the space of the reserve."""
        if rows:
            self.broken = error.message
            self._reserve.give_up()
            with contextlib.suppress(StateError):
                self._journal.append(rows)


def _print_paid(provider: str, request_id: str, job: str) -> None:
    """Write a receipt to standard error, when no disk takes it; what steers a terminal is written as its escape."""
    request_id = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in request_id)
    sys.stderr.write(f"PAID provider={provider} id={request_id} job={job}\n")
    sys.stderr.flush()
