"""`cancel`: cancel a job at its provider, as far as the provider proves it.

A cancelled job keeps its receipt: it may keep running, be charged and end with audio. So it is treated as one that
ended without its audio: the next run asks for it once more, free, and only --force pays for a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.commands.targets import model_of
from runner.errors import UsageError
from runner.records.exchange import Verdict
from runner.records.submission import A_PERSON, CANCELLABLE, FINISHED, PAYMENT_UNKNOWN, Phase
from runner.report.cancel import CancelReport, CancelResult
from runner.report.commands import resolve_command

if TYPE_CHECKING:
    from runner.commands.session import Session, WritingSession
    from runner.records.catalog import Model
    from runner.records.exchange import Reading
    from runner.records.provider import Provider
    from runner.records.submission import Submission

_MEANING = {
    "stops-job": "the provider stops the job",
    "stops-tracking": "the provider stops tracking it; the job itself may keep running and be charged",
}
_KEPT = (
    "its receipt is kept: the next run asks the provider for its audio once more, free; only --force pays for a new one"
)
_IS_FINISHED = "it has finished; scorefile run downloads it, free"
_NO_WAY = "the provider has no way to cancel a job; it keeps running, and the next run downloads it"
_NO_ID = "its id is not known on this machine; scorefile run looks it up, then it can be cancelled"


def cancel(session: Session) -> CancelReport:
    """Cancel every unfinished submission of the named jobs, where its provider can.

    Raises UsageError when no job is named, or a named one has no unfinished submission.
    """
    names = session.options.wanted.names
    if not names:
        raise UsageError("no job was named", help="name the jobs to cancel; scorefile status lists the unfinished ones")
    with session.writing() as held:
        found = [(name, _unfinished(held, name)) for name in names]
        alone = {id(items[0]) for _, items in found if len(items) == 1}
        items = {id(item): item for _, named in found for item in named}
        results = tuple(_cancel_one(held, item, is_alone=id(item) in alone) for item in items.values())
    return CancelReport(results=results)


def _unfinished(session: Session, name: str) -> tuple[Submission, ...]:
    """Return the submissions of a name that could be cancelled. Raises UsageError when there is none."""
    targets = session.targets
    named = targets.named(name, targets.submissions)
    found = tuple(item for item in named if item.phase in FINISHED | CANCELLABLE)
    if found:
        return found
    help_ = "scorefile status lists the unfinished submissions"
    unknown = next((item for item in named if item.phase in PAYMENT_UNKNOWN), None)
    if unknown is not None:
        options = session.options
        line = resolve_command(options.file, targets.short_name(unknown), rehearse=options.rehearse)
        help_ = f"the payment status of {name} is unknown: {line} shows what is known of it, and settles it"
    raise UsageError(f"{name} has no unfinished submission", help=help_)


def _cancel_one(session: WritingSession, item: Submission, *, is_alone: bool) -> CancelResult:
    provider, model = model_of(session.catalog, item)
    why = _why_not(session, item, provider, model)
    name = item.job if is_alone else session.targets.full_name(item)
    if why is not None:
        return CancelResult(name=name, done=False, meaning=why)
    assert provider.cancel is not None
    message = f"cancelled by a person ({provider.cancel.meaning}); it may have been charged"
    session.record(item, Phase.LOST, message=message, via=A_PERSON)
    return CancelResult(name=name, done=True, meaning=f"{_MEANING[provider.cancel.meaning]}; {_KEPT}")


def _why_not(session: Session, item: Submission, provider: Provider, model: Model) -> str | None:
    """Cancel a submission and return None, or say why it is not cancelled."""
    if item.phase in FINISHED:
        return _IS_FINISHED
    if provider.cancel is None or provider.poll is None:
        return _NO_WAY
    known = None if item.request_id is None else item.request_id.plain
    if known is None:
        return _NO_ID
    with session.client(provider) as client:
        why = _unless_running(client.poll(model, id=known))
        if why is not None:
            return why
        answer = client.cancel(known)
        return None if answer.confirmed else answer.message


def _unless_running(state: Reading) -> str | None:
    """Say why a job in this state is not cancelled; None when it is known to run."""
    match state.verdict:
        case Verdict.WAITING:
            return None
        case Verdict.DONE:
            return _IS_FINISHED
        case Verdict.FAILED:
            return f"it has already failed: {state.message}"
        case _:
            return f"it is unknown whether it is still running, so no cancellation was sent: {state.message}"
