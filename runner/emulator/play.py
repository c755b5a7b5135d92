"""A provider's recorded replies, filled in for one job. Pure."""

from __future__ import annotations

from dataclasses import field
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

import jmespath

from runner.emulator.ids import model_in
from runner.emulator.paths import EACH, place, steps
from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from runner.records.provider import Provider
    from runner.records.source import Json

MESSAGE = "This failure was planned for the rehearsal."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer with a JSON body."""

    status: int
    json: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the answers about one job contain.

    `ids` has the job's id, then one for each further take; `media` has a link or the audio itself for each take.
    """

    ids: tuple[str, ...]
    model: str
    body: Mapping[str, Json]
    created: datetime
    now: datetime
    poll_url: str = ""
    media: tuple[str, ...] = ()
    media_type: str = ""
    seeds: tuple[int, ...] = ()
    seconds: float = 0.0
    message: str = field(default=MESSAGE)


def waiting_words(provider: Provider) -> tuple[str, ...]:
    """Return the provider's words for a job that has not ended, in the order in which a job has them."""
    rules = provider.status
    return tuple(word for word, state in rules.words.items() if state == "waiting") if rules else ()


def accepted(provider: Provider, facts: Facts) -> Answer:
    """Return the answer to an accepted submission."""
    words = waiting_words(provider)
    return _filled(provider, "accepted", facts, word=words[0] if words else None)


def waiting(provider: Provider, facts: Facts, word: str) -> Answer:
    """Return the poll answer of a job whose status is `word`; for the first word it agrees with the submission's answer."""
    answer = _filled(provider, "waiting", facts, word=word)
    if word != waiting_words(provider)[0]:
        return answer
    first = accepted(provider, facts).json
    agreed = {name: first[name] for name in answer.json if not isinstance(first.get(name), dict | list | None)}
    return Answer(status=answer.status, json=answer.json | agreed)


def done(provider: Provider, facts: Facts) -> Answer:
    """Return the answer that contains the audio or its links."""
    answer = _filled(provider, "done", facts, word=_final_word(provider, "done"))
    rules = provider.result
    if rules is None:
        return answer
    filled = answer.json
    if rules.media:
        filled = _spread(filled, rules.media, list(facts.media))
    if rules.seeds:
        filled = _spread(filled, rules.seeds, list(facts.seeds))
    if rules.media_type:
        filled = place(filled, steps(rules.media_type), facts.media_type)
    if rules.seconds:
        seconds = int(facts.seconds) if facts.seconds.is_integer() else facts.seconds
        filled = place(filled, steps(rules.seconds), seconds)
    return Answer(status=answer.status, json=filled)


def failed(provider: Provider, facts: Facts, word: str | None = None) -> Answer:
    """Return the poll answer of a job that failed, with `word` or else the recorded one."""
    answer = _filled(provider, "failed", facts, word=word or _final_word(provider, "failed"))
    return Answer(status=answer.status, json=_with_message(provider, answer.json, facts.message, answer.status))


def error(provider: Provider, status: int, message: str | None = None) -> Answer:
    """Return the recorded error with `status`; when none is recorded, `message` in the form of another recorded error."""
    recorded = provider.replies.get("errors", ())
    same = next((reply for reply in recorded if reply["status"] == status), None)
    if same is not None and message is None:
        return Answer(status=status, json=same["json"])
    shape = same or next(iter(recorded), {"status": status, "json": {}})
    filled = _with_message(provider, shape["json"], message or phrase(status), status)
    return Answer(
        status=status, json={name: status if value == shape["status"] else value for name, value in filled.items()}
    )


def listing(provider: Provider, jobs: tuple[tuple[Answer, Facts], ...]) -> Answer:
    """Return the provider's list of jobs, each as its poll answer shows it, with its prompt and creation time."""
    rules = provider.listing
    assert rules is not None, "only a provider with a list has this operation"
    recorded = provider.replies.get("list", {"status": 200, "json": {}})
    items = []
    for answer, facts in jobs:
        item = place(answer.json, steps(rules.id), facts.ids[0])
        item = place(item, steps(rules.prompt), facts.body.get("prompt", ""))
        items.append(place(item, steps(rules.created), _stamp("T", facts.created)))
    return Answer(status=recorded["status"], json=place(recorded["json"], steps(rules.items), items))


