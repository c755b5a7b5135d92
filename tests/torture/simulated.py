"""Checkouts in one process: the real `run` and `resolve` with journal, lock and store; provider, clock and git are simulated.

A kill sets the machine's folder back to what it was at one write into the journal (see tests/support/lab.py).
"""

from __future__ import annotations

import contextlib
import io
import itertools
import shutil
import tempfile
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.options import CommandOptions, Operator, RunOptions
from runner.commands.resolve import resolve
from runner.commands.run import run
from runner.commands.session import Session, open_session
from runner.commands.world import World
from runner.errors import ScorefileError
from runner.plan.selection import Wanted
from runner.records.limits import Limits
from tests.support.lab import _START, BASE, Listener, Vendor, _Tape, music
from tests.torture.checkouts import History
from tests.torture.machines import NOT_MADE, Broken, Charge, Ended, How, Machine
from tests.torture.steps import history, shortened, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from runner.commands.session import WritingSession
    from runner.provider.access import ProviderAccess
    from runner.records.exchange import Call, Reply
    from runner.state.blobs.incoming import Incoming
    from runner.state.store import StateStore
    from tests.torture.machines import Commit, Finding
    from tests.torture.steps import Step

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
ENV = {"PIXAZO_API_KEY": "key-of-nobody-at-all", "SCOREFILE_PIXAZO_BASE_URL": BASE}


class SimulatedProvider(Vendor):
    """The provider of the lab, which remembers for ever what it said of a job once."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, str] = {}

    def query(self, call: Call, access: ProviderAccess) -> Reply:
        """Answer a poll as it was answered before, where that was final."""
        id_ = call.url.rpartition("/")[2]
        if id_ in self.said:
            self.fates["poll"].appendleft(self.said[id_])
        elif self.fates["poll"] and self.fates["poll"][0] in ("404", "failed"):
            self.said[id_] = self.fates["poll"][0]
        return super().query(call, access)


class Simulated(History):
    """Checkouts in one process."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.vendor = folder, SimulatedProvider()
        self._ticks, self._names = itertools.count(), itertools.count()

    def charges(self) -> Sequence[Charge]:
        """Return the provider's ledger."""
        return [Charge(id=item.id, prompt=item.prompt, living=not item.failed) for item in self.vendor.charges]

    def new_machine(self, number: int) -> Machine:
        """Make a checkout of the first commit."""
        folder = self.folder / f"m{number}"
        folder.mkdir(parents=True)
        return Machine(folder=folder, head=self.origin)

    def write(self, machine: Machine) -> None:
        """Write the pipeline of a machine."""
        prompts = {job: piece + " {{ mood }}" for job, piece in machine.jobs.items()}
        (machine.folder / f"{machine.stem}.yaml").write_text(self.pipeline(machine, prompts))

    def trouble(self, what: Mapping[str, Sequence[str]]) -> None:
        """Let the provider's next answers be these."""
        for kind, steps in what.items():
            self.vendor.fates[kind].extend(steps)

    def is_made_of(self, data: bytes, job: str, charge: Charge) -> bool:
        """Say whether this is what belongs at the output of a job whose take is that of a charge."""
        return data == music(charge.id)

    def session(self, machine: Machine, how: How | None = None) -> Session:
        """Open the project of a machine for one command."""
        how = how or How()
        options = CommandOptions(
            file=str(machine.folder / f"{machine.stem}.yaml"),
            profile=how.profile or None,
            wanted=Wanted(names=() if how.reroll else how.names, shard=how.shard),
            force=how.force,
            reroll=how.names if how.reroll else (),
            env=ENV,
        )
        return open_session(options, self.world())

    def world(self) -> World:
        """Return the world outside: clocks that leap, the provider in memory."""
        return World(
            now=lambda: _START + timedelta(seconds=next(self._ticks)),
            monotonic=lambda: float(next(self._ticks)),
            token=lambda: f"{next(self._names):032x}",
            random_below=lambda limit: next(self._names) % limit,
            transport=lambda: self.vendor,
            fetcher=self._fetcher,
            cpu=lambda _options, _tasks: Listener(),
            limits=Limits(stop_check_s=0.001),
        )

    def _fetcher(self, incoming: Incoming, _stop: threading.Event, _shown: frozenset[str]) -> SimulatedProvider:
        self.vendor.incoming = incoming
        return self.vendor

    def run(self, machine: Machine, how: How) -> Ended:
        """Run on a machine."""
        stop = threading.Event()
        told_before = {charge.id: charge.told for charge in self.vendor.charges}
        tape = _Tape(_Folder(machine.folder, self.vendor), crash_at=how.kill_at, late=how.late)  # type: ignore[arg-type]

        def at(count: int) -> None:
            if count == how.stop_at:
                stop.set()
            # A pull that renames the file of a run leaves its lock under the old name: the next run there says so.
            if count == how.pull_at and self.origin.stem == machine.stem:
                self.pull(machine)

        operator = Operator(confirm=lambda _: None, notify=lambda _: None, stop=stop)
        try:
            session = Watched(self.session(machine, how), lambda store: tape.listen(store, on=at))
            did = run(session, RunOptions(jobs=2), operator).did
        except ScorefileError as error:
            refuses = is_about_the_stem(error) or NOT_MADE in error.message
            return Ended(refused=error.message) if refuses else Ended(broke=error.message)
        except Broken:
            raise
        except Exception as error:
            return Ended(broke=f"{type(error).__name__}: {error}")
        if tape._taken:
            tape.rewind()
            self.vendor.charges = [
                replace(charge, told=told_before.get(charge.id, False)) for charge in self.vendor.charges
            ]
            return Ended(killed=True)
        return Ended(results={outcome.name: str(outcome.result) for outcome in did.outcomes}, wrote=session.wrote)

    def settle(self, machine: Machine) -> bool:
        """Tell the truth about every submission whose payment status is unknown, and say whether there was one."""
        for number in range(20):
            targets = self.session(machine).targets
            unknown = targets.unknown()
            if not unknown:
                return number > 0
            item, name = unknown[0], targets.full_name(unknown[0])
            assert item.attempt is not None
            charged = self.charge_of(item.attempt, item.params["prompt"])
            self.say(f"{machine.folder.name}: resolve {name}: {charged or 'not charged'}")
            try:
                resolve(self.session(machine), name, "id" if charged else "not-charged", id=charged)
            except ScorefileError as error:
                raise Broken("locked out", f"resolve {name}: {error.message}") from error
        raise Broken("locked out", f"{machine.folder.name}: what is unknown stays unknown")

    def merge_locks(
        self, machine: Machine, base: Commit, ours: Commit, theirs: Commit
    ) -> tuple[str | None, frozenset[str]]:
        """Return what the merge driver makes of two locks."""
        both = ours.knows | theirs.knows
        with tempfile.TemporaryDirectory(dir=MEMORY) as name:
            paths = [Path(name) / letter for letter in "OAB"]
            for path, commit in zip(paths, (base, ours, theirs), strict=True):
                path.write_text(commit.lock or "")
            code = quietly("merge-driver", *map(str, paths), machine.lock.name)
            if code != 0:
                raise Broken("locked out", f"merge-driver ended with {code}")
            return paths[1].read_text(), both


