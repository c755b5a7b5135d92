"""`doctor --state`: journal, lock and store, checked by every checksum, fingerprint and hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import ScorefileError
from runner.records.submission import OPEN, PAYMENT_UNKNOWN
from runner.report.inspect import InspectReport, StateCheck
from runner.report.numbers import count
from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import corrupted
from runner.state.submissions import fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.commands.session import Session


def inspect_state(session: Session) -> InspectReport:
    """Check the journal, the lock and the store of a project; what is damaged is reported and left as it is."""
    journal = _check("journal", lambda: _journal(session))
    return InspectReport(checks=(journal, _check("lock", lambda: _lock(session)), _store(session)))


def _check(what: str, detail: Callable[[], str]) -> StateCheck:
    try:
        return StateCheck(what=what, sound=True, detail=detail())
    except ScorefileError as error:
        return StateCheck(what=what, sound=False, detail=error.message)


def _journal(session: Session) -> str:
    submissions = fold(session.events).values()
    unfinished, unknown = (sum(item.phase in kind for item in submissions) for kind in (OPEN, PAYMENT_UNKNOWN))
    rows = f"{count(len(session.events), 'row')}, all checksums match"
    return f"{rows}; {unfinished:,} unfinished, {unknown:,} with an unknown payment status"


def _lock(session: Session) -> str:
    return f"{count(len(session.written_lock.entries), 'submission')}, all fingerprints match"


def _store(session: Session) -> StateCheck:
    bad = corrupted(LocalBlobs(session.project.blobs))
    detail = f"{count(len(bad), 'take')} corrupted: {', '.join(bad[:3])}" if bad else "all hashes match"
    return StateCheck(what="store", sound=not bad, detail=detail)
