"""One job from its action to its outcome, from top to bottom.

A JobRun is driven as a generator. It yields what it needs (a turn, a wait, work for another thread) and is sent the
result, so it reads in the order of events while the loop runs many of them at once. It runs on the loop's own thread,
so it may write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from runner.audio.local.orders import LocalFailed
from runner.engine import endings, machine
from runner.engine.computing import ComputeFailed
from runner.engine.effects import Durable, Interrupted, Lane, Progress, Turn, Wait, Work
from runner.engine.machine import Step
from runner.engine.mastering import NOT_MASTERED, output_of
from runner.engine.placing import put_in_place, to_place
from runner.engine.polls import PollSteps
from runner.engine.submission_log import SubmissionLog
from runner.engine.takes import TakeSteps
from runner.errors import StateError
from runner.plan.actions import MAX_RESUBMITS
from runner.provider.client import ProviderClient
from runner.provider.rate_limit import Backoff
from runner.provider.transport import NotSent, Unproven
from runner.records.endings import Collected, Made, NothingPaid, ProviderClosed, Stopped, Unreachable
from runner.records.endings import Interrupted as Unfinished
from runner.records.exchange import Reading, Verdict
from runner.records.outcome import Outcome
from runner.records.pipeline import Webhook
from runner.records.provider import ErrorGroup
from runner.records.submission import UNPAID, Phase, Submission
from runner.state.blobs.protocol import TakeMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.effects import Effect, RunSettings, World
    from runner.provider.rate_limit import RateLimit
    from runner.provider.slots import Slot
    from runner.records.catalog import Model
    from runner.records.endings import Ending
    from runner.records.exchange import Reply
    from runner.records.lock import Entry
    from runner.records.plan import Action
    from runner.state.store import StateStore


class JobRun:
    """One job from its action to its outcome."""

    def __init__(
        self,
        action: Action,
        *,
        settings: RunSettings,
        world: World,
        store: StateStore,
        rate_limit: RateLimit,
        notify: Callable[[Progress], None],
    ) -> None:
        self.action, self.request, self.job = action, action.request, action.request.job
        self._settings, self._world, self._store = settings, world, store
        self._rate_limit, self._notify = rate_limit, notify
        self._model: Model = action.request.model
        self._client = ProviderClient(access=settings.providers[self._model.provider], transport=world.transport)
        self._provider = self._client.provider
        self._slot: Slot | None = None
        self._retries_left = self.request.retries
        self._resubmits_left = MAX_RESUBMITS
        limits = world.limits
        self._not_sent = Backoff(limits, tries=limits.not_sent_tries, first_s=1.0, max_s=4.0)
        self._rejected = Backoff(limits, tries=limits.rate_limited_tries, first_s=5.0, max_s=60.0)
        self._busy = Backoff(limits, tries=limits.busy_tries, min_s=10.0, first_s=20.0, max_s=20.0)
        self._fetched_again = False
        self.log = SubmissionLog(action, self._provider, store, world=world)
        ready = rate_limit.ready_times
        self._polls = PollSteps(action, self._client, log=self.log, world=world, ready_times=ready, report=self._report)
        self._takes = TakeSteps(
            self.request, self._provider, log=self.log, world=world, rate_limit=rate_limit, report=self._report
        )

    @property
    def submission(self) -> Submission:
        """Return this job's submission as the journal has it."""
        return self.log.submission

    @property
    def attempt(self) -> str:
        """Return the name of its submission in the journal."""
        return self.submission.attempt

    @property
    def is_fetching(self) -> bool:
        """Return whether this job is finished at its provider and not downloaded yet."""
        return self.submission.phase is Phase.READY

    # ------------------------------------------------------------ main line

    def run(self) -> Generator[Effect, Any, Outcome]:
        """Do the whole job. The loop drives this generator and keeps what it returns."""
        if self.submission.phase is Phase.ACCEPTED:
            self._slot = self._rate_limit.hold(self._world.monotonic())
        try:
            while True:
                outcome = yield from self._next_step()
                if outcome is not None:
                    return outcome
        except Interrupted:
            return self.interrupted()
        except (StateError, OSError, ComputeFailed, LocalFailed) as error:
            return self.broken(error)
        except Exception as error:  # noqa: BLE001 - an error in one job must not stop the others
            return self._end(endings.unexpected(error))
        finally:
            self._release_slot()

    def _next_step(self) -> Generator[Effect, Any, Outcome | None]:
        local = self._provider.mode.is_local
        match machine.step(self.submission, local=local, polled=self._provider.poll is not None):
            case Step.SUBMIT:
                return (yield from self._submit())
            case Step.READ_ANSWER:
                return self._read_answer()
            case Step.FIND:
                return self._end_with((yield from self._polls.find()))
            case Step.POLL:
                ending = yield from self._polls.poll()
                if self.submission.phase in (Phase.READY, Phase.FAILED):
                    self._release_slot()
                return self._end_with(ending)
            case Step.FETCH:
                return self._end_with((yield from (self._takes.make() if local else self._takes.fetch())))
            case Step.PLACE:
                return (yield from self._place())
            case Step.HOLD:
                return (yield from self._hold_unknown())
            case Step.GIVE_UP:
                self.log.record_phase(Phase.LOST)
                return None
            case Step.END:
                return (yield from self._after_failure())

    # ------------------------------------------------------------ submit

    def _submit(self) -> Generator[Effect, Any, Outcome | None]:
        if not self.action.verb.makes:
            return self._end(NothingPaid())
        if self._slot is None:
            skipped: Ending | None = yield Turn(
                job=self.request.name,
                provider=self._model.provider,
                worst=self.action.cost.worst,
                again=self.submission.phase is Phase.REJECTED,
            )
            if skipped is not None:
                return self._end(skipped)
            self._slot = self._rate_limit.acquire(self._world.monotonic())
        self._report("submitting")
        model, params, webhook = self._model, self.request.params, self._webhook()
        client, after = self._client, self._polls.after
        try:
            reply: Reply = yield Work(
                lane=Lane.SUBMIT,
                call=lambda gate: after(client.submit(model, params, job=self.job, webhook=webhook, before=gate)),
                at_gate=self.log.record_intent,
            )
        except NotSent as error:
            return (yield from self._was_not_sent(error))
        except Unproven as error:
            self.log.record_paid(machine.event(self.submission, Phase.UNKNOWN, at=self.log.at(), message=error.message))
            return None
        self.log.record_answer(reply)
        yield Durable()  # the raw answer is on disk before it is parsed
        return None

    def _webhook(self) -> Webhook | None:
        """Return the address that the provider calls: the user's own, else that of this run's listener."""
        if self.request.webhook is not None or self._settings.callback is None:
            return self.request.webhook
        return Webhook(url=self._settings.callback(self.submission.attempt), mode="terminal")

    def _was_not_sent(self, error: NotSent) -> Generator[Effect, Any, Outcome | None]:
        wait_s = self._not_sent.next_wait_s()
        self.log.record_phase(Phase.NOT_SENT, message=error.message)
        if wait_s is None:
            return self._end(Unreachable(provider=self._provider.title, why=error.message))
        self._report("waiting", f"{error.message}; try {self._not_sent.failed + 1} of {self._not_sent.tries}")
        yield Wait(seconds=wait_s)
        return None

    def _read_answer(self) -> Outcome | None:
        reading = self._client.read_submit(self._model, self.log.read_answer())
        provider, attempt = self._model.provider, self.submission.attempt
        if reading.id is not None and self._store.is_held_by_another(provider, reading.id, attempt):
            named = "" if self._provider.id_is_private else f", {reading.id}"
            message = f"{self._provider.title} answered with the id of another job{named}"
            reading = Reading(verdict=Verdict.UNKNOWN, message=message)
        self.log.record_paid(*machine.after_answer(self.submission, self.log.keep_audio(reading), at=self.log.at()))
        if self.submission.phase is Phase.REJECTED:
            return self._was_rejected(reading)
        if self.submission.phase in (Phase.ACCEPTED, Phase.READY):
            self.log.charge_submission()
        if self.submission.phase is Phase.FAILED:
            self._charge_failed()
        if self._slot is not None and self.submission.phase is not Phase.UNKNOWN:
            self._rate_limit.accept(self._slot, self._world.monotonic())
        return None

    def _charge_failed(self) -> None:
        """Count a submission that was executed and failed in one answer: an estimate that is refunded, or an unknown sum."""
        if self.submission.charged is False:
            self.log.charge_submission()
        else:
            self.log.charge_unknown()

    def _was_rejected(self, reading: Reading) -> Outcome | None:
        tries, slot = self._tries(reading.group), self._slot
        self._release_slot()
        if tries is not None and (slot is None or self._may_try_again(slot, tries, reading.retry_after_s)):
            return None
        ending = endings.rejected(self._provider, reading)
        closes = reading.group is not None and reading.group.closes
        if closes or self._rate_limit.is_always_busy:
            self._rate_limit.close(ProviderClosed(cause=ending))
        return self._end(ending)

    def _may_try_again(self, slot: Slot, tries: Backoff, retry_after_s: float | None) -> bool:
        """Note that a submission was one too many, and return whether this job waits for its next turn."""
        now, title = self._world.monotonic(), self._provider.title
        if not self._rate_limit.refuse(slot, tries, now=now, retry_after_s=retry_after_s):
            return False
        others, wait_s = self._rate_limit.in_flight, self._rate_limit.wait_s(now) or 0.0
        if others:
            self._report(
                "waiting", f"{title} is busy with {others} other {'job' if others == 1 else 'jobs'} of this run"
            )
        else:
            self._report("waiting", f"{title} is busy; try {tries.failed + 1} of {tries.tries} in {wait_s:.0f} s")
        return True

    def _tries(self, group: ErrorGroup | None) -> Backoff | None:
        """Return the backoff after a rejection that may be retried; None when the rejection is final."""
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

    def _hold_unknown(self) -> Generator[Effect, Any, Outcome | None]:
        """Hold a submission without a proven outcome, unless sending it again is free or `on_unknown: resubmit`."""
        self._rate_limit.count_unknown(self._provider.title)
        free = self.request.is_free
        if not free:
            self.log.charge_unknown()
        ending = endings.may_be_charged(self._provider, self.submission, free=free)
        may_send = self.action.verb.makes and (free or self.request.on_unknown == "resubmit")
        if may_send and self._resubmits_left:
            self._resubmits_left -= 1
            self._report(
                "waiting", f"{ending.why}; sent again ({'the model is free' if free else 'on_unknown: resubmit'})"
            )
            self._start_again()
            yield Wait(seconds=0.0)
            return None
        return self._end(ending)

    def _place(self) -> Generator[Effect, Any, Outcome | None]:
        made = self._store.finished(self.submission, self.job)
        if self.request.output is None:
            self.log.record_phase(Phase.DONE)
            if self.request.roll:
                self._store.ledger.learn(made)
            self.log.charge_real_length()
            return self._end(Made() if self.request.roll else Collected(), made)
        wanted = to_place(self._store, self.action, made)
        if wanted.entry.attempt != made.attempt:
            self._store.ledger.learn(made)
        elif len(made.takes) < self.request.take and self.action.chosen is None:
            self._report("placing", f"there is no take {self.request.take} yet; using take {wanted.number}")
        try:
            output = yield from output_of(self._store, self.request, wanted, self._settings.profile, self._report)
            entry = yield from put_in_place(self._store, self.job, wanted.entry, output)
        except TakeMissing:
            if self._fetched_again:
                raise
            self._fetched_again = True
            self.log.fetch_again()
            return None
        except NOT_MASTERED as error:
            self._store.ledger.learn(made)
            self.log.record_phase(Phase.DONE)
            self.log.charge_real_length()
            return self._end(endings.not_mastered(error, made=True))
        self.log.record(
            machine.event(self.submission, Phase.PLACED, at=self.log.at(), path=output.path),
            machine.event(self.submission, Phase.DONE, at=self.log.at()),
        )
        self.log.charge_real_length()
        return self._end(Made(), entry)

    # ------------------------------------------------------------ endings

    def _after_failure(self) -> Generator[Effect, Any, Outcome | None]:
        """Report an ended submission, or start the next one where `retries` allows."""
        ended = self.submission
        if ended.phase is Phase.FAILED:
            if ended.charged is False:
                self.log.refund_submission()
            if self._retries_left and self.action.verb.makes:
                self._retries_left -= 1
                self._report("waiting", f"{ended.message}; submitted again, retries left: {self._retries_left}")
                self._start_again()
                yield Wait(seconds=0.0)
                return None
        given_up_as = None if self.request.output is not None else f"{ended.job}~{ended.short_attempt}"
        return self._end(endings.over(self._provider, ended, given_up_as=given_up_as))

    def broken(self, error: Exception) -> Outcome:
        """Return the outcome after an error on this machine."""
        return self._end(endings.broken(error))

    def interrupted(self) -> Outcome:
        """Return the outcome of a job that the end of the run stops."""
        return self._end(Stopped() if self.submission.phase in UNPAID else Unfinished())

    def _start_again(self) -> None:
        self.log.start_again()
        self._release_slot()

    def _end_with(self, ending: Ending | None) -> Outcome | None:
        return None if ending is None else self._end(ending)

    def _end(self, ending: Ending, entry: Entry | None = None) -> Outcome:
        self._notify(Progress(job=self.request.name, state=ending.result, ending=ending))
        return Outcome.of(self.request, ending, entry, spent_usd=self.log.paid)

    def _release_slot(self) -> None:
        if self._slot is not None:
            self._rate_limit.release()
            self._slot = None

    def _report(self, state: str, note: str = "", *, take: int | None = None, takes: int | None = None) -> None:
        self._notify(Progress(job=self.request.name, state=state, note=note, take=take, takes=takes))
