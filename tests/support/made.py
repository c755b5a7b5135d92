"""Requests, entries and submissions as the tests of the plan, the state and the engine need them."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runner.plan.fingerprint import fingerprint
from runner.records.catalog import Price
from runner.records.lock import Entry, Finished, Lock, Output, ProviderJobId, Receipt, State, Take
from runner.records.measured import Measured, Sound
from runner.records.request import Request
from runner.records.source import Mark
from runner.records.submission import Phase, Submission
from runner.state.lock_rules import with_submissions
from runner.state.reconcile import missing_rows
from runner.state.submissions import advance
from tests.support.catalog import shipped_catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def take(word: str = "one", **over: Any) -> Take:
    """Return a take that is told from others by a word; what is measured of it is named like the rest."""
    measured = {name: over.pop(name) for name in Measured.__struct_fields__ if name in over}
    values: dict[str, Any] = {
        "bytes": 1000,
        "media_type": "audio/wav",
        "seconds": 20.0,
        "rate_hz": 48000,
        "channels": 2,
        "measured": Measured(**measured),
    }
    return Take(sha256=sha(word), **(values | over))


def finished(word: str, of: Take, how: str = "loud", path: str = "audio/title.wav", **measured: Any) -> Output:
    """Return the output of a piece that is told from others by a word, finished from a take as another word says."""
    sound = Sound(seconds=18.5, rate_hz=44_100, channels=2, measured=Measured(lufs=-16.0, true_peak_dbtp=-1.2))
    if measured:
        sound = replace(sound, measured=Measured(**measured))
    piece = Finished(take=of.sha256, master=f"sha256:{sha(how)}", bytes=900, sound=sound)
    return Output(path=path, sha256=sha(word), finished=piece)


def entry(params: Mapping[str, Any] | None = None, *takes: Take, **over: Any) -> Entry:
    """Return an entry of the lock, of the request that `request()` makes.

    It is done, with one take where none are given, the first of them at `path`. `request_id`: an id of its provider, or
    None; `local`: it was made here; `roll`: it is one of that request.
    """
    sent = {"prompt": "low brass", "seed": 7} if params is None else dict(params)
    if over.get("roll"):
        over.setdefault("roll_of", fingerprint(over.get("model", XL), {"prompt": "low brass", "seed": 7}))
    model, known = over.pop("model", XL), over.pop("request_id", "ace_1")
    state, path = over.pop("state", State.DONE), over.pop("path", "audio/title.wav")
    made = (takes or (take(),)) if state is State.DONE else ()
    receipt = Receipt(
        request_id=ProviderJobId.parse(known) if known else None,
        price_usd="0.10",
        submitted_at="2026-11-20T12:00:00Z",
    )
    values: dict[str, Any] = {
        "attempt": "a1",
        "job": "title",
        "revision": 1,
        "model": model,
        "request": sent,
        "fingerprint": fingerprint(model, sent),
        "seed_param": "seed",
        "state": state,
        "receipt": None if over.pop("local", False) else receipt,
        "takes": tuple(replace(item, number=number) for number, item in enumerate(made, start=1)),
        "output": Output(path=path, sha256=made[0].sha256) if made and path else None,
    }
    return Entry(**(values | over))


def lock(*entries: Entry, **over: Any) -> Lock:
    """Return a lock of these entries."""
    return Lock(entries={item.attempt: item for item in entries}, **over)


def known(
    *entries: Entry, submissions: Iterable[Submission] = (), rehearsal: bool = False
) -> tuple[Lock, dict[str, Submission]]:
    """Return what a lock of these entries and a journal of these submissions know together: the lock, attempt → Submission."""
    mine = {item.attempt: item for item in submissions}
    held = with_submissions(lock(*entries, rehearsal=rehearsal), mine.values())
    for item in held.entries.values():
        for row in missing_rows(mine.get(item.attempt), item) if item.receipt is not None else ():
            mine[item.attempt] = advance(mine.get(item.attempt), row)
    return held, mine


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
        "sent": True,
    } | over
    known = values["request_id"]
    return Submission(**(values | {"request_id": None if known is None else ProviderJobId.parse(known)}))
