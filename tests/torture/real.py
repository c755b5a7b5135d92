"""Checkouts as people have them: real processes, real git with the program's merge driver, real kills, a provider on loopback."""

from __future__ import annotations

import json
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.support.git import Git
from tests.support.vendor.audio import song
from tests.support.vendor.process import running_vendor
from tests.torture.checkouts import MOODS, History
from tests.torture.forks import running_zygote
from tests.torture.machines import NOT_MADE, STEMS, Broken, Charge, Commit, Ended, How, Machine, remove
from tests.torture.pieces import FADES_S, fade_of, mastering
from tests.torture.simulated import Broke
from tests.torture.steps import history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.support.vendor.process import RunningVendor
    from tests.torture.forks import Child, Zygote

SCRIPTS = {
    "p0": "lag=0.003",
    "p1": "lag=0.003 poll=word:QUEUED,word:QUEUED,done",
    "p2": "lag=0.003 submit=paid:500,ok",
    "p3": "lag=0.003 submit=free:500,ok poll=word:QUEUED,done",
    "p4": "lag=0.003 media=half,ok",
}
"""What becomes of each piece: the provider of the fork server's trials is told by the prompt."""
MASTERED = "bd"
"""The jobs whose takes are finished; a renamed job may become one, or cease to be one."""
INTERRUPTED = 130
"""The exit code after Ctrl-C; one that comes before there is a plan leaves no report."""
WRITE_S = 0.012
"""About how long a run takes from one write into its journal to the next."""


