"""One job, driven by hand: what it waits for, what it costs, what it writes. The provider is a script."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

import pytest
from msgspec.structs import replace

from runner.engine import machine
from runner.engine.effects import Compute, Durable, PollTurn, RunSettings, Turn, Wait, Work, World
from runner.engine.job_run import JobRun
from runner.engine.polls import poll_wait_s
from runner.plan.decide import decide
from runner.plan.facts import Facts, Selected
from runner.plan.fingerprint import fingerprint
from runner.provider.access import ProviderAccess
from runner.provider.downloads import BadContent, Download
from runner.provider.rate_limit import RateLimit
from runner.records.catalog import Price
from runner.records.endings import MayBeCharged, ProviderFailed
from runner.records.exchange import Reply
from runner.records.limits import DEFAULT_LIMITS, Limits
from runner.records.result import Result
from runner.records.submission import NextRun, Phase
from runner.state.blobs.local import LocalBlobs
from runner.state.journal import Journal, read_events
from runner.state.lock_writer import LockWriter
from runner.state.store import StateStore
from runner.state.submissions import fold
from tests.support.catalog import shipped_catalog
from tests.support.lab import Listener
from tests.support.made import request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runner.provider.downloads import DownloadRules
    from runner.records.exchange import Call, Media
    from runner.records.outcome import Outcome
    from runner.records.request import Request
    from runner.records.submission import Event

CATALOG = shipped_catalog()
BASE = "http://127.0.0.1:1"
ACCEPTED = (202, {"request_id": "ace_1", "status": "QUEUED"})
WAITING = (200, {"request_id": "ace_1", "status": "QUEUED"})
DONE = (200, {"request_id": "ace_1", "status": "COMPLETED", "output": {"media_url": [f"{BASE}/song.wav"]}})


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now_s)


class Provider:
    """Transport and fetcher at once: it answers what is next in its list and delivers songs."""

    def __init__(self, store: StateStore, answers: list[tuple[int, dict[str, Any]]]) -> None:
        self._store, self._answers = store, deque(answers)

    def submit(self, call: Call, access: ProviderAccess, *, before: Callable[[], None], timeout_s: float) -> Reply:
        """Answer a submission."""
        before()
        return self.query(call, access)

    def query(self, call: Call, access: ProviderAccess) -> Reply:
        """Answer the next call."""
        status, document = self._answers.popleft()
        return Reply(status=status, headers={}, body=json.dumps(document).encode())

    def download(self, media: Media, promise: DownloadRules) -> Download:
        """Deliver a file; a page is none."""
        if media.url is not None and media.url.endswith(".html"):
            raise BadContent("not audio: an HTML page")
        part = self._store.blobs.incoming.part()
        part.write_bytes(b"song")
        return Download(path=part, sha256=hashlib.sha256(b"song").hexdigest(), bytes=4)

    def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, kw_only=True)
class Driven:
    """What a job did."""

    outcome: Outcome
    waits: list[float]
    job_run: JobRun
    journal: Path
    in_flight: list[int]
    """How many slots were taken whenever it waited."""


@contextmanager
def opened(folder: Path, left: tuple[Event, ...]) -> Iterator[StateStore]:
    journal = folder / "state" / "journal.db"
    journal.parent.mkdir()
    if left:
        before = Journal(journal)
        before.append(left)
        before.close()
    lock, blobs = LockWriter(folder / "night.lock", rehearsal=False), LocalBlobs(folder / "blobs")
    store = StateStore(root=folder, lock=lock, journal_path=journal, blobs=blobs)
    try:
        yield store
    finally:
        store.close()


def drive(
    folder: Path,
    *answers: tuple[int, dict[str, Any]],
    wanted: Request | None = None,
    limits: Limits = DEFAULT_LIMITS,
    seconds: float = 20.0,
    left: tuple[Event, ...] = (),
    others: int = 0,
) -> Driven:
    """Run one job to its end, doing at once what it asks for; a wait only moves the clock.

    `left`: the rows that a killed run left in the journal; `others`: how many other jobs are in flight all the time.
    """
    clock, waits, in_flight = Clock(), list[float](), list[int]()
    with opened(folder, left) as store:
        found = Facts(
            models=CATALOG.models,
            lock=store.lock,
            submissions=store.submissions,
            outputs={},
            blobs=(),
            pollable=CATALOG.models,
        )
        (action,) = decide((wanted or request(),), found, Selected()).actions
        provider = replace(CATALOG.providers[action.request.model.provider], base_url=BASE, poll_s=5.0)
        script = Provider(store, list(answers))
        world = World(
            now=clock.now,
            monotonic=lambda: clock.now_s,
            token=lambda: "a1",
            transport=script,
            fetcher=script,
            cpu=Listener(seconds),
            limits=limits,
            stop=threading.Event(),
        )
        settings = RunSettings(
            providers={provider.name: ProviderAccess(provider=provider)},
            jobs=1,
            budget_usd=None,
        )
        rate_limit = RateLimit(slots=1 + others, window=None)
        for _ in range(others):
            rate_limit.accept(rate_limit.acquire(0.0), 0.0)
        job_run = JobRun(
            action,
            settings=settings,
            world=world,
            store=store,
            rate_limit=rate_limit,
            notify=lambda _progress: None,
        )
        store.record(*job_run.log.opening_rows())
        outcome = _do_steps(job_run, world, rate_limit, clock, waits, in_flight)
        assert rate_limit.in_flight == others, "its slot is free again"
    return Driven(
        outcome=outcome, waits=waits, job_run=job_run, journal=folder / "state" / "journal.db", in_flight=in_flight
    )


def _do_steps(
    job_run: JobRun, world: World, rate_limit: RateLimit, clock: Clock, waits: list[float], in_flight: list[int]
) -> Outcome:
    steps, sent, error = job_run.run(), None, None
    while True:
        try:
            effect = steps.send(sent) if error is None else steps.throw(error)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        sent = error = None
        match effect:
            case Turn():
                wait_s = rate_limit.wait_s(clock.now_s)
                assert wait_s is not None
                clock.now_s += wait_s
            case Durable():
                pass
            case Wait() | PollTurn():
                waits.append(effect.seconds)
                in_flight.append(rate_limit.in_flight)
                clock.now_s += effect.seconds
            case Work():
                try:
                    sent = effect.call(effect.at_gate)
                except BadContent as bad:
                    error = bad
            case Compute():
                sent = world.cpu.submit(effect.call, *effect.args).result()
            case _:
                assert_never(effect)


def test_polls_slow_down_up_to_a_ceiling(tmp_path: Path) -> None:
    driven = drive(tmp_path, ACCEPTED, *[WAITING] * 40, DONE)
    assert driven.outcome.result is Result.MADE
    assert driven.waits == [poll_wait_s(polls, 5.0, DEFAULT_LIMITS) for polls in range(41)]
    assert (driven.waits[0], driven.waits[-1]) == (5.0, 30.0)


MINUTE = Price(usd=Decimal("0.20"), per="minute", typical_minutes=3.0)


@pytest.mark.parametrize(("seconds", "spent"), [(30.0, "0.10"), (90.0, "0.30")])
def test_a_price_by_the_minute_is_charged_for_the_real_length(tmp_path: Path, seconds: float, spent: str) -> None:
    driven = drive(tmp_path, ACCEPTED, DONE, wanted=request(price=MINUTE), seconds=seconds)
    assert driven.outcome.spent_usd == Decimal(spent)
    assert driven.outcome.entry is not None
    assert driven.outcome.entry.receipt is not None
    assert driven.outcome.entry.receipt.price_usd is not None
    assert Decimal(driven.outcome.entry.receipt.price_usd) == Decimal(spent)


def test_an_answer_that_a_killed_run_left_unread_is_not_called_free_of_charge_when_it_proves_nothing(
    tmp_path: Path,
) -> None:
    wanted, at = request(on_unknown="resubmit"), "2026-01-01T00:00:00Z"
    sent = fingerprint(wanted.model.id, wanted.params)
    opened = machine.planned(wanted, attempt="a0", fingerprint=sent, price_usd="0.10", private=False, at=at)
    reply = Reply(status=502, headers={}, body=b"{}")
    left = (
        opened,
        machine.event(fold([opened])["a0"], Phase.INTENT, at=at),
        machine.answered(fold([opened])["a0"], reply, at=at),
    )
    outcome = drive(tmp_path, wanted=wanted, left=left).outcome
    assert isinstance(outcome.ending, MayBeCharged)
    assert outcome.spent_usd is None


def test_a_price_by_the_request_is_charged_whatever_the_length(tmp_path: Path) -> None:
    assert drive(tmp_path, ACCEPTED, DONE, seconds=90.0).outcome.spent_usd == Decimal("0.10")


@pytest.mark.parametrize(("length", "is_in_store"), [(10, False), (1 << 10, True)])
def test_a_long_answer_is_kept_in_the_store_and_named_in_the_journal(
    tmp_path: Path, length: int, is_in_store: bool
) -> None:
    status, document = ACCEPTED
    answer = (status, document | {"echo": "x" * length})
    driven = drive(tmp_path, answer, DONE, limits=Limits(max_journal_answer_bytes=1 << 9))
    assert driven.outcome.result is Result.MADE
    (row,) = (event for event in read_events(driven.journal) if event.phase is Phase.ANSWERED)
    body = json.dumps(answer[1]).encode()
    written = row.data["reply"]
    assert base64.b64decode(written["body"]) == (b"" if is_in_store else body)
    assert written["kept"] == (hashlib.sha256(body).hexdigest() if is_in_store else None)
    stored = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file() and path.read_bytes() == body]
    assert len(stored) == is_in_store


def test_the_usual_answer_is_kept_in_the_journal_up_to_64_kib() -> None:
    assert DEFAULT_LIMITS.max_journal_answer_bytes == 64 << 10


def test_a_provider_that_forgets_a_job_is_asked_until_the_submission_is_old(tmp_path: Path) -> None:
    missing = (404, {"error": "not found"})
    driven = drive(tmp_path, ACCEPTED, *[missing] * 99, limits=Limits(missing_is_lost_after_s=17.0))
    assert driven.job_run.submission.phase is Phase.LOST
    assert driven.waits == [5.0] * 4


TWO = (
    200,
    {"request_id": "ace_1", "status": "COMPLETED", "output": {"media_url": [f"{BASE}/bad.html", f"{BASE}/b.wav"]}},
)


def test_takes_that_play_are_kept_when_another_of_the_same_request_does_not(tmp_path: Path) -> None:
    driven = drive(tmp_path, ACCEPTED, TWO)
    assert driven.outcome.result is Result.MADE
    assert driven.outcome.entry is not None
    assert len(driven.outcome.entry.takes) == 1


EMPTY = (200, {"request_id": "ace_1", "status": "COMPLETED", "output": {"media_url": []}})


def test_a_finished_job_that_names_no_audio_is_polled_for_two_minutes_and_then_stalled(tmp_path: Path) -> None:
    driven = drive(tmp_path, ACCEPTED, WAITING, *[EMPTY] * 99)
    assert driven.job_run.submission.phase is Phase.STALLED
    assert driven.job_run.submission.phase.next_run is NextRun.RESUME
    assert driven.outcome.result is Result.FAILED
    assert 120 < sum(driven.waits[2:]) <= 150, "from the first answer that said so"


def test_the_audio_of_a_finished_job_may_be_named_a_little_later(tmp_path: Path) -> None:
    assert drive(tmp_path, ACCEPTED, *[EMPTY] * 9, DONE).outcome.result is Result.MADE


def test_a_job_that_goes_on_after_all_is_not_stalled(tmp_path: Path) -> None:
    driven = drive(tmp_path, ACCEPTED, EMPTY, *[WAITING] * 20, *[EMPTY] * 3, DONE)
    assert driven.outcome.result is Result.MADE


TRACK_FAILED = (
    200,
    {"success": True, "tracks": [{"id": "1", "status": "failed", "error": "The lyrics were rejected"}]},
)


def test_a_failed_track_in_a_synchronous_answer_is_a_failed_job_of_unknown_cost(tmp_path: Path) -> None:
    driven = drive(tmp_path, TRACK_FAILED, wanted=request(model="verbatik/text-to-music", params={"prompt": "x"}))
    assert driven.job_run.submission.phase is Phase.FAILED
    assert driven.outcome.ending == ProviderFailed(
        provider="Verbatik", said="The lyrics were rejected", charged=None, given_up_as=None
    )
    assert driven.outcome.spent_usd is None
    assert driven.waits == []


BUSY = (429, {"error": "Too Many Requests"})


def phases(driven: Driven) -> list[Phase]:
    return [event.phase for event in read_events(driven.journal)]


def test_a_provider_that_is_full_of_other_jobs_uses_up_no_tries(tmp_path: Path) -> None:
    driven = drive(tmp_path, *[BUSY] * 20, ACCEPTED, DONE, others=1)
    assert driven.outcome.result is Result.MADE
    assert phases(driven).count(Phase.REJECTED) == 20
    assert phases(driven).count(Phase.INTENT) == 21, "each submission has a row of its own before it leaves"
    assert driven.outcome.spent_usd == Decimal("0.10"), "one of them was executed"


def test_a_provider_that_refuses_one_job_alone_ends_it_after_six_tries(tmp_path: Path) -> None:
    driven = drive(tmp_path, *[BUSY] * 20)
    assert driven.outcome.result is Result.FAILED
    assert driven.outcome.spent_usd == 0
    assert phases(driven).count(Phase.INTENT) == phases(driven).count(Phase.REJECTED) == 6


def test_a_job_that_an_earlier_run_submitted_has_a_slot_until_its_provider_has_finished_it(tmp_path: Path) -> None:
    wanted, at = request(), "2026-01-01T00:00:00Z"
    sent = fingerprint(wanted.model.id, wanted.params)
    rows = [machine.planned(wanted, attempt="a0", fingerprint=sent, price_usd="0.10", private=False, at=at)]
    rows.append(machine.event(fold(rows)["a0"], Phase.INTENT, at=at))
    rows.append(machine.event(fold(rows)["a0"], Phase.ACCEPTED, at=at, request_id="ace_1"))
    driven = drive(tmp_path, WAITING, WAITING, DONE, left=tuple(rows), wanted=wanted, others=1)
    assert (driven.outcome.result, driven.in_flight) == (Result.MADE, [2, 2, 2])
