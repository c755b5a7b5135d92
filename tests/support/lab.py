"""The engine in a world of its own: a vendor in memory, clocks that leap, a disk that can be set back to any moment.

Real are the plan, the executor with its threads, the budget, the journal, the lock and the store.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import shutil
import threading
import time
from collections import deque
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from runner.commands.facts import open_store
from runner.commands.options import CommandOptions
from runner.commands.session import Session, open_session
from runner.engine.effects import RunSettings, World
from runner.engine.executor import Executor as JobExecutor
from runner.provider.access import ProviderAccess
from runner.provider.downloads import BadContent, Download, DownloadFailed, LinkDead
from runner.provider.transport import NotSent, Unproven
from runner.records.exchange import Reply
from runner.records.limits import Limits
from runner.records.measured import Probe
from runner.state.project import prepare_state
from tests.support.catalog import shipped_catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.engine.effects import Progress
    from runner.provider.downloads import DownloadRules
    from runner.records.exchange import Call, Media
    from runner.records.outcome import Outcome
    from runner.records.submission import Event
    from runner.state.blobs.incoming import Incoming
    from runner.state.store import StateStore

PRICE = Decimal("0.08")
BASE = "http://127.0.0.1:1"
SUBMITS = ("taken", "paid, silent", "unpaid, silent", "paid, 500", "busy", "refused", "no way", "taken, odd answer")
POLLS = ("done", "wait", "500", "404", "failed", "nothing", "strange")
FETCHES = ("whole", "dead", "bad", "broken")
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Charge:
    """One charge. `failed` is set when the vendor said that the job failed."""

    id: str
    prompt: str
    failed: bool = False
    told: bool = False
    """Whether an answer with this id reached the client."""


@dataclass
class Vendor:
    """Transport and fetcher at once. `fates` are what the next calls meet; without one a call goes well."""

    charges: list[Charge] = field(default_factory=list)
    fates: dict[str, deque[str]] = field(default_factory=lambda: {"submit": deque(), "poll": deque(), "fetch": deque()})
    run_limit: Decimal | None = None
    run_charges: int = 0
    inside: list[str] = field(default_factory=list)
    """Prompts of submits that have passed the gate and are not answered."""
    incoming: Incoming | None = None

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._ids = itertools.count(1)

    def fate(self, kind: str, usual: str) -> str:
        """Return what the next call of this kind meets."""
        with self.lock:
            waiting = self.fates[kind]
            return waiting.popleft() if waiting else usual

    def submit(self, call: Call, access: ProviderAccess, *, before: Callable[[], None], timeout_s: float) -> Reply:
        """Answer a submit, charge for it, or not."""
        fate = self.fate("submit", "taken")
        if fate == "no way":
            raise NotSent("no connection")
        prompt = json.loads(call.body or b"{}")["prompt"]
        before()
        with self.lock:
            self.inside.append(prompt)
        try:
            return self._answer(fate, prompt)
        finally:
            with self.lock:
                self.inside.remove(prompt)

    def _answer(self, fate: str, prompt: str) -> Reply:
        charge = self._charge(prompt) if fate.startswith(("paid", "taken")) else None
        match fate:
            case "taken" | "taken, odd answer":
                assert charge is not None
                charge.told = True
                time.sleep(0.002)
                more = {"status": "QUEUED"} if fate == "taken" else {"status": 7, "polling_url": "file:///etc/passwd"}
                return _json(202, {"request_id": charge.id} | more)
            case "busy":
                return _json(429, {"message": "later"}, {"retry-after": "30"})
            case "refused":
                return _json(400, {"message": "no"})
            case "paid, 500":
                return _json(500, {"error": "oh"})
            case _:
                raise Unproven("the connection broke")

    def _charge(self, prompt: str) -> Charge:
        with self.lock:
            charge = Charge(id=f"tracks_{next(self._ids)}", prompt=prompt)
            self.charges.append(charge)
            self.run_charges += 1
            if self.run_limit is not None:
                assert self.run_charges * PRICE <= self.run_limit, "the budget is passed"
            return charge

    def query(self, call: Call, access: ProviderAccess) -> Reply:
        """Answer a poll."""
        receipt = call.url.rpartition("/")[2]
        charge = next((item for item in self.charges if item.id == receipt), None)
        fate = self.fate("poll", "done")
        if charge is None or fate == "404":
            return _json(404, {"error": "unknown"})
        good = {"request_id": receipt, "status": "COMPLETED", "output": {"media_url": [f"{BASE}/{receipt}"]}}
        match fate:
            case "500":
                return _json(500, {})
            case "wait" | "strange":
                return _json(200, good | {"status": "QUEUED" if fate == "wait" else "TUNING", "output": None})
            case "nothing":
                raise NotSent("no answer")
            case "failed":
                charge.failed = True
                return _json(200, good | {"status": "FAILED", "output": None})
            case _:
                return _json(200, good)

    def download(self, media: Media, expected: DownloadRules) -> Download:
        """Download the audio of an id, or fail to."""
        match self.fate("fetch", "whole"):
            case "dead":
                raise LinkDead("the link answers 403")
            case "bad":
                raise BadContent("not audio")
            case "broken":
                raise DownloadFailed("the download failed")
        assert self.incoming is not None
        data = music(str(media.url).rpartition("/")[2])
        part = self.incoming.part()
        part.write_bytes(data)
        return Download(path=part, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))

    def close(self) -> None:
        """There is nothing to close."""


class Listener(Executor):
    """Decodes nothing: every file is so many seconds of music. It is saved where a store is named."""

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds

    def submit(self, _call: Any, /, *args: Any, **_more: Any) -> Future[Any]:
        """Return what is heard in a file, at once."""
        heard: Future[Any] = Future()
        try:
            match args:
                case (Path() as part, str() as sha256, blobs):
                    blobs.save(part, sha256)
        except Exception as error:
            heard.set_exception(error)
        else:
            heard.set_result(
                Probe(
                    media_type="audio/wav",
                    codec="pcm_s16le",
                    seconds=self._seconds,
                    rate_hz=8000,
                    channels=1,
                    samples=8000,
                )
            )
        return heard


def music(receipt: str) -> bytes:
    """Return what is delivered for an id."""
    return f"the music of {receipt}".encode()


def _json(status: int, data: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status=status, headers=headers or {}, body=json.dumps(data).encode())


class Lab:
    """One project. `crash_at` counts journal writes from 1; the disk is set back to what it was before that one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.vendor = folder, Vendor()
        self.limits = Limits(stop_check_s=0.001)
        """The loop looks at its clock, which leaps, instead of waiting in real time."""
        self.notify: Callable[[Progress], None] = lambda _progress: None
        self.cpu: Executor = Listener()
        self._ticks = itertools.count()
        self._names = itertools.count()
        folder.mkdir()

    def write(self, prompts: Mapping[str, str], **job_settings: object) -> None:
        """Write the pipeline: job → prompt."""
        jobs = {job: {"prompt": prompt} | job_settings for job, prompt in prompts.items()}
        data = {"version": 1, "name": "trial", "defaults": {"model": "pixazo/lyria-3-pro"}, "jobs": jobs}
        (self.folder / "trial.yaml").write_text(json.dumps(data))

    def session(self, *reroll: str) -> Session:
        """Open the project for one command; `reroll` are the jobs that it asks for again."""
        return open_session(CommandOptions(file=str(self.folder / "trial.yaml"), reroll=reroll))

    def run(
        self,
        *reroll: str,
        limit: Decimal | None = None,
        jobs: int = 2,
        crash_at: int = 0,
        late: bool = False,
        stop_at: int = 0,
    ) -> tuple[Outcome, ...]:
        """Run the plan as it stands; after a crash what it returns has not happened. `reroll` as of `session`."""
        session = self.session(*reroll)
        todo = session.plan
        prepare_state(session.project)
        self.vendor.run_limit, self.vendor.run_charges = limit, 0
        stop = threading.Event()
        tape = _Tape(self, crash_at=crash_at, late=late)
        with open_store(session.project) as store:
            self.vendor.incoming = store.blobs.incoming
            tape.listen(store, on=lambda count: stop.set() if count == stop_at else None)
            world = World(
                now=self.now,
                monotonic=lambda: float(next(self._ticks)),
                token=lambda: f"{next(self._names):06}",
                transport=self.vendor,
                fetcher=self.vendor,
                cpu=self.cpu,
                limits=self.limits,
                stop=stop,
            )
            outcomes = JobExecutor(todo, self._settings(limit, jobs), world, store, self.notify).run()
        tape.rewind()
        return outcomes

    def now(self) -> datetime:
        """Return the time: it goes on with every look at any clock."""
        return _START + timedelta(seconds=next(self._ticks))

    def _settings(self, limit: Decimal | None, jobs: int) -> RunSettings:
        return RunSettings(
            providers={
                name: ProviderAccess(
                    provider=msgspec.structs.replace(provider, base_url=BASE, poll_s=5.0, max_in_flight=2)
                )
                for name, provider in shipped_catalog().providers.items()
            },
            jobs=jobs,
            budget_usd=limit,
        )


