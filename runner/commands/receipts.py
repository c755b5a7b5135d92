"""What a person does with receipts: look at the journal, decide a doubt, check that all is sound."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.commands.targets import A_PERSON, FREEING, NOT_RENAMED, Choices, Decision, command, told_ids
from runner.errors import StateError, UsageError
from runner.state.project import find_project, prepare_state, read_catalog, schema_folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.catalog.models import Catalog
    from runner.commands.options import Ask
    from runner.provider.listing import ListedJob
    from runner.records.catalog import Model
    from runner.records.lock import Lock
    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import Provider
    from runner.records.source import Json
    from runner.records.submission import Event, Phase, Submission
    from runner.state.project import Project
    from runner.state.store import StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A submit without a proven outcome, and what the vendor's own list may say of it."""

    submission: Submission
    name: str
    """The shortest name that means it."""
    full_name: str
    vendor: str
    takes_ids: bool
    """Whether the vendor can be asked for a job by its id."""
    request: Mapping[str, Json]
    """Its prompt, and what tells it apart from other doubts of its job."""
    candidates: tuple[ListedJob, ...] = ()


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
        row for row in read_events(project.journal) if not names or any(_is_about(row, name) for name in names)
    )


def _is_about(row: Event, name: str) -> bool:
    """Say whether a row is of this job, cell, matrix, or JOB~ATTEMPT."""
    job, _, attempt = name.rpartition("~")
    return name in (row.job, row.job.split("@")[0]) or (job == row.job and row.attempt.startswith(attempt))


def doubts(
    ask: Ask, *, settings: Mapping[str, ProviderSettings], renamed: Mapping[str, str] = NOT_RENAMED
) -> tuple[Doubt, ...]:
    """Return every submit in doubt, of the named jobs only when some are named.

    Where a vendor can list its jobs and its key is set, jobs of that list with the same prompt are proposed. Finding
    none proves nothing: a vendor may book a submit late.
    """
    from runner.records.submission import IN_DOUBT
    from runner.state.journal import read_events
    from runner.state.lockfile import read_lock

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    catalog = read_catalog(schema_folders(project.folder))
    lock = read_lock(project.lock, rehearsal=project.rehearsal)
    choices = choices_of(lock, read_events(project.journal), renamed)
    found = tuple(item for item in choices.submissions if item.phase in IN_DOUBT)
    if ask.wanted.names:
        named = {id(item) for name in ask.wanted.names for item in choices.meant(name, found)}
        found = tuple(item for item in found if id(item) in named)
    return tuple(_doubt(ask, item, found, choices, catalog, settings) for item in found)


def _doubt(
    ask: Ask,
    item: Submission,
    among: tuple[Submission, ...],
    choices: Choices,
    catalog: Catalog,
    settings: Mapping[str, ProviderSettings],
) -> Doubt:
    model = catalog.models.get(item.model)
    provider = None if model is None else catalog.providers[model.provider]
    same = [other.params for other in among if other.job == item.job]
    candidates: tuple[ListedJob, ...] = ()
    if provider is not None:
        taken = {str(other.request_id) for other in choices.submissions}
        listed = _candidates(provider, item, settings.get(provider.name), ask.env)
        candidates = tuple(job for job in listed if job.id not in taken)
    return Doubt(
        submission=item,
        name=choices.name(item),
        full_name=choices.full_name(item),
        vendor=item.model.partition("/")[0] if provider is None else provider.title,
        takes_ids=provider is not None and provider.poll is not None,
        request={name: value for name, value in item.params.items() if name == "prompt" or _differs(name, same)},
        candidates=candidates,
    )


def _differs(name: str, requests: list[Mapping[str, Json]]) -> bool:
    return any(request.get(name) != requests[0].get(name) for request in requests)


def resolve(
    ask: Ask, name: str, decision: Decision, *, id: str | None = None, renamed: Mapping[str, str] = NOT_RENAMED
) -> Submission:
    """Decide the one submission that a name means and return it as it stands then.

    `id` takes the vendor's id as the receipt; it also opens a receipt of which the lock holds a digest only, and
    replaces an id that a person told before, until something was fetched by it. `not-charged` frees the job for a new
    submit, `resubmit` does the same although it may have been charged; both also give up what ended without its audio.
    Raises UsageError when there is nothing to decide, when it could be several things, or when the id is none.
    """
    from runner.records.submission import ENDED_BADLY, Phase

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    with held(project) as store:
        choices = choices_of(store.lock, store.events, renamed)
        item = choices.one(ask, name, decision)
        row = {"at": now(), "via": A_PERSON}
        if decision == "id":
            provider, _ = vendor_of(read_catalog(schema_folders(project.folder)), item)
            known = _usable_id(ask, store, choices, item, provider, id)
            if _is_told_already(store, choices, item, known):
                said = f"its payment is {_shown(provider, known)}, which is known already"
                return record(store, item, Phase.REJECTED, **row, message=said, charged=False)
            decided = record(store, item, Phase.ACCEPTED, **row, request_id=known, refreshes=0)
            store.note_pending(decided, private=provider.id_is_private)
            return decided
        if decision == "not-charged":
            decided = record(
                store, item, Phase.REJECTED, **row, message="not charged, as a person found", charged=False
            )
        else:
            said = "given up by a person, who asked for a new submit; it may have been charged"
            decided = record(store, item, Phase.FAILED, **row, message=said)
        if item.phase in ENDED_BADLY:
            store.drop_pending(item)
        return decided


