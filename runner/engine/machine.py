"""The life of one submission, as a pure function of its journal rows.

    planned → intent → answered → accepted → ready → fetched → placed → done
                 │         │          ├→ failed · stalled · lost
                 │         │          └→ expired · bad_content
                 ├→ not_sent   proven: no byte left this machine
                 ├→ rejected   proven: the provider did not execute it
                 └→ unknown    it may have been charged: held for a person to decide

`fold` turns rows into a Submission, `step` says what to do next, and the other functions turn what happened into
the next rows. Nothing here reads a clock or spends money.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from runner.records.exchange import EMULATOR_HEADER, Media, Reading, Reply, Verdict
from runner.records.lock import ProviderJobId, take_from_json, take_to_json
from runner.records.submission import A_PERSON, Event, Phase, Submission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.records.lock import Take
    from runner.records.request import Request
    from runner.records.source import Json

MAX_REFRESHES = 3
"""How often a new link is requested in place of a dead one."""


class Step(StrEnum):
    """What a submission needs next."""

    SUBMIT = "submit"
    READ_ANSWER = "read answer"
    FIND = "find"
    POLL = "poll"
    FETCH = "fetch"
    PLACE = "place"
    GIVE_UP = "give up"
    HOLD = "hold"
    END = "end"


def planned(request: Request, *, attempt: str, fingerprint: str, price_usd: str | None, at: str) -> Event:
    """Return the first row of a new submission."""
    return Event(
        at=at,
        job=request.job,
        attempt=attempt,
        phase=Phase.PLANNED,
        data={
            "model": request.model.id,
            "params": dict(request.params),
            "fingerprint": fingerprint,
            "seed_param": request.model.seed.param if request.model.seed else None,
            "price_usd": price_usd,
        },
    )


def event(submission: Submission, phase: Phase, *, at: str, **data: Json) -> Event:
    """Return the row that moves a submission of this journal to `phase`; values that are None are left out."""
    assert submission.attempt is not None, "the submission is not in this journal"
    kept = {name: value for name, value in data.items() if value is not None}
    return Event(at=at, job=submission.job, attempt=submission.attempt, phase=phase, data=kept)


def fold(events: Iterable[Event]) -> dict[str, Submission]:
    """Return attempt → Submission over a journal, in the order the attempts were made."""
    submissions: dict[str, Submission] = {}
    for row in events:
        submissions[row.attempt] = advance(submissions.get(row.attempt), row)
    return submissions


def advance(submission: Submission | None, row: Event) -> Submission:
    """Return the submission after one more row."""
    data = row.data
    if submission is None:
        return Submission(
            job=row.job,
            attempt=row.attempt,
            phase=row.phase,
            model=data["model"],
            params=data["params"],
            fingerprint=data["fingerprint"],
            seed_param=data.get("seed_param"),
            price_usd=data.get("price_usd"),
            planned_at=row.at,
            request_id=_job_id(data),
            poll_url=data.get("poll_url"),
            submitted_at=data.get("submitted_at"),
        )
    moved = replace(submission, phase=row.phase, message=data.get("message", ""))
    match row.phase:
        case Phase.ANSWERED:
            return replace(moved, submitted_at=row.at, answer=_reply_from_json(data["reply"]))
        case Phase.ACCEPTED:
            return _accepted(moved, row)
        case Phase.READY:
            return replace(moved, media=tuple(_media_from_json(item) for item in data["media"]))
        case Phase.FETCHED:
            takes = tuple(take_from_json(item) for item in data["takes"])
            return replace(moved, takes=takes, price_usd=data.get("price_usd", submission.price_usd))
        case Phase.PLACED | Phase.DONE:
            return moved
        case Phase.FAILED | Phase.REJECTED | Phase.NOT_SENT | Phase.UNKNOWN:
            told = submission.is_told and data.get("via") != A_PERSON
            return replace(moved, answer=None, charged=data.get("charged"), is_told=told)
        case Phase.PLANNED | Phase.INTENT | Phase.STALLED | Phase.LOST | Phase.EXPIRED | Phase.BAD_CONTENT:
            return moved
    assert_never(row.phase)


def _accepted(submission: Submission, row: Event) -> Submission:
    """Return the submission after it was accepted, resumed, or given another id, with which nothing was fetched yet."""
    data, before = row.data, submission.request_id
    named = _job_id(data)
    accepted = replace(
        submission,
        answer=None,
        submitted_at=submission.submitted_at or row.at,
        request_id=named or before,
        poll_url=data.get("poll_url", submission.poll_url),
        refreshes=data.get("refreshes", submission.refreshes),
    )
    if named is None:
        return accepted
    if before not in (None, named):
        accepted = replace(accepted, media=(), takes=(), poll_url=data.get("poll_url"))
    return replace(accepted, is_told=data.get("via") == A_PERSON and not submission.is_hidden)


def step(submission: Submission, *, local: bool, polled: bool) -> Step:
    """Return what a submission needs next. `local`: the model runs here; `polled`: the provider can be polled."""
    match submission.phase:
        case Phase.PLANNED | Phase.NOT_SENT | Phase.REJECTED:
            return Step.FETCH if local else Step.SUBMIT
        case Phase.INTENT | Phase.UNKNOWN:
            return Step.HOLD
        case Phase.ANSWERED:
            return Step.READ_ANSWER
        case Phase.ACCEPTED | Phase.STALLED | Phase.EXPIRED:
            if not polled:
                return Step.FETCH if submission.media else Step.GIVE_UP
            return Step.FIND if submission.is_hidden else Step.POLL
        case Phase.READY:
            return Step.FETCH
        case Phase.FETCHED | Phase.PLACED:
            return Step.PLACE
        case Phase.DONE | Phase.FAILED | Phase.LOST | Phase.BAD_CONTENT:
            return Step.END
    assert_never(submission.phase)


def adopted(item: Submission, *, attempt: str, at: str) -> tuple[Event, Event]:
    """Return the rows that enter a receipt that only the lock knew into the journal, as an attempt of its own."""
    data = {"model": item.model, "params": dict(item.params), "fingerprint": item.fingerprint}
    price = {"seed_param": item.seed_param, "price_usd": item.price_usd}
    opened = Event(at=at, job=item.job, attempt=attempt, phase=Phase.PLANNED, data=data | price)
    receipt = {"request_id": str(item.request_id), "poll_url": item.poll_url}
    return opened, event(advance(None, opened), Phase.ACCEPTED, at=item.submitted_at or at, **receipt)


def answered(submission: Submission, reply: Reply, *, at: str) -> Event:
    """Return the row that records a raw answer before it is parsed; a body in the store is only named."""
    stored = {
        "status": reply.status,
        "headers": {
            name: value
            for name, value in reply.headers.items()
            if name in ("content-type", "retry-after", "date", "location", EMULATOR_HEADER)
        },
        "body": base64.b64encode(reply.body).decode(),
        "kept": reply.kept,
    }
    return event(submission, Phase.ANSWERED, at=at, reply=stored)


def after_answer(submission: Submission, reading: Reading, *, at: str) -> tuple[Event, ...]:
    """Return the rows that record what the answer to a submission means."""
    match reading.verdict:
        case Verdict.ACCEPTED:
            return (event(submission, Phase.ACCEPTED, at=at, request_id=reading.id, poll_url=reading.poll_url),)
        case Verdict.DONE:
            accepted = event(submission, Phase.ACCEPTED, at=at, request_id=reading.id)
            return (accepted, ready(submission, reading, at=at))
        case Verdict.REJECTED:
            return (
                event(
                    submission,
                    Phase.REJECTED,
                    at=at,
                    group=reading.group,
                    message=reading.message,
                    retry_after_s=reading.retry_after_s,
                    charged=False,
                ),
            )
        case Verdict.FAILED:
            return (event(submission, Phase.FAILED, at=at, message=reading.message, charged=reading.charged),)
        case (
            Verdict.UNKNOWN
            | Verdict.WAITING
            | Verdict.EMPTY
            | Verdict.RETRY
            | Verdict.REFUSED
            | Verdict.MISSING
            | Verdict.ANOTHER
        ):
            return (event(submission, Phase.UNKNOWN, at=at, message=reading.message),)
    assert_never(reading.verdict)


def ready(submission: Submission, reading: Reading, *, at: str) -> Event:
    """Return the row that records the links of a finished job."""
    return event(submission, Phase.READY, at=at, media=[_media_to_json(item) for item in reading.media])


def fetched(submission: Submission, takes: tuple[Take, ...], *, at: str, price_usd: str | None) -> Event:
    """Return the row that records that all takes are in the store; `price_usd` where it depends on their length."""
    return event(submission, Phase.FETCHED, at=at, takes=[take_to_json(take) for take in takes], price_usd=price_usd)


def expired(submission: Submission, message: str, *, at: str) -> Event:
    """Return the row for a dead link: a new one is requested while refreshes are left, then EXPIRED."""
    if submission.refreshes < MAX_REFRESHES:
        return event(submission, Phase.ACCEPTED, at=at, refreshes=submission.refreshes + 1)
    return event(submission, Phase.EXPIRED, at=at, message=message)


def _job_id(data: Mapping[str, Json]) -> ProviderJobId | None:
    text = data.get("request_id")
    return None if text is None else ProviderJobId.parse(text)


def _media_to_json(item: Media) -> Mapping[str, Json]:
    kept = {"url": item.url, "media_type": item.media_type, "seed": item.seed, "kept": item.kept}
    return {name: value for name, value in kept.items() if value is not None}


def _media_from_json(data: Mapping[str, Json]) -> Media:
    return Media(url=data.get("url"), media_type=data.get("media_type"), seed=data.get("seed"), kept=data.get("kept"))


def _reply_from_json(data: Mapping[str, Json]) -> Reply:
    body = base64.b64decode(data["body"])
    return Reply(status=data["status"], headers=data["headers"], body=body, kept=data.get("kept"))
