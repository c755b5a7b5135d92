"""The steps from an accepted submission to its result: find its id where only a digest is known, then poll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.engine import endings, machine
from runner.engine.effects import Lane, PollTurn, Work
from runner.engine.lookup import find_id
from runner.provider.rate_limit import Backoff
from runner.records.endings import AnotherRequest, ReceiptNotFound
from runner.records.exchange import Verdict
from runner.records.submission import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.effects import Effect, World
    from runner.engine.submission_log import SubmissionLog
    from runner.provider.client import ProviderClient
    from runner.provider.ready_times import ReadyTimes
    from runner.records.endings import Ending
    from runner.records.exchange import Reading, Reply
    from runner.records.limits import Limits
    from runner.records.plan import Action

STEADY_POLLS = 10
"""The first polls are made at the provider's own interval; each later one waits longer."""
GROWTH = 1.15


def poll_wait_s(polls: int, interval_s: float, limits: Limits) -> float:
    """Return the seconds to wait after `polls` polls: the provider's interval, later more, up to a limit."""
    growth = GROWTH ** max(0, polls - STEADY_POLLS)
    return min(interval_s * growth, max(interval_s, limits.max_poll_wait_s))


class PollSteps:
    """The polls of one job. Its generators are parts of a JobRun; each returns the ending of the job, or None to continue."""

    __slots__ = (
        "_accepted_s",
        "_action",
        "_client",
        "_empty_at_s",
        "_limits",
        "_log",
        "_monotonic",
        "_polled_s",
        "_polls",
        "_ready_times",
        "_report",
        "_request",
        "_unlisted",
    )

    def __init__(
        self,
        action: Action,
        client: ProviderClient,
        *,
        log: SubmissionLog,
        world: World,
        ready_times: ReadyTimes,
        report: Callable[..., None],
    ) -> None:
        self._action, self._request, self._client = action, action.request, client
        self._log, self._limits, self._report = log, world.limits, report
        self._monotonic, self._ready_times = world.monotonic, ready_times
        self._polls = 0
        self._accepted_s = self._polled_s = 0.0
        """When the provider accepted the job, and when it was last polled, by the monotonic clock."""
        self._empty_at_s: float | None = None
        """How old the submission was when its provider first called it finished without naming audio."""
        self._unlisted: frozenset[str | None] = frozenset()

    def after(self, reply: Reply) -> Reply:
        """Time the polls from now on: the worker that has received this answer says when it came, not the loop, which may be busy."""
        self._polls, self._accepted_s = 0, self._monotonic()
        return reply

    def find(self) -> Generator[Effect, Any, Ending | None]:
        """Find the id of a receipt of which the lock has only the digest."""
        provider, wanted = self._client.provider, self._log.submission.request_id
        self._report("finding", f"searching the job list of {provider.title} for the receipt")
        assert wanted is not None
        tries = Backoff(self._limits, tries=self._limits.not_sent_tries, first_s=1.0, max_s=4.0)
        found, why = yield from find_id(wanted, self._client, tries=tries)
        if found is None:
            return ReceiptNotFound(job=self._log.submission.job, provider=provider.title, why=why)
        self._log.record_phase(Phase.ACCEPTED, request_id=found)
        return None

    def poll(self) -> Generator[Effect, Any, Ending | None]:
        """Poll once, after a wait."""
        receipt = self._log.submission.request_id
        assert receipt is not None
        assert receipt.plain is not None, "an id of which only the digest is known is looked up first"
        id_ = receipt.plain
        if not self._polls:
            self._report("generating")
            self._accepted_s = self._polled_s = self._accepted_s or self._monotonic()
        is_first = not self._polls and self._action.verb.makes
        yield PollTurn(provider=self._client.provider.name, seconds=self._wait_s(), may_wait=is_first)
        self._polls += 1
        client, model, now, before_s = self._client, self._request.model, self._monotonic, self._polled_s
        told_for = self._request.params if self._log.submission.is_told else None
        reading: Reading
        self._polled_s, reading = yield Work(
            lane=Lane.POLL, call=lambda _gate: (now(), client.poll(model, id=id_, told_for=told_for))
        )
        if reading.verdict is Verdict.DONE and self._action.verb.makes:
            waiting_s, ready_s = before_s - self._accepted_s, self._polled_s - self._accepted_s
            self._ready_times.note(model.id, waiting_s=waiting_s, ready_s=ready_s, poll_s=client.provider.poll_s)
        return self._after_poll(reading)

    def _wait_s(self) -> float:
        """Return the seconds until the next poll; a submission of an earlier run is polled at once."""
        usual_s = poll_wait_s(self._polls, self._client.provider.poll_s, self._limits)
        if not self._action.verb.makes:
            return usual_s if self._polls else 0.0
        age_s = self._monotonic() - self._accepted_s
        return self._ready_times.wait_s(self._request.model.id, age_s=age_s, usual_s=usual_s)

    def _is_empty_for_long(self, reading: Reading) -> bool:
        """Note when a finished job first named no audio, and return whether that is long ago."""
        match reading.verdict:
            case Verdict.EMPTY if self._empty_at_s is None:
                self._empty_at_s = self._log.age_s()
            case Verdict.WAITING:
                self._empty_at_s = None
            case _:
                pass
        since_s = self._empty_at_s
        return since_s is not None and self._log.age_s() - since_s > self._limits.empty_is_stalled_after_s

    def _after_poll(self, reading: Reading) -> Ending | None:
        log, provider = self._log, self._client.provider
        match reading.verdict:
            case Verdict.DONE:
                log.record(machine.ready(log.submission, log.keep_audio(reading), at=log.at()))
                return None
            case Verdict.FAILED:
                log.record_phase(Phase.FAILED, message=reading.message, charged=reading.charged)
                return None
            case Verdict.ANOTHER:
                return AnotherRequest(job=log.submission.job, why=reading.message)
            case Verdict.REFUSED:
                return endings.locked_out(provider, reading)
            case Verdict.MISSING if log.age_s() > self._limits.missing_is_lost_after_s:
                log.record_phase(Phase.LOST, message=reading.message)
                return None
            case Verdict.WAITING if not reading.known and reading.word not in self._unlisted:
                self._unlisted |= {reading.word}
                self._report(
                    "generating",
                    f"{provider.title} reported status {reading.word!r}, which its provider file does not list",
                )
            case _:
                self._report("generating", reading.word or reading.message)
        if log.age_s() > self._request.timeout_s or self._is_empty_for_long(reading):
            log.record_phase(Phase.STALLED, message=reading.message)
            return endings.stalled(provider, log.submission, log.age_s())
        return None
