"""What checkouts share: commits, of which each holds the file, its name and the lock. A model of git for histories."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.torture.machines import STEMS, Commit

if TYPE_CHECKING:
    from tests.torture.machines import Machine

FIRST = {"a": "p0", "b": "p1"}
"""Job → the piece that it asks for, in the first commit."""


class Sharing(ABC):
    """Commits, pulls, merges and reverts of machines. A subclass says how a file is written and two locks are merged."""

    def __init__(self) -> None:
        self.commits: list[Commit] = [Commit(STEMS[0], FIRST, frozenset(), None)]
        self.origin = self.commits[0]
        self.said: list[str] = []
        """What happened, for a person to read."""

    @abstractmethod
    def write(self, machine: Machine) -> None:
        """Write the pipeline of a machine."""

    @abstractmethod
    def merge_locks(
        self, machine: Machine, base: Commit, ours: Commit, theirs: Commit
    ) -> tuple[str | None, frozenset[str]]:
        """Return what git, with all that the program installed, makes of two locks, and what that has to know."""

    def say(self, text: str) -> None:
        """Note what happened."""
        self.said.append(text)

    def commit(self, machine: Machine) -> None:
        """Commit what is in a machine's working tree."""
        text, head = machine.lock_text(), machine.head
        if (head.stem, head.jobs, head.lock) != (machine.stem, machine.jobs, text):
            made = Commit(machine.stem, dict(machine.jobs), machine.lock_knows, text, (head,))
            self.commits.append(made)
            machine.head = made

    def share(self, machine: Machine) -> None:
        """Commit, pull, push."""
        if self.pull(machine):
            self.origin = machine.head
            self.say(f"{machine.folder.name}: push")

    def pull(self, machine: Machine) -> bool:
        """Commit, and merge what the origin has. Say whether that was possible."""
        theirs = self.origin
        if theirs.stem != machine.stem and not machine.journal_knows <= machine.lock_knows:
            return False
        self.commit(machine)
        ours = machine.head
        if theirs in ours.ancestors():
            return True
        if ours in theirs.ancestors():
            merged = theirs
        else:
            base = max(ours.ancestors() & theirs.ancestors(), key=self.commits.index)
            merged = self.merged(machine, base, ours, theirs)
            self.commits.append(merged)
        self.check_out(machine, merged, "pull")
        return True

    def merged(self, machine: Machine, base: Commit, ours: Commit, theirs: Commit) -> Commit:
        """Merge two commits: jobs one by one, ours where both changed; locks as git and the program do it."""
        jobs = {}
        for job in sorted({*base.jobs, *ours.jobs, *theirs.jobs}):
            old, mine, other = base.jobs.get(job), ours.jobs.get(job), theirs.jobs.get(job)
            piece = other if mine == old else mine
            if piece is not None:
                jobs[job] = piece
        lock, knows = ours.lock, ours.knows
        if ours.lock == base.lock:
            lock, knows = theirs.lock, theirs.knows
        elif theirs.lock not in (base.lock, ours.lock):
            lock, knows = self.merge_locks(machine, base, ours, theirs)
        stem = theirs.stem if ours.stem == base.stem else ours.stem
        return Commit(stem, jobs or dict(ours.jobs), knows, lock, (ours, theirs))

    def check_out(self, machine: Machine, commit: Commit, why: str) -> None:
        """Put a commit into a machine's working tree."""
        for stem in STEMS:
            for ending in (".yaml", ".lock"):
                (machine.folder / f"{stem}{ending}").unlink(missing_ok=True)
        machine.head, machine.stem, machine.jobs = commit, commit.stem, dict(commit.jobs)
        self.write(machine)
        self.take_lock(machine, commit, why)

    def take_lock(self, machine: Machine, commit: Commit, why: str) -> None:
        """Put the lock of a commit into a machine's working tree."""
        machine.lock_knows = commit.knows
        if commit.lock is None:
            machine.lock.unlink(missing_ok=True)
        else:
            machine.lock.write_text(commit.lock, encoding="utf-8")
        self.say(f"{machine.folder.name}: {why}: {dict(commit.jobs)}")

    def take_older_lock(self, machine: Machine) -> None:
        """Commit, and put the lock of the commit before into a machine's working tree."""
        self.commit(machine)
        if machine.head.parents and machine.head.parents[0].stem == machine.stem:
            self.take_lock(machine, machine.head.parents[0], "the lock of the commit before")

    def revert(self, machine: Machine) -> None:
        """Take the last commit of a machine back, as `git revert` does: a new commit with what was before."""
        self.commit(machine)
        if not machine.head.parents:
            return
        before = machine.head.parents[0]
        undone = replace(before, parents=(machine.head,))
        self.commits.append(undone)
        self.check_out(machine, undone, "revert")
