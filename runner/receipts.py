"""What a person does with receipts: look at the journal, decide a doubt, call a job off, check that all is sound."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from runner.errors import StateError, UsageError
from runner.sources import find_project, prepare_state, read_catalog, schema_folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.ask import Ask
    from runner.catalog.listing import Listed
    from runner.records import Event, Provider, ProviderSettings, Submission
    from runner.sources import Project
    from runner.state.books import Books

Decision = Literal["id", "not-charged", "resubmit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A submit without a proven outcome, and what the vendor's own list may say of it."""

    submission: Submission
    provider: Provider
    candidates: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What calling a job off did."""

    submission: Submission
    provider: Provider
    done: bool
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing `doctor --state` looked at."""

    what: str
    sound: bool
    detail: str


def log(ask: Ask) -> tuple[Event, ...]:
    """Return the journal's rows in the order they were written, of the named jobs only when some are named."""
    from runner.state.journal import read_events

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    names = ask.wanted.names
    return tuple(
        row for row in read_events(project.journal) if not names or row.job in names or row.job.split("@")[0] in names
    )


def doubts(ask: Ask, *, settings: Mapping[str, ProviderSettings]) -> tuple[Doubt, ...]:
    """Return every submit in doubt, of the named jobs only when some are named.

    Where a vendor can list its jobs and its key is set, jobs of that list with the same prompt are proposed. Finding
    none proves nothing: a vendor may book a submit late.
    """
    from runner.engine.machine import fold
    from runner.records import IN_DOUBT
    from runner.state.journal import read_events

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    catalog = read_catalog(schema_folders(project.folder))
    names = ask.wanted.names
    found = []
    for submission in fold(read_events(project.journal)).values():
        if submission.phase not in IN_DOUBT or (names and submission.job not in names):
            continue
        card = catalog.cards.get(submission.model)
        if card is None:
            continue
        provider = catalog.providers[card.provider]
        candidates = _candidates(provider, submission, settings.get(provider.name), ask.env)
        found.append(Doubt(submission=submission, provider=provider, candidates=candidates))
    return tuple(found)


def resolve(ask: Ask, job: str, decision: Decision, *, id: str | None = None) -> Submission:
    """Decide the one doubt of a job and return its submission as it stands then.

    `id` takes the vendor's id as the receipt, which also opens a receipt of which the lock holds a digest only;
    `not-charged` frees the job for a new submit, `resubmit` does the same
    although it may have been charged. Raises UsageError when the job is in no doubt, or the id is none.
    """
    from runner.catalog.answer import valid_id
    from runner.engine import machine
    from runner.receipt_id import hidden, is_hidden
    from runner.records import Phase

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    with _held(project) as books:
        submission = _the_doubt(books, job, receipts_too=decision == "id")
        at = _now()
        match decision:
            case "id":
                known = valid_id(id)
                if known is None:
                    raise UsageError(f"{id!r} is not an id a vendor gives", help="copy it from the vendor's own list")
                if is_hidden(submission.request_id) and hidden(known) != submission.request_id:
                    raise UsageError(f"{known} is not the id of this receipt", help="look for another one")
                holder = books.holder_of(known)
                if holder not in (None, submission.attempt):
                    raise UsageError(f"{known} is the receipt of another job already", help="scorefile log shows which")
                row = machine.event(submission, Phase.ACCEPTED, at=at, request_id=known, via="a person")
            case "not-charged":
                said = "not charged, as a person found"
                row = machine.event(submission, Phase.REJECTED, at=at, message=said, charged=False, via="a person")
            case "resubmit":
                said = "given up by a person, who asked for a new submit; it may have been charged"
                row = machine.event(submission, Phase.FAILED, at=at, message=said, via="a person")
        books.record(row)
        decided = machine.advance(submission, row)
        if decision == "id":
            books.note_pending(decided, private=_is_private(project, decided))
        return decided


def cancel(ask: Ask, job: str, *, settings: Mapping[str, ProviderSettings]) -> tuple[Cancelled, ...]:
    """Call off every unfinished submission of a job, where its vendor can. Raises UsageError when there is none."""
    from runner.catalog.protocol import cancel_call
    from runner.engine import machine
    from runner.engine.doors import open_door
    from runner.engine.transport import HttpTransport, NotSent
    from runner.receipt_id import is_hidden
    from runner.records import Phase

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    catalog = read_catalog(schema_folders(project.folder))
    results = []
    with _held(project) as books:
        waiting = [
            item
            for item in machine.fold(books.events).values()
            if item.job == job and item.phase in (Phase.ACCEPTED, Phase.STALLED) and item.request_id is not None
        ]
        if not waiting:
            raise UsageError(f"{job} has no submission under way", help="scorefile status lists those that have")
        for submission in waiting:
            provider = catalog.providers[catalog.cards[submission.model].provider]
            if is_hidden(submission.request_id):
                meaning = "its id is not known here; run first, which looks it up"
                results.append(Cancelled(submission=submission, provider=provider, done=False, meaning=meaning))
                continue
            if provider.cancel is None:
                meaning = "the vendor has no way to call a job off: it runs on, and the next run fetches it"
                results.append(Cancelled(submission=submission, provider=provider, done=False, meaning=meaning))
                continue
            door = open_door(provider, settings.get(provider.name), ask.env)
            call = cancel_call(provider, id=str(submission.request_id), base_url=door.base_url)
            assert call is not None
            transport = HttpTransport()
            try:
                reply = transport.ask(call, door)
                status = str(reply.status)
                done = reply.status < 300
            except NotSent as error:
                status, done = error.message, False
            finally:
                transport.close()
            meaning = _MEANING[provider.cancel.meaning] if done else f"the vendor answered: {status}"
            if done:
                said = f"called off by a person ({provider.cancel.meaning})"
                books.record(machine.event(submission, Phase.FAILED, at=_now(), message=said))
                books.drop_pending(submission)
            results.append(Cancelled(submission=submission, provider=provider, done=done, meaning=meaning))
    return tuple(results)


