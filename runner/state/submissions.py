"""Submissions, folded from the rows of a journal: a pure function of them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, assert_never

from runner.frozen import replace
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
        item = submissions.get(row.attempt)
        if item is None:
            submissions[row.attempt] = _planned(row)
            continue
        for name, value in _changes(item, row).items():
            # Nobody else has this record yet; a new one for each row takes five times as long.
            object.__setattr__(item, name, value)
    return submissions


def advance(submission: Submission | None, row: Event) -> Submission:
    """Return the submission after one more row. It belongs to the job of its last row."""
    return _planned(row) if submission is None else replace(submission, **_changes(submission, row))


def _changes(before: Submission, row: Event) -> dict[str, Any]:
    """Return the fields of a submission that a row changes, with their values after it."""
    data = row.data
    moved = {"job": row.job, "phase": row.phase, "message": data.get("message", "")}
    match row.phase:
        case Phase.INTENT:
            return moved | {"sent": True}
        case Phase.NOT_SENT:
            return moved | {"sent": False, "answer": None}
        case Phase.ANSWERED:
            return moved | {"submitted_at": row.at, "answer": _reply_from_json(data["reply"])}
        case Phase.ACCEPTED:
            accepted = {
                "sent": True,
                "answer": None,
                "submitted_at": before.submitted_at or row.at,
                "poll_url": data.get("poll_url", before.poll_url),
                "refreshes": data.get("refreshes", before.refreshes),
                "private": data.get("private", before.private),
            }
            return moved | accepted | _new_id(before, data)
        case Phase.READY:
            return moved | {"media": tuple(_media_from_json(item) for item in data["media"])}
        case Phase.FETCHED:
            numbered = enumerate(data["takes"], start=1)
            takes = tuple(take_from_json({"number": number, **item}) for number, item in numbered)
            return moved | {"takes": takes, "price_usd": data.get("price_usd", before.price_usd)}
        case Phase.UNKNOWN:
            return moved | {"sent": True, "answer": None}
        case Phase.FAILED | Phase.REJECTED:
            told = before.is_told and data.get("via") != A_PERSON
            return moved | {"answer": None, "charged": data.get("charged"), "is_told": told}
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
        roll=data.get("roll", 0),
        roll_of=data.get("roll_of"),
    )


def _new_id(before: Submission, data: Mapping[str, Json]) -> dict[str, Any]:
    """Return what the id of a row changes; what was fetched by a wrong id, which a person corrects, is forgotten."""
    if "request_id" not in data:
        return {}
    known, held = ProviderJobId.parse(data["request_id"]), before.request_id
    # A digest in the lock proves the id that a person tells for it.
    by_person = data.get("via") == A_PERSON and not before.is_hidden
    told = data.get("told", before.told + by_person)
    named = {"request_id": known, "told": told, "is_told": by_person or data.get("told", 0) > 0}
    if held in (None, known):
        return named
    earlier = (before.earlier_ids | {held}) - {known}
    return named | {"earlier_ids": earlier, "poll_url": data.get("poll_url"), "media": (), "takes": ()}


def _media_from_json(data: Mapping[str, Json]) -> Media:
    return Media(url=data.get("url"), media_type=data.get("media_type"), seed=data.get("seed"), kept=data.get("kept"))


def _reply_from_json(data: Mapping[str, Json]) -> Reply:
    body = base64.b64decode(data["body"])
    return Reply(status=data["status"], headers=data["headers"], body=body, kept=data.get("kept"))
