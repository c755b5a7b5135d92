"""`resolve`: show the submissions whose payment status is unknown, or decide one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from runner.commands.targets import model_of
from runner.errors import ApiKeyError, UsageError
from runner.records.exchange import Verdict
from runner.records.submission import A_PERSON, PAYMENT_UNKNOWN, Phase
from runner.report.commands import resolve_command
from runner.report.resolve import Candidate, RawAnswer, ResolvedReport, UnknownPayment, UnknownPaymentsReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.commands.session import Session, WritingSession
    from runner.records.catalog import Model
    from runner.records.provider import Provider
    from runner.records.source import Json
    from runner.records.submission import Decision, Event, Submission

_RAW_BYTES = 4096
"""How much of a long answer is read to show its start."""
FREEING: tuple[Decision, ...] = ("not-charged", "resubmit")


# ---------------------------------------------------------------- show


def unknown_payments(session: Session) -> UnknownPaymentsReport:
    """Return every submission whose payment status is unknown, of the named jobs only when some are named.

    Where a provider can list its jobs and its key is set, jobs of that list with the same prompt are proposed. Finding
    none proves nothing: a provider may book a submission late.
    """
    targets, names = session.targets, session.options.wanted.names
    found = targets.unknown()
    if names:
        named = {id(item) for name in names for item in targets.named(name, found)}
        found = tuple(item for item in found if id(item) in named)
    return UnknownPaymentsReport(
        found=tuple(_unknown_payment(session, item, found) for item in found),
        names=names,
        file=session.options.file,
        rehearse=session.options.rehearse,
    )


def _unknown_payment(session: Session, item: Submission, among: tuple[Submission, ...]) -> UnknownPayment:
    targets, model = session.targets, session.catalog.models.get(item.model)
    provider = None if model is None else session.catalog.providers[model.provider]
    same = [other.params for other in among if other.job == item.job]
    return UnknownPayment(
        submission=item,
        name=targets.short_name(item),
        full_name=targets.full_name(item),
        provider=item.model.partition("/")[0] if provider is None else provider.title,
        takes_ids=provider is not None and provider.poll is not None,
        request={name: value for name, value in item.params.items() if name == "prompt" or _differs(name, same)},
        answer=_raw_answer(session, item),
        candidates=() if provider is None else tuple(_candidates(session, item, provider)),
    )


def _raw_answer(session: Session, item: Submission) -> RawAnswer | None:
    """Return the start of the last answer to a submission, on one line without a key; None where none was received."""
    from runner.provider.responses import clean
    from runner.state.submissions import advance

    row = next((row for row in reversed(session.events) if _is_answer(row, item)), None)
    answer = None if row is None else advance(item, row).answer
    if row is None or answer is None:
        return None
    start = answer.body if answer.kept is None else _kept_start(session, answer.kept)
    return RawAnswer(at=row.at, status=answer.status, start=clean(_without_keys(session, start)))


def _is_answer(row: Event, item: Submission) -> bool:
    return row.attempt == item.attempt and row.phase is Phase.ANSWERED


def _kept_start(session: Session, sha256: str) -> bytes:
    """Return the start of an answer that was too long for the journal; nothing when it is gone."""
    from runner.state.blobs.local import LocalBlobs
    from runner.state.blobs.protocol import TakeMissing

    try:
        with LocalBlobs(session.project.blobs).open(sha256) as file:
            return file.read(_RAW_BYTES)
    except TakeMissing:
        return b""


def _without_keys(session: Session, raw: bytes) -> str:
    """Return a text without the keys of this environment; the one that was sent is not in the journal either."""
    for provider in session.catalog.providers.values():
        with suppress(ApiKeyError, UsageError):
            raw = session.access(provider).redact(raw)
    return raw.decode(errors="replace")


def _differs(name: str, requests: list[Mapping[str, Json]]) -> bool:
    return any(request.get(name) != requests[0].get(name) for request in requests)


def _candidates(session: Session, item: Submission, provider: Provider) -> Iterable[Candidate]:
    """Ask the provider's list for jobs that may be this submission; none when it cannot be asked."""
    from runner.provider.transport import NotSent

    taken, prompt = {str(other.request_id) for other in session.submissions}, item.params.get("prompt")
    try:
        with session.client(provider) as client:
            listed = [job for job in client.jobs() if job.prompt == prompt]
    except (ApiKeyError, NotSent):
        return ()
    return (Candidate(id=job.id, created=job.created) for job in listed if job.id not in taken)


# ---------------------------------------------------------------- decide


