"""The jobs of the emulated providers, and the ledger of requests and charges."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field

from runner.catalog.prices import cost
from runner.emulator.ids import job_id, uuid7
from runner.emulator.play import Facts, waiting_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from runner.audio.tasks import SketchOrder
    from runner.emulator.faults import Fault
    from runner.records.catalog import Model
    from runner.records.provider import Provider
    from runner.records.source import Json


STEP_S = 0.1
"""How long a job has each of its waiting words."""
UNKNOWN_WORD = "WARMING_UP"


class Job(Struct, kw_only=True):
    """An accepted submission; `files` are its takes, each complete when its future in `work` is done."""

    ids: tuple[str, ...]
    provider: Provider
    model: Model
    body: Mapping[str, Json]
    scores: tuple[SketchOrder, ...]
    fault: Fault | None
    files: tuple[Path, ...] = ()
    work: tuple[Future[None], ...] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_s: float = field(default_factory=time.monotonic)
    polls: int = 0
    downloads: int = 0
    stopped: bool = False

    @property
    def id(self) -> str:
        return self.ids[0]

    @property
    def ready(self) -> bool:
        """Whether every take was made, or could not be made."""
        return all(future.done() for future in self.work)

    @property
    def broken(self) -> str | None:
        """Why the audio could not be made, once `ready`; None when it was made."""
        found = next((error for future in self.work if (error := future.exception())), None)
        return f"{type(found).__name__}: {found}" if found else None

    @property
    def word(self) -> str | None:
        """The job's present waiting word, or None when it has ended; the first poll always finds a waiting word."""
        words = waiting_words(self.provider)
        elapsed_s = time.monotonic() - self.started_s
        endless = self.fault is not None and self.fault.do == "never-ends" and not self.stopped
        if self.polls and self.ready and elapsed_s >= STEP_S * len(words) and not endless:
            return None
        if self.fault and self.fault.do == "unknown-word":
            return self.fault.word or UNKNOWN_WORD
        return words[min(int(elapsed_s / STEP_S), len(words) - 1)]

    def facts(self, *, poll_url: str = "", media: tuple[str, ...] = (), message: str | None = None) -> Facts:
        """Return what the job's answers contain now."""
        return Facts(
            ids=self.ids,
            model=self.model.id.rpartition("/")[2],
            body=self.body,
            created=self.created,
            now=datetime.now(UTC),
            poll_url=poll_url,
            media=media,
            media_type=self.scores[0].media_type,
            seeds=tuple(score.brief.seed for score in self.scores),
            seconds=self.scores[0].brief.duration_s,
            **({} if message is None else {"message": message}),
        )


class Ledger(Struct):
    """Every request to the emulator; it keeps the names of headers, never a key."""

    submits: list[dict[str, Json]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    by_model: Counter[str] = field(default_factory=Counter)

    def enter(self, provider: Provider, model: Model | None, body: Json, headers: Mapping[str, str]) -> dict[str, Json]:
        """Record a submission as refused and free; `accept` corrects that."""
        entry: dict[str, Json] = {
            "nth": len(self.submits) + 1,
            "provider": provider.name,
            "model": model.id if model else None,
            "body": body,
            "headers": sorted(headers),
            "webhook": _webhook(provider, body, headers),
            "status": 0,
            "accepted": False,
            "id": None,
            "takes": 0,
            "charged_usd": "0",
        }
        self.submits.append(entry)
        if model:
            self.by_model[model.id] += 1
        return entry

    def as_json(self) -> dict[str, Json]:
        """Return `submits` in order, then how many polls, lists, cancels, downloads and others there were."""
        names = ("polls", "lists", "cancels", "downloads", "keys_on_media", "not_found")
        return {"submits": self.submits} | {name: self.counts[name] for name in names}


def accept(entry: dict[str, Json], job: Job) -> None:
    """Record that a submission became `job`, and its charge: None when the price is unknown."""
    seconds = job.scores[0].brief.duration_s
    usd = cost(job.model.price, takes=len(job.scores), seconds=seconds).low
    rules, fault = job.provider.status, job.fault
    free = rules is not None and fault is not None and fault.do == "failed" and fault.word in rules.uncharged
    entry.update(accepted=True, id=job.id, takes=len(job.scores))
    entry["charged_usd"] = "0" if free else None if usd is None else str(usd)


def new_ids(provider: Provider, made_by: Model, *, count: int, takes: int) -> tuple[str, ...]:
    """Return new ids: the job's in the form of its provider, then one for each further take."""
    now_ms = time.time_ns() // 1_000_000
    model = made_by.id.rpartition("/")[2]
    first = job_id(provider.id_shape, model=model, count=count, now_ms=now_ms, noise=secrets.randbits(74))
    return (first, *(uuid7(now_ms, secrets.randbits(74)) for _ in range(takes - 1)))


def _webhook(provider: Provider, body: Json, headers: Mapping[str, str]) -> dict[str, str] | None:
    """Return the webhook fields of a submission; the emulator calls no webhook."""
    if provider.webhook is None:
        return None
    sent = {name: headers[name] for name in provider.webhook.headers if name in headers}
    if isinstance(body, dict):
        sent |= {name: str(body[name]) for name in provider.webhook.body if name in body}
    return sent or None
