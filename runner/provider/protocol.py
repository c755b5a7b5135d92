"""Speak a provider's API: parameters become a Call, a Reply becomes a Reading.

The rule behind every line of `read_submit`: an answer that does not prove otherwise may have cost money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from runner.provider.calls import cancel_call, list_call, poll_call, submit_call
from runner.provider.media import read_media
from runner.provider.responses import (
    MAX_INLINE_AUDIO,
    MAX_JSON,
    BadJsonError,
    clean,
    find,
    positive,
    read_json,
    reason,
    retry_after,
    valid_id,
)
from runner.records.address import origin
from runner.records.exchange import Cancellation, Media, Reading, Verdict
from runner.records.provider import ErrorGroup

if TYPE_CHECKING:
    from runner.records.catalog import Model
    from runner.records.exchange import Reply
    from runner.records.provider import ErrorRow, Provider
    from runner.records.source import Json

__all__ = ["cancel_call", "list_call", "poll_call", "read_cancel", "read_poll", "read_submit", "submit_call"]

POLL_REFUSALS = {401: ErrorGroup.AUTH, 403: ErrorGroup.AUTH, 404: ErrorGroup.MISSING, 410: ErrorGroup.MISSING}
"""What a status means on a poll where the table has no row. Every other status proves nothing: another poll is free."""

POLLED = (200, 201, 202)
CANCELLED = (200, 204)
"""Statuses that prove a cancellation. 202 only says that the request was received; a redirect leads to a sign-in page."""
REDIRECT, REFUSED, SERVER_FAULT = 300, 400, 500


def answer_limit(provider: Provider) -> int:
    """Return how many bytes an answer may have: few, unless the provider puts the audio itself into it."""
    transform = provider.result.transform if provider.result else None
    inline = transform is not None and transform.is_inline
    return MAX_INLINE_AUDIO if inline or provider.mode.answers_audio else MAX_JSON


# ---------------------------------------------------------------- answers to a submission


def read_submit(provider: Provider, model: Model, reply: Reply) -> Reading:
    """Return what the answer to a submission means: ACCEPTED, DONE, FAILED or REJECTED with proof, else UNKNOWN."""
    if reply.status in provider.accepted and provider.mode.answers_audio:
        return _read_bytes(provider, model, reply)
    document, fault = _document(provider, reply)
    if reply.status in provider.accepted:
        taken = _read_taken(provider, model, document)
        if taken is not None:
            return taken
        word = _word(provider, document)
        status = "" if word is None else f"status {clean(word)} and "
        fault = fault or f"the answer contains {status}neither audio nor a usable id"
    text = reason(provider.error_paths, document)
    row = _row(provider, reply.status, text)
    said, pause = _said(provider, reply, text or fault), retry_after(reply.headers)
    if row is None or not row.group.proves_rejection:
        return Reading(verdict=Verdict.UNKNOWN, message=said, retry_after_s=pause)
    return Reading(verdict=Verdict.REJECTED, group=row.group, message=said, help=row.help, retry_after_s=pause)


def _read_taken(provider: Provider, model: Model, document: Json) -> Reading | None:
    """Find the proof that a submission was accepted: audio in a synchronous answer, else an id that can be polled."""
    receipt = valid_id(find(provider.id_path, document))
    if provider.mode.answers_result:
        ended = _read_done(provider, model, document) or _read_failed(provider, document)
        if ended is not None:
            return ended
    if receipt is None or provider.poll is None:
        return None
    url = find(provider.poll.url_from, document)
    poll_url = url if isinstance(url, str) and origin(url) else None
    return Reading(verdict=Verdict.ACCEPTED, id=receipt, poll_url=poll_url, word=_word(provider, document))


def _read_bytes(provider: Provider, model: Model, reply: Reply) -> Reading:
    """Read an answer that is the audio itself; text of any kind is no audio, and may still have been charged."""
    kind = reply.headers.get("content-type", model.media_types[0]).partition(";")[0].strip().lower()
    if reply.body and (kind.startswith("audio/") or kind == "application/octet-stream"):
        return Reading(verdict=Verdict.DONE, media=(Media(data=reply.body, media_type=kind),))
    fault = f"the answer is {clean(kind)}, not audio" if reply.body else "the answer is empty"
    return Reading(verdict=Verdict.UNKNOWN, message=_said(provider, reply, fault))


# ---------------------------------------------------------------- answers to a poll


def read_poll(provider: Provider, model: Model, reply: Reply, *, id: str) -> Reading:
    """Return what the answer to a poll means; an answer that proves nothing is RETRY, since another poll is free."""
    document, fault = _document(provider, reply)
    if reply.status not in POLLED:
        text = reason(provider.error_paths, document)
        row = _row(provider, reply.status, text)
        group = row.group if row else POLL_REFUSALS.get(reply.status)
        said, pause = _said(provider, reply, text or fault), retry_after(reply.headers)
        verdict = _poll_refusal(group)
        if verdict is not Verdict.REFUSED:
            return Reading(verdict=verdict, message=said, retry_after_s=pause)
        return Reading(verdict=verdict, group=group, message=said, help=row.help if row else None, retry_after_s=pause)
    if fault:
        return _again(provider, reply, fault)
    named = find(provider.id_path, document)
    if named is not None and str(named) != id:
        return _again(provider, reply, "the answer is about another job")
    return _read_state(provider, model, reply, document)


def _poll_refusal(group: ErrorGroup | None) -> Verdict:
    match group:
        case ErrorGroup.AUTH | ErrorGroup.ACCOUNT:
            return Verdict.REFUSED
        case ErrorGroup.MISSING:
            return Verdict.MISSING
        case ErrorGroup.BALANCE | ErrorGroup.RATE | ErrorGroup.BUSY | ErrorGroup.INVALID | ErrorGroup.TRANSIENT | None:
            return Verdict.RETRY
    assert_never(group)


def _read_state(provider: Provider, model: Model, reply: Reply, document: Json) -> Reading:
    """Read the status word and the final flag: the flag decides whether the job has ended, the word decides how."""
    word = _word(provider, document)
    if provider.status is None or word is None:
        return _again(provider, reply, "the answer names no status")
    state = provider.status.words.get(word)
    over = find(provider.status.final_path, document)
    shown = clean(word)
    if over is False or (over is not True and state in {"waiting", None}):
        pause = retry_after(reply.headers)
        return Reading(verdict=Verdict.WAITING, word=shown, known=state is not None, retry_after_s=pause)
    failed = _read_failed(provider, document)
    if failed is not None:
        return failed
    done = _read_done(provider, model, document)
    if done is not None:
        return replace(done, word=shown, known=state is not None)
    if state is None:
        said = f"{provider.title} reports that the job has ended with the unknown status {shown} and no audio"
        return Reading(verdict=Verdict.FAILED, word=shown, known=False, message=said)
    return replace(_again(provider, reply, f"the answer has status {shown} and no audio"), verdict=Verdict.EMPTY)


# ---------------------------------------------------------------- answers to a cancellation


def read_cancel(provider: Provider, reply: Reply, *, id: str) -> Cancellation:
    """Return whether an answer proves that the job was cancelled, and why it does not."""
    try:
        document = read_json(reply.body) if reply.body.strip() else None
        text = reason(provider.error_paths, document)
    except BadJsonError as error:
        document, text = None, str(error)
    named = find(provider.id_path, document)
    if not text and named is not None and str(named) != id:
        text = "the answer is about another job"
    if reply.status in CANCELLED and not text:
        return Cancellation(confirmed=True)
    return Cancellation(
        confirmed=False, message=f"{provider.title} answered {reply.status}: {text or 'no reason given'}"
    )


# ---------------------------------------------------------------- parts of both


def _read_done(provider: Provider, model: Model, document: Json) -> Reading | None:
    """Read the audio of an answer; a type the provider does not name is the model's, where it has only one."""
    if provider.result is None:
        return None
    media = read_media(provider.result, document, base_url=provider.base_url)
    promised = model.media_types[0] if len(model.media_types) == 1 else None
    typed = tuple(replace(take, media_type=take.media_type or promised) for take in media)
    seconds = positive(find(provider.result.seconds, document))
    receipt = valid_id(find(provider.id_path, document))
    return Reading(verdict=Verdict.DONE, id=receipt, media=typed, seconds=seconds) if typed else None


