"""A saved plan: enough of it to run exactly that later, or to refuse.

The requests, providers, budget, lock, models and actions are each saved as a digest. A comment or another order in the
YAML changes none of them; whatever could change a request, its provider, a price or a payment changes one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from runner.errors import DriftError, UsageError
from runner.frozen import dataclass
from runner.plan.fingerprint import fingerprint

if TYPE_CHECKING:
    from runner.records.lock import Lock
    from runner.records.pipeline import Pipeline
    from runner.records.plan import Action, Plan
    from runner.records.provider import Provider
    from runner.records.source import Json

KIND = "scorefile plan"
VERSION = 2
_REMEDY = "save a new plan: scorefile plan --out plan.json"
_SEALED = ("kind", "version", "ask", "requests", "verbs", "project", "lock", "catalog")
_OF_REQUEST = (
    "output",
    "take",
    "takes",
    "needs",
    "retries",
    "timeout_s",
    "on_unknown",
    "webhook",
    "finishing",
    "expect",
    "rerolls",
    "price",
    "seed_mode",
    "roll",
    "roll_of",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A saved plan: the options of its command line, and a digest of everything that it depends on."""

    ask: Mapping[str, Json]
    requests: Mapping[str, str]
    """Job → digest of its request."""
    verbs: Mapping[str, str]
    project: Mapping[str, str]
    """`budget` or `providers.NAME` → digest of its settings in the pipeline."""
    lock: str
    catalog: str


def save(
    todo: Plan, lock: Lock, providers: Mapping[str, Provider], ask: Mapping[str, Json], *, pipeline: Pipeline
) -> dict[str, Json]:
    """Return a plan in its saved form; `ask` has the options of the command line."""
    saved = _digests(todo, lock, providers, pipeline)
    data: dict[str, Json] = {"kind": KIND, "version": VERSION, "ask": dict(ask), **saved}
    return {**data, "seal": _digest(data)}


def load(data: Json) -> Saved:
    """Read a saved plan. Raises UsageError when it is not one, or was changed by hand."""
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise UsageError("this is not a saved plan", help=_REMEDY)
    if data.get("version") != VERSION:
        raise UsageError(
            f"unsupported plan version {data.get('version')} (expected {VERSION})",
            help="make a new one: scorefile plan --out plan.json",
        )
    sealed: dict[str, Json] = {name: data.get(name) for name in _SEALED}
    if data.get("seal") != _digest(sealed):
        raise UsageError(
            "this saved plan was changed after it was made", help="make a new one: scorefile plan --out plan.json"
        )
    return Saved(
        ask=sealed["ask"],
        requests=sealed["requests"],
        verbs=sealed["verbs"],
        project=sealed["project"],
        lock=sealed["lock"],
        catalog=sealed["catalog"],
    )


def stale(saved: Saved, todo: Plan, lock: Lock, providers: Mapping[str, Provider], *, pipeline: Pipeline) -> str | None:
    """Return what has changed since a plan was saved, None when nothing has."""
    now = _digests(todo, lock, providers, pipeline)
    if now["requests"] != saved.requests:
        return f"these requests changed: {_differing(saved.requests, now['requests'])}"
    if now["project"] != saved.project:
        return f"these settings of the pipeline changed: {_differing(saved.project, now['project'])}"
    if now["catalog"] != saved.catalog:
        return "a model, its price or its provider's file changed"
    if now["lock"] != saved.lock:
        return "the lock changed"
    if now["verbs"] != saved.verbs:
        return f"what a run would do changed for {_differing(saved.verbs, now['verbs'])}"
    return None


def refuse_stale(
    saved: Saved, todo: Plan, lock: Lock, providers: Mapping[str, Provider], *, pipeline: Pipeline
) -> None:
    """Raise DriftError when anything has changed since a plan was saved."""
    why = stale(saved, todo, lock, providers, pipeline=pipeline)
    if why is not None:
        raise DriftError(
            f"this plan is out of date: {why}", help="nothing was sent; make a new plan: scorefile plan --out plan.json"
        )


def _digests(todo: Plan, lock: Lock, providers: Mapping[str, Provider], pipeline: Pipeline) -> dict[str, Json]:
    actions = (*todo.actions, *todo.collect)
    models = {action.request.model.id: action.request.model for action in actions}
    used = {model.provider: providers[model.provider] for model in models.values()}
    return {
        "requests": {action.request.name: _of_request(action) for action in actions},
        "verbs": {action.request.name: action.verb for action in actions},
        "project": {
            "budget": _digest(_plain(pipeline.budget_usd)),
            **{f"providers.{name}": _digest(_plain(pipeline.providers.get(name))) for name in used},
        },
        "lock": _digest(_plain(lock)),
        "catalog": _digest([_plain(models, without=("file",)), _plain(used)]),
    }


def _of_request(action: Action) -> str:
    request = action.request
    rest = {name: _plain(getattr(request, name)) for name in _OF_REQUEST}
    return _digest([fingerprint(request.model.id, request.params), rest])


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    names = sorted(job for job in {*old, *new} if old.get(job) != new.get(job))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _digest(data: Json) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object, without: tuple[str, ...] = ()) -> Json:
    """Return a record as JSON data, field by field."""
    if is_dataclass(value):
        names = (field.name for field in fields(value) if field.name not in without)
        return {name: _plain(getattr(value, name), without) for name in names}
    match value:
        case Mapping():
            return {str(name): _plain(item, without) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item, without) for item in value]
        case frozenset():
            return sorted((_plain(item, without) for item in value), key=repr)
        case Decimal():
            return str(value)
        case _:
            return value