_MEANING = {
    "stops-job": "the vendor stops the job",
    "stops-tracking": "the vendor stops tracking it; the job itself may run on and be charged",
}


def inspect_state(ask: Ask) -> tuple[Finding, ...]:
    """Check journal, lock and store of a pipeline: every checksum, every fingerprint, every blob's hash."""
    from runner.engine.machine import fold
    from runner.errors import ScorefileError
    from runner.records import IN_DOUBT, OPEN
    from runner.state.blobs import Blobs
    from runner.state.journal import read_events
    from runner.state.lockfile import read_lock

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    findings = []
    try:
        events = read_events(project.journal)
        submissions = fold(events).values()
        open_, doubt = (sum(item.phase in kind for item in submissions) for kind in (OPEN, IN_DOUBT))
        detail = f"{len(events)} rows, each with its checksum; {open_} unfinished, {doubt} in doubt"
        findings.append(Finding(what="journal", sound=True, detail=detail))
    except ScorefileError as error:
        findings.append(Finding(what="journal", sound=False, detail=error.message))
    try:
        lock = read_lock(project.lock, rehearsal=project.rehearsal)
        findings.append(Finding(what="lock", sound=True, detail=f"{len(lock.jobs)} entries, each as fingerprinted"))
    except ScorefileError as error:
        findings.append(Finding(what="lock", sound=False, detail=error.message))
    bad = Blobs(project.blobs).damaged()
    detail = (
        f"{len(bad)} takes are not what their name says: {', '.join(bad[:3])}" if bad else "every take has its hash"
    )
    findings.append(Finding(what="store", sound=not bad, detail=detail))
    return tuple(findings)


@contextmanager
def _held(project: Project) -> Iterator[Books]:
    """Open a pipeline's books for writing, under its run lock."""
    from runner.known import open_books
    from runner.state.runlock import hold

    prepare_state(project)
    with hold(project.state, now=_now(), timeout_s=0.0), open_books(project) as books:
        yield books


def _the_doubt(books: Books, job: str, *, receipts_too: bool) -> Submission:
    """Return what a person is to decide about a job: a submit in doubt, or a receipt without its id."""
    from runner.engine.machine import fold
    from runner.receipt_id import is_hidden
    from runner.records import IN_DOUBT, OPEN

    submissions = fold(books.events).values()
    mine = [item for item in submissions if item.job == job]
    waiting = [item for item in mine if item.phase in IN_DOUBT]
    if receipts_too and not waiting:
        waiting = [item for item in mine if item.phase in OPEN and is_hidden(item.request_id)]
    if not waiting:
        known = sorted({item.job for item in submissions if item.phase in IN_DOUBT})
        help_ = f"in doubt are: {', '.join(known)}" if known else "no job is in doubt"
        raise UsageError(f"{job} is in no doubt", help=help_)
    return waiting[0]


def _candidates(
    provider: Provider, submission: Submission, settings: ProviderSettings | None, env: Mapping[str, str]
) -> tuple[Listed, ...]:
    """Ask the vendor's list for jobs that may be this submit; none when it cannot be asked."""
    from runner.engine.doors import open_door
    from runner.engine.lookup import recent_jobs
    from runner.engine.transport import HttpTransport, NotSent
    from runner.errors import KeyProblem

    try:
        door = open_door(provider, settings, env)
    except KeyProblem:
        return ()
    transport = HttpTransport()
    prompt = submission.params.get("prompt")
    try:
        return tuple(item for item in recent_jobs(provider, door, transport) if item.prompt == prompt)
    except NotSent:
        return ()
    finally:
        transport.close()


def _is_private(project: Project, submission: Submission) -> bool:
    catalog = read_catalog(schema_folders(project.folder))
    card = catalog.cards.get(submission.model)
    if card is None:
        raise StateError(
            f"the model {submission.model} is not in the catalogue", help="put its file back into schemas/"
        )
    return catalog.providers[card.provider].id_is_private


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