class Real(History):
    """Checkouts in folders, each with its repository; the origin is a bare one beside them."""

    def __init__(self, folder: Path, *, vendor: RunningVendor, zygote: Zygote, tag: str) -> None:
        super().__init__()
        self.folder, self.vendor, self.zygote, self.tag = folder, vendor, zygote, tag
        self.chance = random.Random(tag)
        self._logs = 0

    def charges(self) -> Sequence[Charge]:
        """Return the provider's ledger, once it has dealt with all that came."""
        self.vendor.settle()
        rows = [row for row in self.vendor.charges() if row["name"].startswith(f"{self.tag}-")]
        return [Charge(id=row["id"], prompt=row["prompt"]) for row in rows]

    def new_machine(self, number: int) -> Machine:
        """Make a checkout of the first commit; the first one makes the repository."""
        machine = Machine(folder=self.folder / f"m{number}", head=self.origin, jobs=dict(self.origin.jobs))
        if number:
            Git(self.folder / "origin.git").clone(machine.folder)
            self._install_driver(machine)
        else:
            machine.folder.mkdir(parents=True, exist_ok=True)
            self.write(machine)
            git = Git(machine.folder).init()
            self._install_driver(machine)
            git.commit("join locks")
            git.bare(self.folder / "origin.git")
        return machine

    def _install_driver(self, machine: Machine) -> None:
        self.command(machine, "merge", "--install", *(f"{stem}.lock" for stem in STEMS)).wait(30)

    def write(self, machine: Machine) -> None:
        """Write the pipeline of a machine."""
        prompts = {
            job: f"name={self.tag}-{piece}-{{{{ mood }}}} {SCRIPTS[piece]}" for job, piece in machine.jobs.items()
        }
        (machine.folder / f"{machine.stem}.yaml").write_text(self.pipeline(machine, prompts))

    def prompts(self, machine: Machine, profile: str) -> dict[str, str]:
        """Return job → its prompt."""
        return {
            job: f"name={self.tag}-{piece}-{MOODS[profile]} {SCRIPTS[piece]}" for job, piece in machine.jobs.items()
        }

    def trouble(self, what: Mapping[str, Sequence[str]]) -> None:
        """Do nothing: the pieces themselves say what becomes of them."""

    def settings(self, job: str) -> Mapping[str, object]:
        """Return what the file says of a job beside its prompt."""
        return {"master": mastering(FADES_S[0])} if job in MASTERED else {}

    def is_made_of(self, data: bytes, job: str, charge: Charge) -> bool:
        """Say whether this is what belongs at the output of a job whose take is that of a charge."""
        return fade_of(data, song(charge.id)) == FADES_S[0] if job in MASTERED else data == song(charge.id)

    def command(self, machine: Machine, *words: str, kill_after_s: float | None = None) -> Child:
        """Start a command line on a machine."""
        self._logs += 1
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "PIXAZO_API_KEY": "torture-key-of-nobody",
            "SCOREFILE_PIXAZO_BASE_URL": self.vendor.url,
            "SCOREFILE_PIXAZO_POLL_S": "0.01",
        }
        out, err = (self.folder / f"{self._logs}.{kind}" for kind in ("out", "err"))
        more = {} if kill_after_s is None else {"kill_after_s": kill_after_s}
        return self.zygote.start(
            words, cwd=machine.folder, env=env, out=out, err=err, limits={"wait_scale": 0.005}, **more
        )

    def run(self, machine: Machine, how: How) -> Ended:
        """Run on a machine, and perhaps kill it, stop it, or pull meanwhile."""
        named = [word for name in how.names for word in ("--reroll", name)] if how.reroll else how.names
        words = ["run", f"{machine.stem}.yaml", *named, "--yes", "--format", "json"]
        words += ["--force"] * how.force + ["--profile", how.profile] * bool(how.profile)
        words += ["--shard", "{}/{}".format(*how.shard)] if how.shard else []
        moment = (how.kill_at or how.stop_at or how.pull_at) * WRITE_S
        child = self.command(machine, *words, kill_after_s=moment if how.kill_at else None)
        if how.stop_at or how.pull_at:
            time.sleep(moment)
        if how.stop_at:
            child.signal(signal.SIGINT)
        if how.pull_at:
            self.pull(machine)
        done = child.wait(60)
        if done.killed:
            return Ended(killed=True)
        if how.stop_at and not done.out and (done.code == INTERRUPTED or "KeyboardInterrupt" in done.err):
            return Ended(wrote=False)
        if how.reroll and NOT_MADE in done.out + done.err:
            return Ended(refused=done.out + done.err)
        if done.code in (1, 3, 4) or "Traceback" in done.err:
            about_stem = "has paid results that" in done.out + done.err
            return Ended(refused=done.out + done.err) if about_stem else Ended(broke=done.out + done.err)
        try:
            results = {named_row(row): row["result"] for row in json.loads(done.out)["jobs"]}
        except (ValueError, KeyError, TypeError) as error:
            return Ended(broke=f"{error!r}: {done.out}{done.err}")
        return Ended(results=results, wrote=not set(results.values()) <= {"reused"})

    def settle(self, machine: Machine) -> bool:
        """Tell the truth about every submission whose payment status is unknown, and say whether there was one."""
        for number in range(20):
            unknown = self._unknown(machine)
            if not unknown:
                return number > 0
            name, attempt, prompt = unknown[0]
            charged = self.charge_of(attempt, prompt)
            words = ["--id", charged] if charged else ["--not-charged"]
            self.say(f"{machine.folder.name}: resolve {name} {words}")
            done = self.command(machine, "resolve", f"{machine.stem}.yaml", name, *words).wait(30)
            if done.code != 0:
                raise Broken("locked out", f"resolve {name} {words}: {done.err}")
        raise Broken("locked out", f"{machine.folder.name}: what is unknown stays unknown")

    def _unknown(self, machine: Machine) -> list[tuple[str, str, str]]:
        """Return (name, attempt, prompt) of each submission that `resolve` lists."""
        done = self.command(machine, "resolve", f"{machine.stem}.yaml", "--format", "json").wait(30)
        if done.code != 0:
            raise Broken("locked out", f"resolve: {done.err}")
        found = [(item["full_name"], item["request"]["prompt"]) for item in json.loads(done.out)["submissions"]]
        return [(name, self._attempt(name.rpartition("~")[2]), prompt) for name, prompt in found]

    def _attempt(self, short: str) -> str:
        """Return the attempt whose name starts like this."""
        return next(name for name in self.homes if name.startswith(short))

    def commit(self, machine: Machine) -> None:
        """Commit what is in a machine's working tree, in git too."""
        super().commit(machine)
        Git(machine.folder).commit(f"commit {len(self.commits)}")

    def share(self, machine: Machine) -> None:
        """Commit, pull, push."""
        if self.pull(machine):
            Git(machine.folder)("push", "--quiet", "origin", "HEAD:main")
            self.origin = machine.head
            self.say(f"{machine.folder.name}: push")

    def merge_locks(
        self, machine: Machine, base: Commit, ours: Commit, theirs: Commit
    ) -> tuple[str | None, frozenset[str]]:
        """Return what git made of the lock: the merge is under way in the working tree."""
        git, both = Git(machine.folder), ours.knows | theirs.knows
        found = [f"{stem}.lock" for stem in STEMS if (machine.folder / f"{stem}.lock").exists()]
        if not found:
            return None, frozenset()
        if git.conflicts() & set(found):
            self._join(machine)
        if len(found) > 1:  # one branch renamed the file, and the other had no lock before
            self._join(machine, *found)
        return (machine.folder / found[0]).read_text(), both

    def _join(self, machine: Machine, *names: str) -> None:
        done = self.command(machine, "merge", *names).wait(30)
        if done.code != 0:
            raise Broken("locked out", f"scorefile merge {names}: {done.err}")

    def merged(self, machine: Machine, base: Commit, ours: Commit, theirs: Commit) -> Commit:
        """Let git merge, resolve the pipeline as the model does, and commit."""
        git = Git(machine.folder)
        git("fetch", "--quiet", "origin")
        git("merge", "--no-commit", "--no-ff", "origin/main", fails=True)
        return super().merged(machine, base, ours, theirs)

    def check_out(self, machine: Machine, commit: Commit, why: str) -> None:
        """Put a commit into a machine's working tree, and into its repository."""
        git = Git(machine.folder)
        if why == "pull" and commit is self.origin:
            git("fetch", "--quiet", "origin")
            git("merge", "--quiet", "--ff-only", "origin/main")
        super().check_out(machine, commit, why)
        git("add", "--all")
        if git("diff", "--cached", "--quiet", fails=True).code or (machine.folder / ".git/MERGE_HEAD").exists():
            git("commit", "--quiet", "--message", why)


