"""One trial: a pipeline of its own, killed again and again at random moments, then run to its end and judged.

It is killed while it makes its jobs, while two of them are rerolled, and while two of them are mastered once more.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from tests.support.vendor.audio import song
from tests.support.vendor.book import REQUESTS
from tests.support.vendor.process import running_vendor
from tests.torture.checker import Findings, Ledger, check_files, check_lock, check_money, check_takes, read_attempts
from tests.torture.forks import running_zygote
from tests.torture.pieces import FADES_S, fade_of, mastering

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.support.vendor.process import RunningVendor
    from tests.torture.checker import Attempt
    from tests.torture.forks import Child, Done, Zygote

Stage: TypeAlias = Literal["make", "reroll", "master"]
IN_FLIGHT = 2
JOBS = 3
KILLS: Mapping[Stage, int] = {"make": 5, "reroll": 3, "master": 2}
"""How often one pipeline is killed in each stage of its life, at most: the stage may be over before."""
FINISHED = "ab"
"""The jobs that are mastered, and rerolled, by their last letter."""
SCRIPTS = (
    "",
    "",
    "poll=word:QUEUED,done",
    "poll=500,word:PROCESSING,done",
    "media=half,ok",
    "submit=free:429:Retry-After=0,ok",
)
LAST_RUNS = 4
_CALIBRATE = 20
_SERIAL = itertools.count()


@dataclass(kw_only=True)
class Figures:
    """What happened in many trials."""

    trials: int = 0
    kills: int = 0
    runs: int = 0
    charges: int = 0
    doubts: int = 0
    charged_doubts: int = 0
    most_doubts: int = 0
    where: Counter[str] = field(default_factory=Counter)
    """Furthest phase of a job at the moment of a kill → how often."""
    stages: Counter[str] = field(default_factory=Counter)
    """Stage of a pipeline → how often it was killed there."""
    findings: Findings = field(default_factory=Findings)

    def add(self, other: Figures) -> None:
        """Take over the figures of other trials."""
        for name in ("trials", "kills", "runs", "charges", "doubts", "charged_doubts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.most_doubts = max(self.most_doubts, other.most_doubts)
        self.where.update(other.where)
        self.stages.update(other.stages)
        self.findings.add(other.findings)


class Bench:
    """Where trials are made: one vendor, one fork server, one folder, one stream of chance.

    Several may share a vendor: the names of their jobs differ.
    """

    def __init__(
        self,
        *,
        vendor: RunningVendor,
        zygote: Zygote,
        folder: Path,
        seed: str,
        mutant: str | None = None,
        kills: Mapping[Stage, int] = KILLS,
    ) -> None:
        self.vendor, self.zygote, self.folder, self.mutant, self.kills = vendor, zygote, folder, mutant, kills
        self.name = f"b{next(_SERIAL)}"
        self.chance = random.Random(seed)
        self.ledger = Ledger(vendor.folder)
        self.figures = Figures()
        self.spans_s: dict[Stage, float] = {}
        """How long each stage takes, as seen so far: kills are spread evenly over it."""

    def calibrate(self) -> None:
        """Run one pipeline that nobody kills, to learn how long its stages take here and now."""
        calm = Pipeline(self, self.folder / "calm", tag=f"calm{self.figures.trials}")
        for stage in self.kills:
            seconds = calm.enter(stage).wait().seconds
            self.spans_s[stage] = (seconds + self.spans_s.get(stage, seconds)) / 2
        shutil.rmtree(calm.folder)

    def trial(self) -> None:
        """Make one trial, add what came of it to the figures, and clear it away."""
        if self.figures.trials % _CALIBRATE == 0:
            self.calibrate()
        number = self.figures.trials
        self.figures.trials += 1
        pipeline = Pipeline(self, self.folder / f"t{number}", tag=f"t{number}")
        for stage, kills in self.kills.items():
            for _ in range(kills):
                done = pipeline.enter(stage, kill_after_s=self.chance.uniform(0, self.spans_s[stage])).wait()
                if not done.killed:
                    break
                self.figures.kills += 1
                self.figures.stages[stage] += 1
                pipeline.judge_kill()
                pipeline.resolve()
            pipeline.complete()
        pipeline.finish()
        found = pipeline.findings.all()
        self.figures.findings.add(pipeline.findings)
        if not found:
            shutil.rmtree(pipeline.folder)


@contextmanager
def running_bench(folder: Path, *, seed: str, mutant: str | None = None) -> Iterator[Bench]:
    """Run a vendor and a fork server for one bench."""
    with running_vendor(folder / "vendor") as vendor, running_zygote(folder / "zygote") as zygote:
        yield Bench(vendor=vendor, zygote=zygote, folder=folder / "trials", seed=seed, mutant=mutant)


class Pipeline:
    """The pipeline of one trial."""

    def __init__(
        self, bench: Bench, folder: Path, *, tag: str, jobs: int = JOBS, scripts: Sequence[str] = SCRIPTS
    ) -> None:
        self.bench, self.folder, self.tag = bench, folder, tag
        self.findings = Findings()
        self.jobs = [f"{bench.name}-{tag}-{letter}" for letter in "abcdef"[:jobs]]
        self.finished = frozenset(job for job in self.jobs if job[-1] in FINISHED)
        self._journal = folder / ".scorefile" / "pipelines" / "trial" / "journal.db"
        self._scripts = {job: f"name={job} lag=0.002 {bench.chance.choice(scripts)}" for job in self.jobs}
        self._allowed = dict.fromkeys(self.jobs, 1)
        """Job → how often it may have been charged by now."""
        self._fade_out_s = FADES_S[0]
        folder.mkdir(parents=True)
        self._write()

    def _write(self) -> None:
        jobs = {
            job: {"prompt": script, "output": f"audio/{job}"}
            | ({"master": mastering(self._fade_out_s)} if job in self.finished else {})
            for job, script in self._scripts.items()
        }
        settings = {"version": 1, "name": "trial", "defaults": {"model": "pixazo/lyria-3-pro"}}
        pace = {"providers": {"pixazo": {"max_in_flight": IN_FLIGHT}}}
        (self.folder / "trial.yaml").write_text(json.dumps(settings | pace | {"jobs": jobs}))

    def enter(self, stage: Stage, **more: object) -> Child:
        """Start what a person would start in a stage of the pipeline's life, once more after a kill; `more` as in `start`."""
        words = ["run", "--yes", "-q"]
        charged, attempts = self.charged(), read_attempts(self._journal)
        self._allowed = {job: max(1, len(ids)) for job, ids in charged.items()}
        match stage:
            case "make":
                pass
            case "reroll":
                for job in sorted(self.finished):
                    begun = any(attempt.job == job and attempt.is_open for attempt in attempts)
                    self._allowed[job] += not begun
                    words += ["--reroll", job]
            case "master":
                self._fade_out_s = FADES_S[1]
                self._write()
        return self.start(*words, **more)

    def run(self, *args: str, **more: object) -> Done:
        """Run a verb, perhaps not to its end."""
        return self.start(*args, **more).wait(60)

    def start(self, *args: str, **more: object) -> Child:
        """Start a verb, `run` when none is named; `more` are fields of an order to the fork server."""
        verb, *rest = args or ("run", "--yes", "-q")
        self.bench.figures.runs += 1
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "PIXAZO_API_KEY": "torture-key-of-nobody",
            "SCOREFILE_PIXAZO_BASE_URL": self.bench.vendor.url,
            "SCOREFILE_PIXAZO_POLL_S": "0.004",
        }
        usual = {"mutant": self.bench.mutant, "limits": {"wait_scale": 0.005}}
        out, err = self.folder / "out", self.folder / "err"
        for path in (out, err):
            path.unlink(missing_ok=True)
        return self.bench.zygote.start(
            [verb, "trial.yaml", *rest], cwd=self.folder, env=env, out=out, err=err, **(usual | more)
        )

    def charged(self) -> dict[str, list[str]]:
        """Return job → ids of its charges."""
        return {job: list(self.bench.ledger.ids(job)) for job in self.jobs}

    def judge(self) -> list[Attempt]:
        """Check money, outputs and lock as they stand now; wait first for charges that are still on their way."""
        self.bench.vendor.settle()
        attempts, charged = read_attempts(self._journal), self.charged()
        for job in self.jobs:
            check_money(self.findings, job, charged[job], attempts, allowed=self._allowed[job])
        check_files(self.findings, self.folder, charged, self.finished)
        check_lock(self.findings, self.folder / "trial.lock")
        return attempts

    def judge_kill(self) -> None:
        """Check what one kill may leave: no more doubts than submits were in flight."""
        attempts = self.judge()
        figures = self.bench.figures
        doubts = [attempt for attempt in attempts if attempt.in_doubt]
        figures.most_doubts = max(figures.most_doubts, len(doubts))
        if len(doubts) > IN_FLIGHT:
            self.findings.doubts.append(f"{len(doubts)} in doubt after one kill: {doubts}")
        last = {attempt.job: attempt.phase for attempt in attempts}
        figures.where.update(last.get(job, "nothing") for job in self.jobs)

    def resolve(self) -> None:
        """Decide every doubt as a person would who can read the vendor's ledger."""
        attempts, charged = read_attempts(self._journal), self.charged()
        for attempt in attempts:
            if not attempt.in_doubt:
                continue
            known = {receipt for other in attempts if other.job == attempt.job for receipt in other.ids}
            open_ = [receipt for receipt in charged[attempt.job] if receipt not in known]
            self.bench.figures.doubts += 1
            self.bench.figures.charged_doubts += bool(open_)
            decision = ["--id", open_[0]] if open_ else ["--not-charged"]
            done = self.run("resolve", f"{attempt.job}~{attempt.name}", *decision)
            if done.code != 0:
                self.findings.stuck.append(f"resolve {decision} ended with {done.code}: {done.err}")

    def complete(self) -> None:
        """Run until everything is made.

        A run may leave work to the next one: a doubt to decide, or a refusal that it found in the journal, since a
        plan that only resumes has no leave to submit.
        """
        for _ in range(LAST_RUNS):
            done = self.enter("make").wait()
            if done.code == 0:
                break
            self.resolve()
        else:
            self.findings.stuck.append(f"{self.tag} ended with {done.code}: {done.out}{done.err}")
        self.judge()

    def finish(self) -> None:
        """Judge what is there in the end, and run once more: that last run asks nobody anything."""
        charged = self.charged()
        self.bench.figures.charges += sum(map(len, charged.values()))
        made = sorted(path.name for path in (self.folder / "audio").glob("*"))
        if made != [f"{job}.wav" for job in self.jobs]:
            self.findings.bad.append(f"{self.tag} ends with {made}")
        for job in self.finished:  # the first take, whatever was rolled after it, finished as the file says now
            piece, first = self.folder / "audio" / f"{job}.wav", next(map(song, charged[job]), b"")
            if not piece.exists() or fade_of(piece.read_bytes(), first) != self._fade_out_s:
                self.findings.bad.append(f"{piece.name} is not its first take with a fade of {self._fade_out_s} s")
        for words in (("takes", "--export", "takes"), ("verify",)):
            done = self.run(*words)
            if done.code != 0:
                self.findings.bad.append(f"{self.tag}: {words} ended with {done.code}: {done.out}{done.err}")
        check_takes(self.findings, self.folder / "takes", charged)
        spilt = [*self.folder.rglob("*.tmp"), *self.folder.rglob("incoming/*")]
        self.findings.litter.extend(str(path.relative_to(self.folder)) for path in spilt)
        size = (self.bench.vendor.folder / REQUESTS).stat().st_size
        again = self.run()
        lock = (self.folder / "trial.lock").read_text()
        missing = [id_ for ids in charged.values() for id_ in ids if id_ not in lock]
        self.findings.lost.extend(f"{id_} is not in the lock" for id_ in missing)
        if again.code != 0 or (self.bench.vendor.folder / REQUESTS).stat().st_size != size:
            self.findings.stuck.append(f"{self.tag}: a run after the end was not idle: {again.code} {again.out}")
