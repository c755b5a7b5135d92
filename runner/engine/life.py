"""The life of one job, told from top to bottom.

A Life is a generator. It yields what it needs (a turn, a wait, work for another thread) and is sent what came of it, so
it reads in the order in which things happen while the loop runs many of them at once. It runs on the loop's own thread
and is therefore free to write.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

from runner.catalog import protocol
from runner.catalog.price import cost
from runner.engine import machine
from runner.engine.fetch import BadContent, DownloadFailed, LinkDead
from runner.engine.local import make
from runner.engine.machine import Step
from runner.engine.pace import Refusal, Tries
from runner.engine.terms import Interrupted, Progress, Turn, Wait, Work
from runner.engine.transport import NotSent, Unproven
from runner.errors import StateError
from runner.plan.decide import EXTENSIONS, MAX_RESUBMITS, asked_seconds
from runner.plan.fingerprint import fingerprint
from runner.records import Event, Media, Outcome, Phase, Reading, Submission, Take, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.pace import Pace
    from runner.engine.terms import Effect, Terms, World
    from runner.engine.transport import Door
    from runner.records import Action, Card, Entry, ErrorGroup, Reply, Result
    from runner.state.books import Books

NOT_SENT_TRIES = 3
REJECTED_TRIES = 6
YOUNG_S = 120.0
"""A vendor that does not know an id is asked again until the submit is this old."""
SLOWEST_POLL_S = 30.0


class Life:
    """One job from its action to its outcome. `place` False sends its takes to the store only."""

    def __init__(
        self,
        action: Action,
        *,
        terms: Terms,
        world: World,
        books: Books,
        pace: Pace,
        notify: Callable[[Progress], None],
    ) -> None:
        self.action, self.request, self.job = action, action.request, action.request.job
        self._terms, self._world, self._books, self._pace, self._notify = terms, world, books, pace, notify
        self._card: Card = action.request.card
        self._provider = terms.providers[self._card.provider]
        self._entered = False
        self._retries_left = self.request.retries
        self._resubmits_left = MAX_RESUBMITS
        self._not_sent = Tries(most=NOT_SENT_TRIES, first_s=1.0, most_s=4.0)
        self._rejected = Tries(most=REJECTED_TRIES, first_s=5.0, most_s=60.0)
        self._polls = 0
        self._words: set[str] = set()
        self.paid: Decimal | None = Decimal(0)
        """What was charged so far in this run, in USD; None when that is not known."""
        self.submission: Submission = action.submission or self._blank()

    @property
    def is_fetching(self) -> bool:
        """Say whether a finished job of this life has not been downloaded yet."""
        return self.submission.phase is Phase.READY

    # ------------------------------------------------------------ the line

    def rows_to_begin(self) -> tuple[Event, ...]:
        """Return the rows that open this job in the journal; the loop writes those of all jobs at once."""
        begun = self.action.submission
        if begun is not None and begun.attempt:
            return ()
        rows = [self._planned()]
        if begun is not None:
            opened = machine.advance(None, rows[0])
            at = begun.submitted_at or self._at()
            rows.append(
                machine.event(opened, Phase.ACCEPTED, at=at, request_id=begun.request_id, poll_url=begun.poll_url)
            )
        self.submission = self._blank()
        for row in rows:
            self._advance(row)
        return tuple(rows)

    def live(self) -> Generator[Effect, Any, Outcome]:
        """Tell the whole life. The loop drives this generator and keeps what it returns."""
        try:
            while True:
                outcome = yield from self._next_step()
                if outcome is not None:
                    return outcome
        except Interrupted:
            return self._interrupted()
        except (StateError, OSError) as error:
            return self._end(
                "failed",
                _words(error),
                help=getattr(error, "help", None) or "mend it, then run again: it goes on at no cost",
            )
        finally:
            self._leave_vendor()

    def _next_step(self) -> Generator[Effect, Any, Outcome | None]:
        local = self._provider.mode == "local"
        match machine.step(self.submission, local=local):
            case Step.SUBMIT:
                return (yield from self._submit())
            case Step.READ_ANSWER:
                return (yield from self._read_answer())
            case Step.POLL:
                return (yield from self._poll())
            case Step.FETCH:
                return (yield from (self._make() if local else self._fetch()))
            case Step.PLACE:
                return self._place()
            case Step.HOLD:
                return (yield from self._in_doubt())
            case Step.END:
                return (yield from self._after_failure())

    # ------------------------------------------------------------ submit

    def _submit(self) -> Generator[Effect, Any, Outcome | None]:
        if not self._entered:
            refusal = yield Turn(provider=self._card.provider, worst=self.action.cost.worst)
            if refusal is not None:
                return self._end("skipped", f"not submitted: {refusal.message}", help=refusal.help, group=refusal.group)
            self._entered = True
        self._tell("submitting")
        call = protocol.submit_call(
            self._provider,
            self._card,
            self.request.params,
            job=self.job,
            webhook=self.request.webhook,
            base_url=self._door.base_url,
        )
        door, transport, timeout_s = self._door, self._world.transport, self._provider.submit_timeout_s
        try:
            reply: Reply = yield Work(
                call=lambda gate: transport.submit(call, door, before=gate, timeout_s=timeout_s),
                at_gate=lambda: self._record(machine.event(self.submission, Phase.INTENT, at=self._at())),
            )
        except NotSent as error:
            return (yield from self._was_not_sent(error))
        except Unproven as error:
            self._record_paid(machine.event(self.submission, Phase.UNKNOWN, at=self._at(), message=error.message))
            return None
        self._record_paid(machine.answered(self.submission, reply, at=self._at()))
        return None

    def _was_not_sent(self, error: NotSent) -> Generator[Effect, Any, Outcome | None]:
        wait_s = self._not_sent.again_in_s()
        self._record(machine.event(self.submission, Phase.NOT_SENT, at=self._at(), message=error.message))
        if wait_s is None:
            message = f"{self._provider.title} cannot be reached: {error.message}"
            return self._end("failed", message, help="nothing was sent or charged; run again when it is reachable")
        self._tell("waiting", f"{error.message}; try {self._not_sent.made + 1} of {NOT_SENT_TRIES}")
        yield Wait(seconds=wait_s)
        return None

    def _read_answer(self) -> Generator[Effect, Any, Outcome | None]:
        answer = self.submission.answer
        assert answer is not None
        reading = protocol.read_submit(self._provider, self._card, answer, base_url=self._door.base_url)
        if reading.id is not None and self._books.holder_of(reading.id) not in (None, self.submission.attempt):
            message = f"{self._provider.title} answered with the id of another job, {reading.id}"
            reading = Reading(verdict=Verdict.UNKNOWN, message=message)
        self._record_paid(*machine.after_answer(self.submission, reading, at=self._at()))
        if self.submission.phase in (Phase.ACCEPTED, Phase.READY):
            self._charge(self._one_submit())
            self._books.note_pending(self.submission, private=self._provider.id_is_private)
        if self.submission.phase is Phase.REJECTED:
            return (yield from self._was_rejected(reading))
        return None

    def _was_rejected(self, reading: Reading) -> Generator[Effect, Any, Outcome | None]:
        title = self._provider.title
        match reading.group:
            case "auth":
                refusal = Refusal(
                    message=f"{title} does not accept the key: {reading.message}",
                    help=f"check {self._provider.auth.env if self._provider.auth else 'the key'}",
                    group="auth",
                )
                self._pace.close(refusal)
                return self._end("failed", refusal.message, help=refusal.help, group="auth")
            case "balance":
                refusal = Refusal(message=f"{title}: {reading.message}", help=f"top up at {title}", group="balance")
                self._pace.close(refusal)
                return self._end("failed", refusal.message, help=refusal.help, group="balance")
            case "rate" | "busy":
                wait_s = self._rejected.again_in_s(reading.retry_after_s)
                if wait_s is None:
                    return self._end(
                        "failed",
                        f"{title} was busy {REJECTED_TRIES} times: {reading.message}",
                        help="run again later; nothing was charged",
                    )
                self._pace.hold(self._world.monotonic() + wait_s)
                self._tell(
                    "waiting", f"{title} is busy; try {self._rejected.made + 1} of {REJECTED_TRIES} in {wait_s:.0f} s"
                )
                yield Wait(seconds=wait_s)
                return None
            case "invalid" | "missing" | "transient" | None:
                return self._end(
                    "failed",
                    f"{title} refused: {reading.message}",
                    help="nothing was charged; change the job, then run again",
                    group=reading.group,
                )
        assert_never(reading.group)

    def _in_doubt(self) -> Generator[Effect, Any, Outcome | None]:
        """Hold a submit without a proven outcome, unless sending it again is free or the user's own choice."""
        self._pace.doubt(self._provider.title)
        free = self.request.price.usd == 0
        if not free:
            self.paid = None
        why = self.submission.message or "the submit was interrupted"
        if (free or self.request.on_unknown == "resubmit") and self._resubmits_left:
            self._resubmits_left -= 1
            self._tell("waiting", f"{why}; sent again ({'the model is free' if free else 'on_unknown: resubmit'})")
            self._begin_again()
            yield Wait(seconds=0.0)
            return None
        if free:
            return self._end("failed", why, help="the model is free: run again")
        return self._end(
            "unknown",
            f"payment in an unknown state: {why}",
            help=f"nothing is sent again by itself; see what {self._provider.title} lists, then: scorefile resolve {self.job}",
        )

    # ------------------------------------------------------------ poll

    def _poll(self) -> Generator[Effect, Any, Outcome | None]:
        accepted = self.submission
        assert accepted.request_id is not None
        if self._polls:
            yield Wait(seconds=self._poll_wait_s())
        else:
            self._tell("generating")
        self._polls += 1
        call = protocol.poll_call(
            self._provider, id=accepted.request_id, poll_url=accepted.poll_url, base_url=self._door.base_url
        )
        door, transport = self._door, self._world.transport
        try:
            reply: Reply = yield Work(call=lambda _gate: transport.ask(call, door))
        except NotSent as error:
            reading = Reading(verdict=Verdict.RETRY, message=error.message)
        else:
            reading = protocol.read_poll(
                self._provider, self._card, reply, id=accepted.request_id, base_url=self._door.base_url
            )
        return self._after_poll(reading)

    def _after_poll(self, reading: Reading) -> Outcome | None:
        match reading.verdict:
            case Verdict.DONE:
                self._leave_vendor()
                self._record(machine.ready(self.submission, reading, at=self._at()))
                return None
            case Verdict.FAILED:
                self._leave_vendor()
                self._record(
                    machine.event(
                        self.submission, Phase.FAILED, at=self._at(), message=reading.message, charged=reading.charged
                    )
                )
                return None
            case Verdict.REFUSED:
                message = f"{self._provider.title} does not accept the key any more: {reading.message}"
                return self._end(
                    "failed", message, help="mend the key and run again: the job is paid and goes on", group="auth"
                )
            case Verdict.MISSING if self._age_s() > YOUNG_S:
                self._record(machine.event(self.submission, Phase.LOST, at=self._at(), message=reading.message))
                return None
            case Verdict.WAITING if not reading.known and reading.word not in self._words:
                self._words.add(reading.word or "")
                self._tell("generating", f"{self._provider.title} says {reading.word!r}, a word its file does not list")
            case _:
                self._tell("generating", reading.word or reading.message)
        if self._age_s() > self.request.timeout_s:
            self._record(machine.event(self.submission, Phase.STALLED, at=self._at(), message=reading.message))
            message = f"not finished {self._age_s() / 60:.0f} minutes after its submit"
            return self._end(
                "failed", message, help=f"run again to go on waiting for {self.submission.request_id}: it costs nothing"
            )
        return None

    def _poll_wait_s(self) -> float:
        """Wait the vendor's own interval at first, then longer, up to SLOWEST_POLL_S."""
        interval_s = self._terms.poll_s[self._card.provider]
        growth = 1.15 ** max(0, self._polls - 10)
        return min(interval_s * growth, max(interval_s, SLOWEST_POLL_S))

    # ------------------------------------------------------------ takes

    def _fetch(self) -> Generator[Effect, Any, Outcome | None]:
        takes: list[Take] = []
        media = self.submission.media
        for number, item in enumerate(media, start=1):
            self._tell("fetching", take=number, takes=len(media))
            try:
                takes.append((yield Work(call=self._fetching(item))))
            except LinkDead as error:
                self._record(machine.expired(self.submission, error.message, at=self._at()))
                return self._expired() if self.submission.phase is Phase.EXPIRED else None
            except BadContent as error:
                self._record(machine.event(self.submission, Phase.BAD_CONTENT, at=self._at(), message=error.message))
                return None
            except DownloadFailed as error:
                if self._world.stop.is_set():
                    return self._interrupted()
                return self._end("failed", error.message, help="run again: the job is paid and goes on")
        self._record(machine.fetched(self.submission, tuple(takes), at=self._at()))
        return None

    def _make(self) -> Generator[Effect, Any, Outcome | None]:
        """Make the takes of a model that runs here."""
        takes: list[Take] = []
        for number in range(self.request.takes):
            self._tell("composing", take=number + 1, takes=self.request.takes)
            data = yield Work(call=self._composing(number))
            takes.append((yield Work(call=self._fetching(Media(data=data)))))
        self._record(machine.fetched(self.submission, tuple(takes), at=self._at()))
        return None

    def _composing(self, number: int) -> Callable[[object], bytes]:
        params, card, cpu = self.request.params, self._card, self._world.cpu
        return lambda _gate: cpu.submit(make, card.id, params, card, number).result()

    def _fetching(self, item: Media) -> Callable[[object], Take]:
        fetcher, card, near = self._world.fetcher, self._card, self._terms.doors[self._card.provider].base_url
        asked_s = asked_seconds(self.request)
        return lambda _gate: fetcher.fetch(item, card, asked_s=asked_s, near=near)

    def _place(self) -> Outcome:
        if not self.request.output:
            self._books.drop_pending(self.submission)
            self._record(machine.event(self.submission, Phase.DONE, at=self._at()))
            return self._end("made", "its takes are in the store")
        take = self.request.take
        if take > len(self.submission.takes):
            message = f"take {take} was asked for, {len(self.submission.takes)} came; take 1 stands at its output"
            self._tell("placing", message)
        chosen = self.submission.takes[min(take, len(self.submission.takes)) - 1]
        output = self.request.output + EXTENSIONS[chosen.media_type]
        entry = self._books.finish(
            self.submission, job=self.job, output=output, take=take, private=self._provider.id_is_private
        )
        self._record(
            machine.event(self.submission, Phase.PLACED, at=self._at(), path=output),
            machine.event(self.submission, Phase.DONE, at=self._at()),
        )
        self._settle_price()
        return self._end("made", entry=entry)

    # ------------------------------------------------------------ ends

    def _after_failure(self) -> Generator[Effect, Any, Outcome | None]:
        """Report an ended submission, or begin the next one where `retries` allows."""
        ended = self.submission
        self._books.drop_pending(ended)
        if ended.phase is Phase.FAILED:
            if ended.charged is False:
                self._charge(-(self._one_submit() or Decimal(0)))
            if self._retries_left:
                self._retries_left -= 1
                self._tell("waiting", f"{ended.message}; asked again, {self._retries_left} left")
                self._begin_again()
                yield Wait(seconds=0.0)
                return None
            paid = {True: "it was charged", False: "it was not charged", None: "it may have been charged"}[
                ended.charged
            ]
            return self._end(
                "failed", f"{self._provider.title}: {ended.message} ({paid})", help="`retries: N` asks again by itself"
            )
        if ended.phase is Phase.LOST:
            message = f"{self._provider.title} does not know {ended.request_id} any more"
            return self._end(
                "failed",
                message,
                help="nothing is sent again by itself; name the job with --force to pay for a new one",
            )
        if ended.phase is Phase.BAD_CONTENT:
            return self._end("failed", ended.message, help="name the job with --force to pay for a new one")
        return self._end("made")

    def _expired(self) -> Outcome:
        message = f"the link to the audio of {self.submission.request_id} is dead: {self.submission.message}"
        return self._end("failed", message, help="run again to ask for a fresh link: it costs nothing")

    def _interrupted(self) -> Outcome:
        if self.submission.phase in machine.UNPAID:
            return self._end("skipped", "not submitted: interrupted")
        return self._end("unfinished", "interrupted", help="run again: it goes on and is not paid twice")

    def _begin_again(self) -> None:
        self.submission = self._blank()
        row = self._planned()
        self._advance(row)
        self._books.record(row)
        self._leave_vendor()

    def _end(
        self,
        result: Result,
        message: str = "",
        *,
        help: str | None = None,
        group: ErrorGroup | None = None,
        entry: Entry | None = None,
    ) -> Outcome:
        self._tell(result, message, over=True)
        return Outcome(
            job=self.job,
            model=self._card.id,
            result=result,
            entry=entry,
            spent_usd=self.paid,
            message=message,
            help=help,
            group=group,
        )

    # ------------------------------------------------------------ small things

    @property
    def _door(self) -> Door:
        return self._terms.doors[self._card.provider]

    def _record(self, *rows: Event) -> None:
        self._books.record(*rows)
        for row in rows:
            self._advance(row)

    def _record_paid(self, *rows: Event) -> None:
        self._books.record_paid(self._provider.name, *rows)
        for row in rows:
            self._advance(row)

    def _advance(self, row: Event) -> None:
        fresh = self.submission.phase is Phase.PLANNED and row.phase is Phase.PLANNED
        self.submission = machine.advance(None if fresh else self.submission, row)

    def _planned(self) -> Event:
        one = self._one_submit()
        return machine.planned(
            self.request,
            attempt=self._world.token(),
            fingerprint=fingerprint(self._card.id, self.request.params),
            price_usd=None if one is None else str(one),
            at=self._at(),
        )

    def _blank(self) -> Submission:
        return Submission(
            job=self.request.job,
            attempt="",
            phase=Phase.PLANNED,
            model=self.request.card.id,
            params=self.request.params,
            fingerprint="",
        )

    def _leave_vendor(self) -> None:
        if self._entered:
            self._pace.leave()
            self._entered = False

    def _one_submit(self) -> Decimal | None:
        return cost(self.request.price, takes=self.request.takes, seconds=asked_seconds(self.request)).low

    def _charge(self, usd: Decimal | None) -> None:
        self.paid = None if usd is None or self.paid is None else self.paid + usd

    def _settle_price(self) -> None:
        """Put the real length into a price by the minute."""
        if self.request.price.per != "minute" or not self.paid:
            return
        seconds = sum(take.seconds for take in self.submission.takes) / max(1, len(self.submission.takes))
        actual = cost(self.request.price, takes=len(self.submission.takes), seconds=seconds).low
        self._charge(None if actual is None else actual - (self._one_submit() or Decimal(0)))

    def _age_s(self) -> float:
        submitted = datetime.fromisoformat(self.submission.submitted_at or self._at())
        return (self._world.now() - submitted) / timedelta(seconds=1)

    def _at(self) -> str:
        return self._world.now().isoformat(timespec="seconds").replace("+00:00", "Z")

    def _tell(
        self, state: str, note: str = "", *, take: int | None = None, takes: int | None = None, over: bool = False
    ) -> None:
        self._notify(Progress(job=self.job, state=state, note=note, take=take, takes=takes, over=over))


def _words(error: StateError | OSError) -> str:
    return error.message if isinstance(error, StateError) else f"{error.strerror or error} ({error.filename or 'disk'})"
