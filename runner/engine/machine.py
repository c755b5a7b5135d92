"""The life of one submission, as a pure function of its journal rows.

    planned → intent → answered → accepted → ready → fetched → placed → done
                 │         │          ├→ failed · stalled · lost
                 │         │          └→ expired · bad_content
                 ├→ not_sent   proven: no byte left this machine
                 ├→ rejected   proven: the provider did not execute it
                 └→ unknown    it may have been charged: held for a person to decide

`state.submissions` folds rows into a Submission, `step` says what to do next, and the other functions turn what
happened into the next rows. Nothing here reads a clock or spends money.
"""

from __future__ import annotations

import base64
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from runner.records.exchange import EMULATOR_HEADER, Verdict
from runner.records.lock_json import take_to_json
from runner.records.submission import Event, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.exchange import Media, Reading, Reply
    from runner.records.lock import Take
    from runner.records.request import Request
    from runner.records.source import Json
    from runner.records.submission import Submission

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


def planned(
    request: Request, *, attempt: str, fingerprint: str, price_usd: str | None, private: bool, at: str
) -> Event:
    """Return the first row of a new submission. `private`: the ids of its provider hold personal data."""
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
            "private": private,
            **({"roll": request.roll, "roll_of": request.roll_of} if request.roll else {}),
        },
    )


def event(submission: Submission, phase: Phase, *, at: str, **data: Json) -> Event:
    """Return the row that moves a submission of this journal to `phase`; values that are None are left out."""
    assert submission.attempt, "the submission is not in this journal"
    kept = {name: value for name, value in data.items() if value is not None}
    return Event(at=at, job=submission.job, attempt=submission.attempt, phase=phase, data=kept)


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


def _media_to_json(item: Media) -> Mapping[str, Json]:
    kept = {"url": item.url, "media_type": item.media_type, "seed": item.seed, "kept": item.kept}
    return {name: value for name, value in kept.items() if value is not None}