class Watched(Session):
    """A session that shows its store as soon as it is open for writing."""

    def __init__(self, session: Session, show: Callable[[StateStore], None]) -> None:
        super().__init__(session.options, session.project, session.world)
        self._show = show
        self.wrote = False

    @contextlib.contextmanager
    def writing(self, *, timeout_s: float = 0.0, keep_lock: bool = False) -> Iterator[WritingSession]:
        """Open the project for writing."""
        with super().writing(timeout_s=timeout_s, keep_lock=keep_lock) as held:
            self._show(held.store)
            self.wrote = True
            yield held


class _Folder:
    """What a tape of the lab has to know of a machine."""

    def __init__(self, folder: Path, vendor: Vendor) -> None:
        self.folder, self.vendor = folder, vendor


def is_about_the_stem(error: ScorefileError) -> bool:
    """Say whether a command refuses because what was paid for lies under another name."""
    return "has paid results that" in error.message and bool(error.help)


def quietly(*words: str) -> int:
    """Run a command line in this process and return its exit code."""
    from runner.cli.main import call

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            return call(list(words))
        except SystemExit as leave:
            return leave.code if isinstance(leave.code, int) else 1


def play(steps: Sequence[Step]) -> tuple[Broken | None, Simulated]:
    """Play a history in a folder of its own, and return what broke."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY, prefix="checkouts-"))
    played = Simulated(folder)
    try:
        played.play(steps)
    except Broken as broken:
        return broken, played
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None, played


def attempt(seed: str) -> Broke | None:
    """Play the history of a seed. Return what broke, with the shortest part of the history that breaks the same."""
    steps = history(seed)
    broken, played = play(steps)
    if broken is None:
        return None
    finding = broken.finding

    def breaks(part: Sequence[Step]) -> bool:
        again, _ = play(part)
        return again is not None and again.finding == finding

    least = shortened(steps, breaks)
    again, shorter = play(least)
    if again is None or again.finding != finding:  # threads take turns as they like
        return Broke(seed=seed, finding=finding, text=str(broken), steps=tuple(steps), said=tuple(played.said))
    return Broke(seed=seed, finding=finding, text=str(again), steps=tuple(least), said=tuple(shorter.said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke:
    """One history that broke something, made as short as it goes."""

    seed: str
    finding: Finding
    text: str
    steps: tuple[Step, ...]
    said: tuple[str, ...]

    def __str__(self) -> str:
        return "\n    ".join([f"{self.text} (seed {self.seed})", told(self.steps), *self.said])


def many(count: int, *, seed: str, workers: int, until: float) -> tuple[int, list[Broke]]:
    """Play histories, start none after `until` (monotonic), and return how many were played and what broke."""
    played, broke = 0, []
    with ProcessPoolExecutor(workers) as pool:
        waiting = {pool.submit(attempt, f"{seed}-{number}") for number in range(min(count, 4 * workers))}
        number = len(waiting)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                played += 1
                if (found := future.result()) is not None:
                    broke.append(found)
                if number < count and time.monotonic() < until:
                    waiting.add(pool.submit(attempt, f"{seed}-{number}"))
                    number += 1
    return played, broke
