"""Two and three checkouts of one project that share only git: what each is known to know, and what must hold.

A `History` plays steps (see steps.py) on machines. It keeps a model of its own, from the steps and the provider's
ledger alone: which charges the lock and the journal of each machine have heard of. From that follows, after each step:

    charged twice    a machine paid for a piece although it had heard of as many as its file asks for, and nobody asked
    forgotten        a charge that lock or journal of a machine had heard of is in neither any more
    lost             a charge is in no lock of any working tree or commit, and in no journal
    wrong file       an output is not what was made for its job, or two jobs have the same piece
    locked out       a lock that the program wrote, or git merged, cannot be read, or a command broke

Two machines that pay at the same moment are no finding: neither had heard of the other.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, assert_never

from tests.torture.invariants import attempts, check_files, check_money, check_receipts, proven_anywhere
from tests.torture.machines import STEMS, Broken, How, remove
from tests.torture.sharing import Sharing
from tests.torture.steps import NAMES, PIECES, TROUBLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.torture.machines import Charge, Ended, Machine
    from tests.torture.steps import Step

NEEDS = {"b": "a", "c": "a", "e": "d"}
"""Job → the job that it needs, where the file has both."""
MOODS = {"": "calm", "alt": "wild"}
"""Profile → a word that is part of each prompt."""


class History(Sharing):
    """Plays steps. A subclass says what a machine, a run, a merge and the provider are."""

    def __init__(self) -> None:
        super().__init__()
        self.machines: list[Machine] = []
        self.asked: Counter[str] = Counter()
        """Prompt → how often a person asked for another one."""
        self.rolls: set[str] = set()
        """The charges for further takes, each of which a person asked for: none of them is what a job asks for."""
        self.homes: dict[str, str] = {}
        """Attempt → the machine that began it; charge → the machine that made it."""
        self.truths: dict[str, str | None] = {}
        """Attempt → the id of its charge, None where it was not charged, as a person found it once."""

    # ------------------------------------------------------------ what the worlds differ in

    @abstractmethod
    def charges(self) -> Sequence[Charge]:
        """Return the provider's ledger."""

    @abstractmethod
    def new_machine(self, number: int) -> Machine:
        """Make a checkout of the first commit."""

    @abstractmethod
    def run(self, machine: Machine, how: How) -> Ended:
        """Run on a machine."""

    @abstractmethod
    def settle(self, machine: Machine) -> bool:
        """Tell the truth about every submission whose payment status is unknown, and say whether there was one."""

    @abstractmethod
    def trouble(self, what: Mapping[str, Sequence[str]]) -> None:
        """Let the provider's next answers be these."""

    @abstractmethod
    def is_made_of(self, data: bytes, job: str, charge: Charge) -> bool:
        """Say whether this is what belongs at the output of a job whose take is that of a charge."""

    def prompts(self, machine: Machine, profile: str) -> dict[str, str]:
        """Return job → its prompt."""
        return {job: f"{piece} {MOODS[profile]}" for job, piece in machine.jobs.items()}

    def settings(self, job: str) -> Mapping[str, object]:
        """Return what the file says of a job beside its prompt."""
        return {}

    def pipeline(self, machine: Machine, prompts: Mapping[str, str]) -> str:
        """Return the text of a machine's file; a prompt holds `{{ mood }}`. YAML reads JSON."""
        jobs = {job: {"prompt": prompt, **self.settings(job)} for job, prompt in prompts.items()}
        for job, need in NEEDS.items():
            if job in jobs and need in jobs:
                jobs[job] |= {"needs": [need]}
        data = {
            "version": 1,
            "name": "trial",
            "vars": {"mood": MOODS[""]},
            "profiles": {"alt": {"vars": {"mood": MOODS["alt"]}}},
            "defaults": {"model": "pixazo/lyria-3-pro"},
            "jobs": jobs,
        }
        return json.dumps(data, indent=1)

    # ------------------------------------------------------------ playing

    def play(self, steps: Sequence[Step]) -> None:
        """Play a history. Raises Broken at the first thing that must not be."""
        count = max((step.machine for step in steps), default=0) + 1
        self.machines = [self.new_machine(number) for number in range(max(2, count))]
        for machine in self.machines:
            machine.jobs = dict(self.origin.jobs)
            self.write(machine)
        for step in steps:
            self.play_one(step)
            self.check()
        self.come_to_an_end()

    def play_one(self, step: Step) -> None:
        """Play one step."""
        machine = self.machines[step.machine]
        match step.kind:
            case "edit" | "add" | "remove" | "rename" | "swap":
                self._edit(machine, step)
            case "run" | "target" | "force" | "reroll" | "profile" | "kill" | "stop" | "pull_under_way":
                self._run(machine, step)
            case "share":
                self.share(machine)
            case "pull":
                self.pull(machine)
            case "revert":
                self.revert(machine)
            case "old_lock":
                self.take_older_lock(machine)
            case "forget_state" | "forget_lock" | "rename_file":
                self._lose(machine, step)
            case "shards":
                self.run_shards()
            case "trouble":
                self.say(f"the provider is going to say {TROUBLES[step.a % len(TROUBLES)]}")
                self.trouble(TROUBLES[step.a % len(TROUBLES)])
            case "settle":
                self.say(f"{machine.folder.name}: settle what is unknown")
                self.tell_truth(machine)
            case _:
                assert_never(step.kind)

    def _edit(self, machine: Machine, step: Step) -> None:
        jobs = machine.jobs
        job, other = self._two_jobs(machine, step)
        piece = PIECES[step.b % len(PIECES)]
        fresh = [name for name in NAMES if name not in jobs]
        match step.kind:
            case "edit":
                self.edit(machine, {**jobs, job: piece})
            case "add" if len(jobs) < 4:
                self.edit(machine, {**jobs, fresh[0]: piece})
            case "remove" if len(jobs) > 1:
                self.edit(machine, {name: asks for name, asks in jobs.items() if name != job})
            case "rename":
                new = fresh[step.b % len(fresh)]
                self.edit(machine, {new if name == job else name: asks for name, asks in jobs.items()})
            case "swap":
                self.edit(machine, {**jobs, job: jobs[other], other: jobs[job]})

    def _run(self, machine: Machine, step: Step) -> None:
        job, _ = self._two_jobs(machine, step)
        match step.kind:
            case "run":
                how = How()
            case "target":
                how = How(names=(job,))
            case "force":
                how = How(names=(job,), force=True)
            case "reroll":
                kills = step.b % 2
                how = How(names=(job,), reroll=True, kill_at=step.b * kills, stop_at=(step.b // 2) * (1 - kills))
            case "profile":
                how = How(profile="alt")
            case "kill":
                how = How(kill_at=1 + step.a, late=step.b % 2 == 0)
            case "stop":
                how = How(stop_at=1 + step.a)
            case _:
                how = How(names=(job,) if step.b % 2 else (), pull_at=2 + step.a % 4)
        self.run_it(machine, how)

    def _lose(self, machine: Machine, step: Step) -> None:
        """Lose or rename a file, where the other one still says all: to lose both is no fault of the program."""
        if step.kind == "forget_lock":
            if machine.lock_knows <= machine.journal_knows:
                self.forget(machine, lock=True, audio=False)
        elif machine.journal_knows <= machine.lock_knows:
            if step.kind == "forget_state":
                self.forget(machine, lock=False, audio=step.b % 2 == 0)
            else:
                self.rename_file(machine, moves_state=step.b % 2 == 0)

    def _two_jobs(self, machine: Machine, step: Step) -> tuple[str, str]:
        jobs = list(machine.jobs)
        return jobs[step.a % len(jobs)], jobs[step.b % len(jobs)]

    def edit(self, machine: Machine, jobs: Mapping[str, str]) -> None:
        """Write other jobs into a machine's file."""
        machine.jobs = dict(jobs)
        self.write(machine)
        self.say(f"{machine.folder.name}: {machine.jobs}")

    # ------------------------------------------------------------ runs

    def run_it(self, machine: Machine, how: How, *, others: frozenset[str] = frozenset()) -> Ended:
        """Run, hold what was charged against what was known, and what is at the outputs against the ledger."""
        if how.pull_at:
            self.commit(machine)
        heard = machine.knows | others
        before = {charge.id for charge in self.charges()}
        if how.force:
            self.asked.update(prompt for job, prompt in self.prompts(machine, "").items() if job in how.names)
        prompts = self.prompts(machine, how.profile)
        ended = self.run(machine, how)
        new = [charge for charge in self.charges() if charge.id not in before]
        names = " ".join(f"{name}={value}" for name, value in vars_of(how).items() if value)
        ends = "killed" if ended.killed else ended.refused or dict(ended.results)
        charged = {charge.id: charge.prompt for charge in new}
        self.say(f"{machine.folder.name}: run {names} → {ends}; charged {charged}")
        if ended.broke:
            raise Broken("locked out", ended.broke)
        machine.hear(charge.id for charge in new)
        self.homes |= {charge.id: machine.folder.name for charge in new}
        self.homes |= {name: machine.folder.name for name in attempts(machine) if name not in self.homes}
        if ended.wrote and not ended.killed and not ended.refused:
            machine.know_all()
        if how.reroll:
            self._check_rolls(machine, how, new)
        else:
            ledger = [charge for charge in self.charges() if charge.id not in self.rolls]
            check_money(ledger, heard, Counter(prompts.values()), new, self.asked)
        check_files(machine, prompts, ended, self.charges(), self.is_made_of)
        return ended

    def _check_rolls(self, machine: Machine, how: How, new: Sequence[Charge]) -> None:
        """Hold a run with --reroll against what it was asked: one take of one job, and nothing else."""
        self.rolls |= {charge.id for charge in new}
        wanted = [prompt for job, prompt in self.prompts(machine, "").items() if job in how.names]
        living = [charge.prompt for charge in new if charge.living]
        if len(living) > 1 or not {*living} <= {*wanted}:
            raise Broken("charged twice", f"{how.names} were asked for again once, and {living} was charged")

    def tell_truth(self, machine: Machine) -> None:
        """Settle what is unknown on a machine."""
        if self.settle(machine):
            machine.know_all()

    def charge_of(self, attempt: str, prompt: str) -> str | None:
        """Return the id of the charge that a submission made; None: it was not charged."""
        if attempt not in self.truths:
            self.truths[attempt] = self._unproven_charge(attempt, prompt)
        return self.truths[attempt]

    def _unproven_charge(self, attempt: str, prompt: str) -> str | None:
        proven, home = proven_anywhere(self.machines, self.commits), self.homes[attempt]
        mine = (charge.id for charge in self.charges() if charge.prompt == prompt and self.homes[charge.id] == home)
        return next((id_ for id_ in mine if id_ not in proven), None)

    def run_shards(self) -> None:
        """Let two machines with the same file and lock make a half each, then join what they did."""
        first, second = self.machines[:2]
        for _ in range(2):
            self.share(first)
            self.share(second)
        if first.jobs != second.jobs or first.stem != second.stem:
            return
        if any(machine.journal_knows - machine.lock_knows for machine in (first, second)):
            return  # one knows more than it could share
        others = first.lock_knows | second.lock_knows
        for number, machine in enumerate((first, second), start=1):
            self.run_it(machine, How(shard=(number, 2)), others=others)
            others |= machine.knows
        for machine in (first, second, first):
            self.share(machine)

    # ------------------------------------------------------------ what gets lost

    def forget(self, machine: Machine, *, lock: bool, audio: bool) -> None:
        """Delete the lock, or the state and perhaps the audio."""
        self.say(f"{machine.folder.name}: forget the {'lock' if lock else 'state and audio' if audio else 'state'}")
        if lock:
            machine.lock.unlink(missing_ok=True)
            machine.lock_knows = frozenset()
            return
        remove(machine.folder / ".scorefile")
        machine.journals.clear()
        if audio:
            remove(machine.folder / "audio")

    def rename_file(self, machine: Machine, *, moves_state: bool) -> None:
        """Rename the pipeline's file, run, and only then rename the lock, and perhaps the state, as the program says.

        Where the file asks for nothing that the lock holds, the lock is renamed at once.
        """
        wanted = set(self.prompts(machine, "").values())
        known = {charge.prompt for charge in self.charges() if charge.living and charge.id in machine.lock_knows}
        old, machine.stem = machine.stem, next(stem for stem in STEMS if stem != machine.stem)
        self.say(f"{machine.folder.name}: rename the file to {machine.stem}.yaml")
        (machine.folder / f"{old}.yaml").unlink()
        self.write(machine)
        if not (machine.folder / f"{old}.lock").exists():
            return
        if known.isdisjoint(wanted) or self.run_it(machine, How()).refused:
            (machine.folder / f"{old}.lock").replace(machine.lock)
            state = machine.folder / ".scorefile" / "pipelines"
            if moves_state and (state / old).exists() and not (state / machine.stem).exists():
                (state / old).rename(state / machine.stem)
                machine.journals[machine.stem] = machine.journals.pop(old, frozenset())

    # ------------------------------------------------------------ what must hold

    def check(self) -> None:
        """Hold every machine against what it had heard of, and the ledger against all that there is."""
        check_receipts(self.machines, self.commits, self.charges())

    def come_to_an_end(self) -> None:
        """When all troubles are over every machine makes what is missing, in turn, and nobody pays for known pieces."""
        for machine in self.machines:
            self.tell_truth(machine)
            self.share(machine)
            self.run_it(machine, How())
            self.check()
            self.share(machine)
            self.check()


def vars_of(how: How) -> dict[str, object]:
    """Return what is set of a run."""
    return {name: getattr(how, name) for name in How.__slots__}