def resolve(session: Session, name: str, decision: Decision, *, id: str | None = None) -> ResolvedReport:
    """Decide the one submission that a name means.

    `id` takes the provider's id as the receipt; it also opens a receipt of which the lock holds a digest only, and
    replaces an id that a person told before, also after audio was fetched by it. `not-charged` frees the job for a new
    submission, `resubmit` does the same although it may have been charged; both also give up what ended without its
    audio. Raises UsageError when there is nothing to decide, when it could be several things, or when the id is none.
    """
    with session.writing() as held:
        item = _the_one(held, name, decision)
        decided = _take_id(held, item, id) if decision == "id" else _free(held, item, decision)
    return ResolvedReport(job=name, decision=decision, submission=decided)


def _the_one(session: Session, name: str, decision: Decision) -> Submission:
    """Return the one submission that a decision is about. Raises UsageError when there is none, or several."""
    targets = session.targets
    fitting = targets.named(name, targets.decidable(decision))
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        commands = "; ".join(_command(session, targets.full_name(item), decision) for item in fitting)
        raise UsageError(f"{name} matches {len(fitting)} submissions, and one is decided at a time", help=commands)
    unknown = ", ".join(dict.fromkeys(map(targets.short_name, targets.unknown())))
    raise UsageError(
        f"{name} has no submission with an unknown payment status",
        help=f"these have one: {unknown}" if unknown else "no job has one",
    )


def _command(session: Session, name: str, decision: Decision) -> str:
    return resolve_command(session.options.file, name, decision, rehearse=session.options.rehearse)


def _free(session: WritingSession, item: Submission, decision: Decision) -> Submission:
    """Write that a submission was not charged, or is given up although it may have been."""
    if decision == "not-charged":
        message = "not charged, as a person found"
        return session.record(item, Phase.REJECTED, via=A_PERSON, message=message, charged=False)
    message = "given up by a person, who asked for a new submission; it may have been charged"
    return session.record(item, Phase.FAILED, via=A_PERSON, message=message)


def _take_id(session: WritingSession, item: Submission, id: str | None) -> Submission:
    """Take a provider's id as the receipt of a submission."""
    provider, model = model_of(session.catalog, item)
    known = _usable_id(session, item, provider, id)
    _refuse_another_request(session, item, provider, model, known)
    if _is_told_already(session, item, known):
        shown = "a job" if provider.id_is_private else known
        message = f"its payment is {shown}, which is known already"
        return session.record(item, Phase.REJECTED, via=A_PERSON, message=message, charged=False)
    return session.record(
        item, Phase.ACCEPTED, via=A_PERSON, request_id=known, private=provider.id_is_private, refreshes=0
    )


def _usable_id(session: WritingSession, item: Submission, provider: Provider, id: str | None) -> str:
    """Return an id that this submission may have. Raises UsageError saying why it may not."""
    from runner.provider.responses import valid_id
    from runner.records.lock import ProviderJobId
    from runner.state.neighbours import pipeline_that_holds

    if provider.poll is None:
        ways = " or ".join(_command(session, session.targets.short_name(item), way) for way in FREEING)
        raise UsageError(f"{provider.title} cannot be asked for a job by its id, so an id is of no use", help=ways)
    known = valid_id(id)
    if known is None or ProviderJobId.parse(known).plain is None:
        raise UsageError(f"{id!r} is not an id that a provider gives", help="copy it from the provider's own list")
    if item.is_hidden and ProviderJobId.of(known) != item.request_id:
        raise UsageError(f"{known} is not the id of this receipt", help="look for another one")
    taken = session.store.is_held_by_another(provider.name, known, item.attempt)
    if taken and not _is_told_already(session, item, known):
        raise UsageError(
            f"{known} is the receipt of another submission already", help="scorefile log and the lock show whose it is"
        )
    holder = pipeline_that_holds(session.project, provider.name, known, attempt=item.attempt)
    if holder is not None:
        raise UsageError(
            f"{known} is the receipt of a submission of the pipeline {holder} already",
            help=f"the log and the lock of {holder} show whose it is",
        )
    return known


def _refuse_another_request(
    session: WritingSession, item: Submission, provider: Provider, model: Model, known: str
) -> None:
    """Poll an id once where the answer says what the job was made from. Raises UsageError when that is another request.

    Without a key nothing can be asked: the run that fetches the audio looks at its answer, too.
    """
    if provider.echo is None or session.project.rehearsal:
        return
    with suppress(ApiKeyError), session.client(provider) as client:
        reading = client.poll(model, id=known, told_for=item.params)
        if reading.verdict is Verdict.ANOTHER:
            raise UsageError(reading.message, help="look for the id whose model and prompt are those of this request")


def _is_told_already(session: Session, item: Submission, known: str) -> bool:
    """Say whether another submission of the same request of the same job has this id.

    That happens where the receipt reached the lock, and the journal's own row could not be written.
    """
    from runner.records.lock import ProviderJobId

    if item.phase not in PAYMENT_UNKNOWN:
        return False
    others = (other for other in session.submissions if other.job == item.job and other.attempt != item.attempt)
    told = ProviderJobId.of(known)
    return any(other.fingerprint == item.fingerprint and other.request_id == told for other in others)
