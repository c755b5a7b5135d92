"""Submissions, folded from the rows of a journal: a pure function of them."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from runner.records.exchange import Media, Reply
from runner.records.lock import ProviderJobId
from runner.records.lock_json import take_from_json
from runner.records.submission import A_PERSON, Event, Phase, Submission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.records.source import Json


def fold(events: Iterable[Event]) -> dict[str, Submission]:
    """Return attempt → Submission over a journal, in the order the attempts were made."""
    submissions: dict[str, Submission] = {}
    for row in events:
        submissions[row.attempt] = advance(submissions.get(row.attempt), row)
    return submissions


def advance(submission: Submission | None, row: Event) -> Submission:
    """Return the submission after one more row. It belongs to the job of its last row."""
    if submission is None:
        return _planned(row)
    data = row.data
    moved = replace(submission, job=row.job, phase=row.phase, message=data.get("message", ""))
    match row.phase:
        case Phase.INTENT:
            return replace(moved, sent=True)
        case Phase.NOT_SENT:
            return replace(moved, sent=False, answer=None)
        case Phase.ANSWERED:
            return replace(moved, submitted_at=row.at, answer=_reply_from_json(data["reply"]))
        case Phase.ACCEPTED:
            accepted = replace(
                moved,
                sent=True,
                answer=None,
                submitted_at=submission.submitted_at or row.at,
                poll_url=data.get("poll_url", submission.poll_url),
                refreshes=data.get("refreshes", submission.refreshes),
                private=data.get("private", submission.private),
            )
            return _with_id(accepted, data)
        case Phase.READY:
            return replace(moved, media=tuple(_media_from_json(item) for item in data["media"]))
        case Phase.FETCHED:
            numbered = enumerate(data["takes"], start=1)
            takes = tuple(take_from_json({"number": number, **item}) for number, item in numbered)
            return replace(moved, takes=takes, price_usd=data.get("price_usd", submission.price_usd))
        case Phase.UNKNOWN:
            return replace(moved, sent=True, answer=None)
        case Phase.FAILED | Phase.REJECTED:
            told = submission.is_told and data.get("via") != A_PERSON
            return replace(moved, answer=None, charged=data.get("charged"), is_told=told)
        case Phase.PLACED | Phase.DONE:
            return moved
        case Phase.PLANNED | Phase.STALLED | Phase.LOST | Phase.EXPIRED | Phase.BAD_CONTENT:
            return moved
    assert_never(row.phase)


def _planned(row: Event) -> Submission:
    data = row.data
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
        private=data.get("private"),
    )


def _with_id(item: Submission, data: Mapping[str, Json]) -> Submission:
    """Return a submission with the id of a row; what was fetched by a wrong id, which a person corrects, is forgotten."""
    if "request_id" not in data:
        return item
    known, before = ProviderJobId.parse(data["request_id"]), item.request_id
    # A digest in the lock proves the id that a person tells for it.
    by_person = data.get("via") == A_PERSON and not item.is_hidden
    told = data.get("told", item.told + by_person)
    named = replace(item, request_id=known, told=told, is_told=by_person or data.get("told", 0) > 0)
    if before in (None, known):
        return named
    earlier = (item.earlier_ids | {before}) - {known}
    return replace(named, earlier_ids=earlier, poll_url=data.get("poll_url"), media=(), takes=())


def _media_from_json(data: Mapping[str, Json]) -> Media:
    return Media(url=data.get("url"), media_type=data.get("media_type"), seed=data.get("seed"), kept=data.get("kept"))


def _reply_from_json(data: Mapping[str, Json]) -> Reply:
    body = base64.b64decode(data["body"])
    return Reply(status=data["status"], headers=data["headers"], body=body, kept=data.get("kept"))