def _usable_id(
    ask: Ask, store: StateStore, choices: Choices, item: Submission, provider: Provider, id: str | None
) -> str:
    """Return an id that this submission may have. Raises UsageError saying why it may not."""
    from runner.provider.responses import valid_id
    from runner.records.lock import ProviderJobId

    if provider.poll is None:
        ways = " or ".join(command(ask, choices.name(item), way) for way in FREEING)
        raise UsageError(f"{provider.title} cannot be asked for a job by its id, so none is of use here", help=ways)
    known = valid_id(id)
    if known is None or ProviderJobId.parse(known).plain is None:
        raise UsageError(f"{id!r} is not an id a vendor gives", help="copy it from the vendor's own list")
    if item.is_hidden and ProviderJobId.of(known) != item.request_id:
        raise UsageError(f"{known} is not the id of this receipt", help="look for another one")
    taken = store.is_held_by_another(provider.name, known, item.attempt)
    if taken and not _is_told_already(store, choices, item, known):
        raise UsageError(
            f"{known} is the receipt of another submission already", help="scorefile log and the lock show whose it is"
        )
    return known


def _is_told_already(store: StateStore, choices: Choices, item: Submission, known: str) -> bool:
    """Say whether the id of a submit in doubt stands for the same request of the same job elsewhere in lock or journal.

    That happens where the receipt reached the lock, and the journal's own row could not be written.
    """
    from runner.records.lock import ProviderJobId
    from runner.records.submission import IN_DOUBT

    if item.phase not in IN_DOUBT:
        return False
    entry = store.lock.jobs.get(item.job)
    entries = [(inner.fingerprint, inner.receipt.request_id) for inner in (entry, entry and entry.pending) if inner]
    others = [other for other in choices.submissions if other.job == item.job and other.attempt != item.attempt]
    told = entries + [(other.fingerprint, other.request_id) for other in others]
    return any(fingerprint == item.fingerprint and id_ == ProviderJobId.of(known) for fingerprint, id_ in told)


def _shown(provider: Provider, known: str) -> str:
    return "a job" if provider.id_is_private else known


def inspect_state(ask: Ask) -> tuple[Finding, ...]:
    """Check journal, lock and store of a pipeline: every checksum, every fingerprint, every blob's hash."""
    from runner.engine.machine import fold
    from runner.errors import ScorefileError
    from runner.records.submission import IN_DOUBT, OPEN
    from runner.state.blobs.local import LocalBlobs
    from runner.state.blobs.protocol import corrupted
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
    bad = corrupted(LocalBlobs(project.blobs))
    detail = (
        f"{len(bad)} takes are not what their name says: {', '.join(bad[:3])}" if bad else "every take has its hash"
    )
    findings.append(Finding(what="store", sound=not bad, detail=detail))
    return tuple(findings)


@contextmanager
def held(project: Project) -> Iterator[StateStore]:
    """Open a pipeline's books for writing, under its run lock."""
    from runner.commands.known import open_store
    from runner.state.run_lock import hold

    prepare_state(project)
    with hold(project.state, now=now(), timeout_s=0.0), open_store(project) as store:
        yield store


def choices_of(lock: Lock, events: tuple[Event, ...], renamed: Mapping[str, str]) -> Choices:
    """Return all that a person can decide about: what the journal knows, and what only the lock knows."""
    from runner.commands.known import known_submissions

    return Choices(submissions=known_submissions(lock, events), told=told_ids(events), renamed=renamed)


def record(store: StateStore, item: Submission, phase: Phase, *, at: str, **data: Json) -> Submission:
    """Write that a submission reached a phase and return it; one that only the lock knew is brought into the journal."""
    from runner.engine import machine

    rows = _opening(item, at) if item.attempt is None else ()
    begun = machine.fold(rows)[rows[0].attempt] if rows else item
    row = machine.event(begun, phase, at=at, **data)
    store.record(*rows, row)
    return machine.advance(begun, row)


def _opening(item: Submission, at: str) -> tuple[Event, ...]:
    from runner.engine import machine
    from runner.records.submission import Event, Phase

    data = {"model": item.model, "params": dict(item.params), "fingerprint": item.fingerprint}
    price = {"seed_param": item.seed_param, "price_usd": item.price_usd}
    planned = Event(at=at, job=item.job, attempt=secrets.token_hex(16), phase=Phase.PLANNED, data=data | price)
    accepted = {"request_id": str(item.request_id), "poll_url": item.poll_url}
    begun = machine.advance(None, planned)
    return planned, machine.event(begun, Phase.ACCEPTED, at=item.submitted_at or at, **accepted)


def vendor_of(catalog: Catalog, item: Submission) -> tuple[Provider, Model]:
    """Return who made a submission, and its model. Raises StateError when that left the catalogue."""
    model = catalog.models.get(item.model)
    if model is None:
        raise StateError(f"the model {item.model} is not in the catalogue", help="put its file back into schemas/")
    return catalog.providers[model.provider], model


def _candidates(
    provider: Provider, submission: Submission, settings: ProviderSettings | None, env: Mapping[str, str]
) -> tuple[ListedJob, ...]:
    """Ask the vendor's list for jobs that may be this submit; none when it cannot be asked."""
    from runner.errors import ApiKeyError
    from runner.provider.access import open_access
    from runner.provider.client import connected
    from runner.provider.transport import NotSent

    prompt = submission.params.get("prompt")
    try:
        with connected(open_access(provider, settings, env)) as client:
            return tuple(job for job in client.jobs() if job.prompt == prompt)
    except (ApiKeyError, NotSent):
        return ()


def now() -> str:
    """Return the time as the journal writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