def _read_failed(provider: Provider, document: Json) -> Reading | None:
    """Read an answer that says that the job failed: why, and whether that is documented as not charged."""
    word = _word(provider, document)
    if provider.status is None or word is None or provider.status.words.get(word) != "failed":
        return None
    shown = clean(word)
    said = reason(provider.error_paths, document) or f"{provider.title} reports {shown} and gives no reason"
    charged = False if word in provider.status.uncharged else None
    return Reading(verdict=Verdict.FAILED, word=shown, message=said, charged=charged)


def _document(provider: Provider, reply: Reply) -> tuple[Json, str]:
    """Return the parsed body, or None and why it is not valid JSON."""
    try:
        return read_json(reply.body, limit=answer_limit(provider)), ""
    except BadJsonError as error:
        return None, str(error)


def _row(provider: Provider, status: int, text: str) -> ErrorRow | None:
    return next((row for row in provider.errors if _matches(row, status, text)), None)


def _matches(row: ErrorRow, status: int, text: str) -> bool:
    """Match one row; a row for any status stops short of 5xx, which prove nothing unless a row names them."""
    fits = status < SERVER_FAULT if row.status is None else row.status == status
    return fits and (row.contains is None or row.contains in text)


def _word(provider: Provider, document: Json) -> str | None:
    """Read the status word; an integer or a boolean is written as JSON writes it."""
    value = find(provider.status.path, document) if provider.status else None
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
        case _:
            return None


def _again(provider: Provider, reply: Reply, fault: str) -> Reading:
    return Reading(
        verdict=Verdict.RETRY, message=_said(provider, reply, fault), retry_after_s=retry_after(reply.headers)
    )


def _said(provider: Provider, reply: Reply, text: str) -> str:
    target = origin(reply.headers.get("location", ""))
    if REDIRECT <= reply.status < REFUSED and target is not None:
        text = f"go to {target[1]}, which is not followed"
    return f"{provider.title} answered {reply.status}: {text or 'no reason given'}"
