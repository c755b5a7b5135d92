"""One submission in the journal: the rows of one turn of the loop are written together, before any effect of theirs."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runner.catalog.prices import cost, total
from runner.engine import machine
from runner.frozen import replace
from runner.plan.fingerprint import fingerprint
from runner.records.exchange import Reading, Verdict
from runner.records.submission import ENDED_BADLY, Phase, timestamp
from runner.state.input_files import copy_input

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from pathlib import Path

    from runner.engine.effects import World
    from runner.records.exchange import Media, Reply
    from runner.records.lock import Take
    from runner.records.plan import Action
    from runner.records.provider import Provider
    from runner.records.request import Input, Request
    from runner.records.source import Json
    from runner.records.submission import Event, Submission
    from runner.state.blobs.protocol import Blobs
    from runner.state.store import StateStore


class SubmissionLog:
    """The current submission of a job, its earlier attempts, and what they were charged."""

    __slots__ = ("_attempt", "_begun", "_charges", "_provider", "_request", "_resumes", "_since_s", "_store", "_world")

    def __init__(self, action: Action, provider: Provider, store: StateStore, *, world: World) -> None:
        self._request: Request = action.request
        self._provider, self._store, self._world = provider, store, world
        self._begun = action.submission
        self._resumes = not action.verb.makes and action.submission is not None
        self._attempt = action.submission.attempt if self._resumes and action.submission else ""
        self._charges: list[Decimal | None] = []
        """What each submission of this run was charged, in USD; None where that is unknown."""
        self._since_s = world.monotonic()
        """When the submission was sent or resumed in this run, by the monotonic clock."""

    @property
    def submission(self) -> Submission:
        """Return the current submission, as journal and lock know it."""
        return self._store.submissions[self._attempt]

    @property
    def blobs(self) -> Blobs:
        """Return the store of takes."""
        return self._store.blobs

    def opening_rows(self) -> tuple[Event, ...]:
        """Return the rows that open this job in the journal; the loop writes those of all jobs at once.

        There are none for a submission that continues where it was.
        """
        if not self._resumes:
            return (*map(self._closing, (self._begun,) if self._begun else ()), self._planned())
        ended = self.submission.phase in ENDED_BADLY | {Phase.DONE}
        return (machine.event(self.submission, Phase.ACCEPTED, at=self.at()),) if ended else ()

    def start_again(self) -> None:
        """Open another attempt of the same request; one with unknown payment status is closed as possibly charged."""
        ended = self.submission
        self.record(*(() if ended.phase is Phase.FAILED else (self._closing(ended),)), self._planned())

    def record_intent(self) -> None:
        """Record that the first byte of a submission is about to be sent."""
        self._since_s = self._world.monotonic()
        self.record_phase(Phase.INTENT)

    def record_phase(self, phase: Phase, **data: Json) -> None:
        """Record that the submission reached a phase."""
        self.record(machine.event(self.submission, phase, at=self.at(), **data))

    def record(self, *rows: Event) -> None:
        """Record rows. The loop has them on disk before the next effect of this job."""
        self._store.stage(*rows)

    def record_paid(self, *rows: Event) -> None:
        """Record rows that prove a payment, on a full disk as well."""
        self._store.stage_paid(self._provider.name, *rows)

    def record_takes(self, takes: tuple[Take, ...]) -> None:
        """Record that all takes are in the store, and their price where it depends on their length."""
        by_length = self._price_of(takes) if self._request.price.per == "minute" else None
        price_usd = None if by_length is None else str(by_length)
        self.record(machine.fetched(self.submission, takes, at=self.at(), price_usd=price_usd))

    def fetch_again(self) -> None:
        """Return to the links, or to polling where there are none: the takes are no longer in the store."""
        if self.submission.media or self._provider.mode.is_local:
            again = Reading(verdict=Verdict.DONE, media=self.submission.media)
            self.record(machine.ready(self.submission, again, at=self.at()))
        else:
            self.record_phase(Phase.ACCEPTED)

    def record_answer(self, reply: Reply) -> None:
        """Record a raw answer before it is parsed; a long body goes into the store."""
        if len(reply.body) > self._world.limits.max_journal_answer_bytes:
            with contextlib.suppress(OSError):  # the journal has a reserve on a full disk, the store has none
                reply = replace(reply, kept=self._store.keep(reply.body), body=b"")
        self.record_paid(machine.answered(self.submission, reply, at=self.at()))

    def read_answer(self) -> Reply:
        """Return the recorded raw answer, complete."""
        reply = self.submission.answer
        assert reply is not None
        return reply if reply.kept is None else replace(reply, body=self._store.kept(reply.kept))

    def keep_audio(self, reading: Reading) -> Reading:
        """Return a reading whose inline audio is in the store and only named."""
        return replace(reading, media=tuple(self._without_data(item) for item in reading.media))

    def with_data(self, item: Media) -> Media:
        """Return one take as delivered, with its bytes from the store."""
        return item if item.kept is None else replace(item, data=self._store.kept(item.kept))

    def _without_data(self, item: Media) -> Media:
        return item if item.data is None else replace(item, kept=self._store.keep(item.data), data=None)

    def copying(self, item: Input, folder: Path) -> Callable[[Path], None]:
        """Return what copies an input to a file, safe to call from any thread: a take, or a file in `folder`."""
        sha256 = item.sha256
        assert sha256 is not None, "an input that is not made yet cannot be copied"
        if item.is_file:
            return lambda target: copy_input(folder, item.name, sha256, target)
        return self._store.copying(item.name, sha256)

    def at(self) -> str:
        """Return the time as the journal writes it: UTC, ISO 8601, whole seconds."""
        return timestamp(self._world.now())

    def age_s(self) -> float:
        """Return the seconds since the submission was accepted; 0 before that.

        A stored time is all that a new run has, and the clock that wrote it may have been ahead: the age is never
        less than what has passed in this run, so that every wait ends.
        """
        if self.submission.submitted_at is None:
            return 0.0
        by_wall_clock = self._world.now() - datetime.fromisoformat(self.submission.submitted_at)
        return max(by_wall_clock / timedelta(seconds=1), self._world.monotonic() - self._since_s)

    @property
    def paid(self) -> Decimal | None:
        """What was charged in this run so far, in USD; None when that is not known."""
        return total(self._charges)

    def charge_submission(self) -> None:
        """Count one accepted submission."""
        self._charges.append(self._one_submit())

    def refund_submission(self) -> None:
        """Remove the last charge: the provider says that it was not charged."""
        if self._charges:
            self._charges.pop()

    def charge_unknown(self) -> None:
        """Count one submission whose charge is unknown."""
        self._charges.append(None)

    def charge_real_length(self) -> None:
        """Replace the estimate of a price by the minute with the price of the real length."""
        if self._request.price.per == "minute" and self._charges:
            self._charges[-1] = self._price_of(self.submission.takes)

    def _price_of(self, takes: tuple[Take, ...]) -> Decimal | None:
        seconds = sum(take.seconds for take in takes) / max(1, len(takes))
        return cost(self._request.price, takes=len(takes), seconds=seconds).low

    def _one_submit(self) -> Decimal | None:
        return cost(self._request.price, takes=self._request.takes, seconds=self._request.seconds).low

    def _closing(self, given_up: Submission) -> Event:
        message = "abandoned for a new submission; this one may have been charged"
        return machine.event(given_up, Phase.FAILED, at=self.at(), message=message)

    def _planned(self) -> Event:
        """Return the first row of a new attempt, which is the current one from here on."""
        one, self._attempt = self._one_submit(), self._world.token()
        return machine.planned(
            self._request,
            attempt=self._attempt,
            fingerprint=fingerprint(self._request.model.id, self._request.params),
            price_usd=None if one is None else str(one),
            private=self._provider.id_is_private,
            at=self.at(),
        )