def phrase(status: int) -> str:
    """Return the reason phrase of an HTTP status, or the number itself."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)


def _final_word(provider: Provider, state: Literal["done", "failed"]) -> str | None:
    """Return the word in the recorded answer, or else the first word for `state`."""
    rules = provider.status
    if rules is None:
        return None
    recorded = str(jmespath.search(rules.path, provider.replies[state]["json"]))
    if rules.words.get(recorded) == state:
        return recorded
    return next(word for word, meaning in rules.words.items() if meaning == state)


def _filled(provider: Provider, name: str, facts: Facts, *, word: str | None) -> Answer:
    """Return the recorded reply `name` with this job's id, model, request fields, times and status.

    Id and status are written where the recorded reply has them: it need not have the shape of the others.
    """
    recorded = provider.replies[name]
    own_id = jmespath.search(provider.id_path, recorded["json"]) if provider.id_path else None
    old_id = own_id or _accepted_id(provider)
    old_model = model_in(provider.id_shape, str(old_id))
    filled = _rewritten(recorded["json"], facts, str(old_id or ""), old_model)
    if provider.id_path and own_id is not None:
        filled = _with_ids(filled, provider.id_path, facts.ids)
    if provider.poll and provider.poll.url_from and name == "accepted":
        filled = place(filled, steps(provider.poll.url_from), facts.poll_url)
    if provider.status and word is not None:
        filled = _with_word(filled, provider.status.path, word)
        if provider.status.final_path and jmespath.search(provider.status.final_path, filled) is not None:
            over = provider.status.words.get(word, "waiting") != "waiting"
            filled = place(filled, steps(provider.status.final_path), over)
    return Answer(status=recorded["status"], json=filled)


def _accepted_id(provider: Provider) -> Json:
    """Return the id in the recorded answer to a submission; None where there is no such answer."""
    recorded = provider.replies.get("accepted")
    return jmespath.search(provider.id_path, recorded["json"]) if recorded and provider.id_path else None


def _with_word(document: Json, path: str, word: str) -> Json:
    """Place a status word where the recorded document has another."""
    old = jmespath.search(path, document)
    return document if old in (None, _like(old, word)) else place(document, steps(path), _like(old, word))


def _like(old: Json, word: str) -> Json:
    """Return a status word with the JSON type of the recorded one."""
    if isinstance(old, bool):
        return word == "true"
    return int(word) if isinstance(old, int) else word


def _with_ids(document: Json, path: str, ids: tuple[str, ...]) -> Json:
    """Place the job's id at `path`; when that is the first item of a list, further takes get further ids."""
    where = steps(path)
    if 0 not in where:
        return place(document, where, ids[0])
    return place(document, tuple(EACH if step == 0 else step for step in where), list(ids))


def _rewritten(value: Json, facts: Facts, old_id: str, old_model: str | None, name: str = "") -> Json:
    """Return `value` with this job's id and model, present times, and the request's fields by name."""
    if name in facts.body:
        return facts.body[name]
    if isinstance(value, dict):
        return {key: _rewritten(item, facts, old_id, old_model, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_rewritten(item, facts, old_id, old_model) for item in value]
    if not isinstance(value, str):
        return value
    if name.endswith("_at"):
        return _stamp(value, facts.created if name == "created_at" else facts.now)
    if value == old_model:
        return facts.model
    return value.replace(old_id, facts.ids[0]) if old_id else value


def _stamp(like: str, moment: datetime) -> str:
    """Return `moment` in the form of the recorded time `like`: some answers mix `…T…Z` and `… …`."""
    if " " in like:
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _spread(document: Json, path: str, values: list[Json]) -> Json:
    """Place one value per take at `path`: one in each item, all as a list where a list is recorded, or the only one as it is."""
    where = steps(path)
    alone = EACH not in where and len(values) == 1 and not isinstance(jmespath.search(path, document), list)
    return place(document, where, values[0] if alone else values)


def _with_message(provider: Provider, shape: Json, message: str, status: int) -> Json:
    """Return the recorded error `shape` with `message` at the first message path, and the reason phrase at the others."""
    present = [path for path in provider.error_paths if isinstance(jmespath.search(path, shape), str)]
    paths = present or list(provider.error_paths[:1]) or ["error"]
    filled = place(shape, steps(paths[0]), message)
    for path in paths[1:]:
        filled = place(filled, steps(path), phrase(status))
    return filled
