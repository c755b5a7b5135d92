"""The life of one job, told from top to bottom.

A Life is a generator. It yields what it needs (a turn, a wait, work for another thread) and is sent what came of it, so
it reads in the order in which things happen while the loop runs many of them at once. It runs on the loop's own thread
and is therefore free to write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from runner.engine import endings, machine
from runner.engine.effects import Interrupted, Progress, Turn, Wait, Work
from runner.engine.endings import Ending
from runner.engine.lookup import find_id
from runner.engine.machine import Step
from runner.engine.submission_log import Story
from runner.engine.takes import Takes
from runner.errors import StateError
from runner.plan.decide import MAX_RESUBMITS
from runner.provider.client import ProviderClient
from runner.provider.rate_limit import Refusal, Tries
from runner.provider.transport import NotSent, Unproven
from runner.records.exchange import Reading, Verdict
from runner.records.lock import chosen_take
from runner.records.media_types import EXTENSIONS
from runner.records.outcome import Outcome, Result
from runner.records.pipeline import Webhook
from runner.records.provider import ErrorGroup
from runner.records.submission import UNPAID, Phase, Submission
from runner.state.blobs.protocol import TakeMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.effects import Effect, Terms, World
    from runner.provider.rate_limit import Pace
    from runner.records.catalog import Model
    from runner.records.exchange import Reply
    from runner.records.lock import Entry
    from runner.records.plan import Action
    from runner.state.store import StateStore


class Life:
    """One job from its action to its outcome. `place` False sends its takes to the store only."""

    def __init__(
        self,
        action: Action,
        *,
        terms: Terms,
        world: World,
        store: StateStore,
        pace: Pace,
        notify: Callable[[Progress], None],
    ) -> None:
        self.action, self.request, self.job = action, action.request, action.request.job
        self._terms, self._world, self._store, self._pace, self._notify = terms, world, store, pace, notify
        self._model: Model = action.request.model
        self._client = ProviderClient(access=terms.providers[self._model.provider], transport=world.transport)
        self._provider = self._client.provider
        self._entered = False
        self._retries_left = self.request.retries
        self._resubmits_left = MAX_RESUBMITS
        self._limits = limits = world.limits
        self._not_sent = Tries(limits, most=limits.not_sent_tries, first_s=1.0, most_s=4.0)
        self._rejected = Tries(limits, most=limits.rate_limited_tries, first_s=5.0, most_s=60.0)
        self._busy = Tries(limits, most=limits.busy_tries, least_s=10.0, first_s=20.0, most_s=20.0)
        self._polls = 0
        self._fetched_again = False
        self._words: set[str] = set()
        self.story = Story(action, self._provider, store, world=world)
        self._takes = Takes(self.request, self._provider, story=self.story, world=world, tell=self._tell)

    @property
    def submission(self) -> Submission:
        """Return where this job's submission stands."""
        return self.story.submission

    @property
    def is_generating(self) -> bool:
        """Say whether the vendor is at work on this life's job."""
        return self.submission.phase is Phase.ACCEPTED

    @property
    def is_fetching(self) -> bool:
        """Say whether a finished job of this life has not been downloaded yet."""
        return self.submission.phase is Phase.READY

    # ------------------------------------------------------------ the line

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
            return self._end(endings.broken(error))
        except Exception as error:  # noqa: BLE001 - whatever one job trips over, the others go on
            return self._end(endings.unexpected(error))
        finally:
            self._leave_vendor()

    def _next_step(self) -> Generator[Effect, Any, Outcome | None]:
        local = self._provider.mode.is_local
        match machine.step(self.submission, local=local, polled=self._provider.poll is not None):
            case Step.SUBMIT:
                return (yield from self._submit())
            case Step.READ_ANSWER:
                return (yield from self._read_answer())
            case Step.FIND:
                return (yield from self._find())
            case Step.POLL:
                return (yield from self._poll())
            case Step.FETCH:
                ending = yield from (self._takes.make() if local else self._takes.fetch())
                return None if ending is None else self._end(ending)
            case Step.PLACE:
                return self._place()
            case Step.HOLD:
                return (yield from self._in_doubt())
            case Step.GIVE_UP:
                self.story.reached(Phase.LOST)
                return None
            case Step.END:
                return (yield from self._after_failure())

    # ------------------------------------------------------------ submit

    def _submit(self) -> Generator[Effect, Any, Outcome | None]:
        if not self.action.verb.makes:
            return self._end(endings.not_asked_for())
        if not self._entered:
            refusal = yield Turn(provider=self._model.provider, worst=self.action.cost.worst)
            if refusal is not None:
                return self._end(endings.refused(refusal))
            self._entered = True
        self._tell("submitting")
        client, model, params, webhook = self._client, self._model, self.request.params, self._webhook()
        try:
            reply: Reply = yield Work(
                call=lambda gate: client.submit(model, params, job=self.job, webhook=webhook, before=gate),
                at_gate=lambda: self.story.reached(Phase.INTENT),
            )
        except NotSent as error:
            return (yield from self._was_not_sent(error))
        except Unproven as error:
            self.story.record_paid(
                machine.event(self.submission, Phase.UNKNOWN, at=self.story.at(), message=error.message)
            )
            return None
        self.story.answered(reply)
        return None

    def _webhook(self) -> Webhook | None:
        """Return whom the vendor is to call: the user's own address, else this run's listener."""
        if self.request.webhook is not None or self._terms.callback is None:
            return self.request.webhook
        assert self.submission.attempt is not None
        return Webhook(url=self._terms.callback(self.submission.attempt), mode="terminal")

    def _was_not_sent(self, error: NotSent) -> Generator[Effect, Any, Outcome | None]:
        wait_s = self._not_sent.again_in_s()
        self.story.reached(Phase.NOT_SENT, message=error.message)
        if wait_s is None:
            return self._end(endings.unreachable(self._provider, error.message))
        self._tell("waiting", f"{error.message}; try {self._not_sent.made + 1} of {self._not_sent.most}")
        yield Wait(seconds=wait_s)
        return None

    def _read_answer(self) -> Generator[Effect, Any, Outcome | None]:
        answer = self.story.answer()
        reading = self._client.read_submit(self._model, answer)
        provider, attempt = self._model.provider, self.submission.attempt
        if reading.id is not None and self._store.is_held_by_another(provider, reading.id, attempt):
            named = "" if self._provider.id_is_private else f", {reading.id}"
            message = f"{self._provider.title} answered with the id of another job{named}"
            reading = Reading(verdict=Verdict.UNKNOWN, message=message)
        self.story.record_paid(*machine.after_answer(self.submission, self.story.kept(reading), at=self.story.at()))
        if self.submission.phase in (Phase.ACCEPTED, Phase.READY):
            self.story.charge_submit()
            self._store.note_pending(self.submission, private=self._provider.id_is_private)
        if self.submission.phase is Phase.REJECTED:
            return (yield from self._was_rejected(reading))
        return None

    def _was_rejected(self, reading: Reading) -> Generator[Effect, Any, Outcome | None]:
        tries = self._tries(reading.group)
        wait_s = tries.again_in_s(reading.retry_after_s) if tries else None
        if tries and wait_s is not None:
            self._pace.hold(self._world.monotonic() + wait_s)
            title, number = self._provider.title, tries.made + 1
            self._tell("waiting", f"{title} is busy; try {number} of {tries.most} in {wait_s:.0f} s")
            yield Wait(seconds=wait_s)
            return None
        ending = endings.rejected(self._provider, reading)
        if ending.closes:
            self._pace.close(Refusal(message=ending.message, help=ending.help, group=ending.group))
        return self._end(ending)

    def _tries(self, group: ErrorGroup | None) -> Tries | None:
        """Return the counter of a refusal after which the submit is made again; None when it is final."""
        match group:
            case ErrorGroup.RATE:
                return self._rejected
            case ErrorGroup.BUSY:
                return self._busy
            case ErrorGroup.AUTH | ErrorGroup.ACCOUNT | ErrorGroup.BALANCE | ErrorGroup.INVALID:
                return None
            case ErrorGroup.MISSING | ErrorGroup.TRANSIENT | None:
                return None
        assert_never(group)

    def _in_doubt(self) -> Generator[Effect, Any, Outcome | None]:
        """Hold a submit without a proven outcome, unless sending it again is free or the user's own choice."""
        self._pace.doubt(self._provider.title)
        free = self.request.price.usd == 0
        if not free:
            self.story.charge_unknown()
        why = self.submission.message or "the submit was interrupted"
        if (free or self.request.on_unknown == "resubmit") and self._resubmits_left:
            self._resubmits_left -= 1
            self._tell("waiting", f"{why}; sent again ({'the model is free' if free else 'on_unknown: resubmit'})")
            self._begin_again()
            yield Wait(seconds=0.0)
            return None
        return self._end(endings.doubtful(self._provider, why, resolving=self._resolving, free=free))

    # ------------------------------------------------------------ poll

    def _find(self) -> Generator[Effect, Any, Outcome | None]:
        """Learn the id behind a receipt of which the lock holds a digest only."""
        self._tell("finding", f"looks its receipt up in the list of {self._provider.title}")
        assert self.submission.request_id is not None
        found, why = yield from find_id(self.submission.request_id, self._client, tries=self._not_sent)
        if found is None:
            return self._end(endings.unfound(self._provider, why, resolving=self._resolving))
        self.story.reached(Phase.ACCEPTED, request_id=found)
        return None

    def _poll(self) -> Generator[Effect, Any, Outcome | None]:
        known, poll_url = self.submission.request_id, self.submission.poll_url
        assert known is not None
        assert known.plain is not None, "an id of which only the digest is known is looked up first"
        id_ = known.plain
        if not self._polls:
            self._tell("generating")
        if self._polls or self.action.verb.makes:
            yield Wait(seconds=self._poll_wait_s())
        self._polls += 1
        client, model = self._client, self._model
        reading: Reading = yield Work(call=lambda _gate: client.poll(model, id=id_, poll_url=poll_url))
        return self._after_poll(reading)

    def _after_poll(self, reading: Reading) -> Outcome | None:
        match reading.verdict:
            case Verdict.DONE:
                self._leave_vendor()
                self.story.record(machine.ready(self.submission, self.story.kept(reading), at=self.story.at()))
                return None
            case Verdict.FAILED:
                self._leave_vendor()
                self.story.reached(Phase.FAILED, message=reading.message, charged=reading.charged)
                return None
            case Verdict.REFUSED:
                return self._end(endings.locked_out(self._provider, reading))
            case Verdict.MISSING if self.story.age_s() > self._limits.missing_is_lost_after_s:
                self.story.reached(Phase.LOST, message=reading.message)
                return None
            case Verdict.WAITING if not reading.known and reading.word not in self._words:
                self._words.add(reading.word or "")
                self._tell("generating", f"{self._provider.title} says {reading.word!r}, a word its file does not list")
            case _:
                self._tell("generating", reading.word or reading.message)
        if self.story.age_s() > self.request.timeout_s:
            self.story.reached(Phase.STALLED, message=reading.message)
            return self._end(endings.stalled(self._provider, self.submission, self.story.age_s()))
        return None

    def _poll_wait_s(self) -> float:
        """Wait the vendor's own interval at first, then longer, up to the limit of waits between polls."""
        interval_s = self._provider.poll_s
        growth = 1.15 ** max(0, self._polls - 10)
        return min(interval_s * growth, max(interval_s, self._limits.max_poll_wait_s))

    # ------------------------------------------------------------ takes

    def _place(self) -> Outcome | None:
        if self.request.output is None:
            self._store.drop_pending(self.submission)
            self.story.reached(Phase.DONE)
            return self._made("its takes are in the store")
        take = self.request.take
        if take > len(self.submission.takes):
            message = f"take {take} was asked for, {len(self.submission.takes)} came; the last one stands at its output"
            self._tell("placing", message)
        chosen = chosen_take(self.submission.takes, take)
        output = self.request.output + EXTENSIONS[chosen.media_type]
        private = self._provider.id_is_private
        try:
            entry = self._store.finish(self.submission, job=self.job, output=output, take=take, private=private)
        except TakeMissing:
            if self._fetched_again:
                raise
            self._fetched_again = True
            self.story.fetch_again()
            return None
        self.story.record(
            machine.event(self.submission, Phase.PLACED, at=self.story.at(), path=output),
            machine.event(self.submission, Phase.DONE, at=self.story.at()),
        )
        self.story.charge_real_length()
        came, asked = len(self.submission.takes), self.request.takes
        return self._made("" if came >= asked else f"{asked} takes were asked for, {came} came", entry=entry)

    # ------------------------------------------------------------ ends

    def _after_failure(self) -> Generator[Effect, Any, Outcome | None]:
        """Report an ended submission, or begin the next one where `retries` allows."""
        ended = self.submission
        if ended.phase is Phase.FAILED:
            self._store.drop_pending(ended)
            if ended.charged is False:
                self.story.take_back_submit()
            if self._retries_left and self.action.verb.makes:
                self._retries_left -= 1
                self._tell("waiting", f"{ended.message}; asked again, {self._retries_left} left")
                self._begin_again()
                yield Wait(seconds=0.0)
                return None
        if self.request.output is None:
            return self._end(endings.left_behind(self._provider, ended, resolving=self._terms.resolving(self.job)))
        return self._end(endings.over(self._provider, ended))

    def _interrupted(self) -> Outcome:
        return self._end(endings.interrupted(unpaid=self.submission.phase in UNPAID))

    def _begin_again(self) -> None:
        self.story.begin_again()
        self._leave_vendor()

    def _made(self, message: str = "", *, entry: Entry | None = None) -> Outcome:
        return self._end(Ending(result=Result.MADE, message=message), entry)

    def _end(self, ending: Ending, entry: Entry | None = None) -> Outcome:
        self._tell(ending.result, ending.message, over=True)
        return Outcome(
            job=self.job,
            model=self._model.id,
            result=ending.result,
            entry=entry,
            spent_usd=self.story.paid,
            message=ending.message,
            help=ending.help,
            group=ending.group,
        )

    @property
    def _resolving(self) -> str:
        return self._terms.resolving(self.submission.job)

    def _leave_vendor(self) -> None:
        if self._entered:
            self._pace.leave()
            self._entered = False

    def _tell(
        self, state: str, note: str = "", *, take: int | None = None, takes: int | None = None, over: bool = False
    ) -> None:
        self._notify(Progress(job=self.job, state=state, note=note, take=take, takes=takes, over=over))
