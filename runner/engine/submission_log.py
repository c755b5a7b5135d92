"""One submission in the journal: each row is written first, then folded."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runner.catalog.prices import cost, total
from runner.engine import machine
from runner.plan.fingerprint import fingerprint
from runner.records.exchange import Reading, Verdict
from runner.records.submission import ENDED_BADLY, Phase, Submission, timestamp

if TYPE_CHECKING:
    from decimal import Decimal

    from runner.engine.effects import World
    from runner.records.exchange import Media, Reply
    from runner.records.lock import Take
    from runner.records.plan import Action
    from runner.records.provider import Provider
    from runner.records.request import Request
    from runner.records.source import Json
    from runner.records.submission import Event
    from runner.state.store import StateStore


class SubmissionLog:
    """The current submission of a job, its earlier attempts, and what they were charged."""

    def __init__(self, action: Action, provider: Provider, store: StateStore, *, world: World) -> None:
        self._request: Request = action.request
        self._provider, self._store, self._world = provider, store, world
        resumed = not action.verb.makes
        self._resumed = action.submission if resumed else None
        self._abandoned = None if resumed else action.submission
        self.submission: Submission = self._resumed or _blank(action.request)
        self._charges: list[Decimal | None] = []
        """What each submission of this run was charged, in USD; None where that is unknown."""
        self._since_s = world.monotonic()
        """When the submission was sent or resumed in this run, by the monotonic clock."""

    def opening_rows(self) -> tuple[Event, ...]:
        """Return the rows that open this job in the journal, folded already; the loop writes those of all jobs at once.

        There are none for a submission of this journal. One made on another machine gets an attempt of its own here.
        """
        begun = self._resumed
        rows: tuple[Event, ...]
        if begun is None:
            row = self._planned()
            self._fold(row)
            return (row,) if self._abandoned is None else (self._closing(self._abandoned), row)
        if begun.attempt is None:
            row = self._planned()
            rows = (row, _taken_over(begun, row, self.at()))
        elif begun.phase in ENDED_BADLY:
            rows = (machine.event(begun, Phase.ACCEPTED, at=self.at()),)
        else:
            return ()
        self._fold(*rows)
        return rows

    def start_again(self) -> None:
        """Open another attempt of the same request; one with unknown payment status is closed as possibly charged."""
        row = self._planned()
        rows = (row,) if self.submission.phase is Phase.FAILED else (self._closing(self.submission), row)
        self._store.record(*rows)
        self._fold(row)

    def record_phase(self, phase: Phase, **data: Json) -> None:
        """Write that the submission reached a phase."""
        self.record(machine.event(self.submission, phase, at=self.at(), **data))

    def record(self, *rows: Event) -> None:
        """Write rows, then fold them. Raises StateError when they cannot be written."""
        self._store.record(*rows)
        self._fold(*rows)

    def record_paid(self, *rows: Event) -> None:
        """Write rows that prove a payment, on a full disk as well, then fold them."""
        self._store.record_paid(self._provider.name, *rows)
        self._fold(*rows)

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
        one = self._one_submit()
        return machine.planned(
            self._request,
            attempt=self._world.token(),
            fingerprint=fingerprint(self._request.model.id, self._request.params),
            price_usd=None if one is None else str(one),
            at=self.at(),
        )

    def _fold(self, *rows: Event) -> None:
        for row in rows:
            opening = row.phase is Phase.PLANNED
            if row.phase is Phase.INTENT:
                self._since_s = self._world.monotonic()
            self.submission = machine.advance(None if opening else self.submission, row)


def _taken_over(begun: Submission, planned: Event, at: str) -> Event:
    """Return the row that enters a receipt from another machine into this journal."""
    opened, accepted_at = machine.advance(None, planned), begun.submitted_at or at
    known = None if begun.request_id is None else str(begun.request_id)
    return machine.event(opened, Phase.ACCEPTED, at=accepted_at, request_id=known, poll_url=begun.poll_url)


def _blank(request: Request) -> Submission:
    return Submission(
        job=request.job,
        attempt=None,
        phase=Phase.PLANNED,
        model=request.model.id,
        params=request.params,
        fingerprint="",
    )
