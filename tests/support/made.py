"""Requests, entries and submissions as the tests of the plan, the state and the engine need them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from runner.plan.fingerprint import fingerprint
from runner.records.catalog import Price
from runner.records.lock import Entry, ProviderJobId, Receipt, Take
from runner.records.request import Request
from runner.records.source import Mark
from runner.records.submission import Phase, Submission
from tests.support.catalog import shipped_catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.request import SeedMode

XL = "pixazo/ace-step-xl"
TRACKS = "pixazo/tracks"
MARK = Mark(file="night.yaml", line=4, column=3)
PAID = Price(usd=Decimal("0.10"))


def sha(word: str) -> str:
    """Return the hash of a word: a name for an imagined piece of audio."""
    return hashlib.sha256(word.encode()).hexdigest()


def request(
    job: str = "title",
    model: str = XL,
    *,
    seed_mode: SeedMode = "auto",
    seed: int | None = 7,
    free: bool = False,
    **over: Any,
) -> Request:
    """Return a request; `params` are added to a prompt and the seed. `free`: its model is shipped as free."""
    params = {"prompt": "low brass", **over.pop("params", {})}
    if seed is not None:
        params["seed"] = seed
    values: dict[str, Any] = {
        "job": job,
        "group": job.partition("@")[0],
        "model": replace(shipped_catalog().models[model], is_free=free),
        "params": params,
        "seed_mode": seed_mode,
        "output": f"audio/{job}",
        "take": 1,
        "takes": 1,
        "mark": MARK,
        "price": Price(usd=Decimal(0)) if free else PAID,
    }
    return Request(**(values | over))


def take(word: str = "one", *, path: str | None = None, **over: Any) -> Take:
    """Return a take that is told from others by a word."""
    values: dict[str, Any] = {
        "bytes": 1000,
        "media_type": "audio/wav",
        "seconds": 20.0,
        "rate_hz": 48000,
        "channels": 2,
    }
    return Take(sha256=sha(word), path=path, **(values | over))


def entry(
    params: Mapping[str, Any] | None = None,
    *takes: Take,
    model: str = XL,
    chosen: int = 1,
    request_id: str = "ace_1",
    pending: Entry | None = None,
) -> Entry:
    """Return a lock entry; with no takes given, one take at audio/title.wav."""
    sent = {"prompt": "low brass", "seed": 7} if params is None else dict(params)
    receipt_id = ProviderJobId.parse(request_id) if request_id else None
    return Entry(
        fingerprint=fingerprint(model, sent),
        model=model,
        request=sent,
        receipt=Receipt(request_id=receipt_id, price_usd="0.10", submitted_at="2026-11-20T12:00:00Z"),
        takes=takes or (take(path="audio/title.wav"),),
        take=chosen,
        pending=pending,
    )


def submission(job: str = "title", phase: Phase = Phase.ACCEPTED, *, attempt: str = "a1", **over: Any) -> Submission:
    """Return a submission of the request that `request()` makes."""
    params = over.pop("params", {"prompt": "low brass", "seed": 7})
    model = over.pop("model", XL)
    values: dict[str, Any] = {
        "job": job,
        "attempt": attempt,
        "phase": phase,
        "model": model,
        "params": params,
        "fingerprint": fingerprint(model, params),
        "seed_param": "seed",
        "price_usd": "0.10",
        "planned_at": "2026-11-20T11:59:59Z",
        "submitted_at": "2026-11-20T12:00:00Z",
        "request_id": "ace_1",
    } | over
    known = values["request_id"]
    return Submission(**(values | {"request_id": None if known is None else ProviderJobId.parse(known)}))