def named_row(row: Mapping[str, Any]) -> str:
    """Return the job of a row, or its roll."""
    return f"{row['job']} roll {row['roll']}" if row["roll"] else str(row["job"])


def many(count: int, *, seed: str, workers: int, folder: Path, until: float) -> tuple[int, list[Broke]]:
    """Play histories, start none after `until` (monotonic), and return how many were played and what broke."""

    def work(number: int) -> tuple[int, list[Broke]]:
        home, broke, played = folder / f"w{number}", list[Broke](), 0
        with running_vendor(home / "vendor") as vendor, running_zygote(home / "zygote") as zygote:
            for nth in range(number, count, workers):
                if time.monotonic() > until:
                    break
                name, steps = f"{seed}-{nth}", history(f"{seed}-{nth}")
                world = Real(home / f"h{nth}", vendor=vendor, zygote=zygote, tag=f"h{nth}")
                played += 1
                try:
                    world.play(steps)
                except (Broken, AssertionError) as broken:
                    finding = broken.finding if isinstance(broken, Broken) else "locked out"
                    said = tuple(world.said)
                    broke.append(Broke(seed=name, finding=finding, text=str(broken), steps=tuple(steps), said=said))
                else:
                    remove(world.folder)
        return played, broke

    with ThreadPoolExecutor(workers) as pool:
        ended = list(pool.map(work, range(workers)))
    return sum(played for played, _ in ended), [one for _, broke in ended for one in broke]