class _Tape:
    """Copies the whole project at one journal write, and brings that moment back when the run is over."""

    def __init__(self, lab: Lab, *, crash_at: int, late: bool) -> None:
        self._lab, self._crash_at, self._late = lab, crash_at, late
        self._copy = lab.folder.with_name(f"{lab.folder.name}-then")
        self._charges: list[Charge] = []
        self._inside: list[str] = []
        self._taken = False

    def listen(self, store: StateStore, *, on: Callable[[int], None]) -> None:
        """Count the journal's writes."""
        append, count = store._journal.append, itertools.count(1)

        def counted(events: Sequence[Event], *, durable: bool = True) -> None:
            number = next(count)
            if number == self._crash_at:
                self._take()
            append(events, durable=durable)
            on(number)

        store._journal.append = counted  # type: ignore[method-assign, assignment]

    def _take(self) -> None:
        vendor = self._lab.vendor
        with vendor.lock:
            shutil.rmtree(self._copy, ignore_errors=True)
            shutil.copytree(self._lab.folder, self._copy, ignore=shutil.ignore_patterns("incoming"))
            self._charges = [dataclasses.replace(charge, told=False) for charge in vendor.charges]
            self._inside = list(vendor.inside)
            self._taken = True

    def rewind(self) -> None:
        """Go back: files as they were; charges as they were, and those of submits that were on their way if `late`."""
        if not self._taken:
            return
        vendor = self._lab.vendor
        before = {charge.id for charge in self._charges}
        coming = [x for x in vendor.charges if x.id not in before and x.prompt in self._inside] if self._late else []
        vendor.charges = self._charges + [dataclasses.replace(charge, told=False, failed=False) for charge in coming]
        shutil.rmtree(self._lab.folder)
        self._copy.rename(self._lab.folder)
