"""What must hold after each step of a history, held against the provider's ledger."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.records.submission import Phase
from runner.state.journal import read_events
from runner.state.lockfile import read_lock
from tests.support import locks
from tests.torture.machines import Broken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.torture.machines import Charge, Commit, Ended, Machine

_UNPROVEN = (Phase.INTENT, Phase.UNKNOWN, Phase.ANSWERED)
"""A charge is possible, or its proof is still inside a raw answer."""


def evidence(machine: Machine) -> tuple[set[str], set[str]]:
    """Return the ids that lock and journals of a machine prove, and the prompts whose payment they call unknown."""
    text = machine.lock_text()
    proven = set() if text is None else locks.receipts(text)
    unsure = set() if text is None else {item.prompt for item in locks.unknown(text)}
    for journal in sorted((machine.folder / ".scorefile" / "pipelines").glob("*/journal.db")):
        prompts: dict[str, str] = {}
        phases: dict[str, Phase] = {}
        for row in read_events(journal):
            if row.phase is Phase.PLANNED:
                prompts[row.attempt] = row.data["params"]["prompt"]
            if row.data.get("request_id"):
                proven.add(row.data["request_id"])
            phases[row.attempt] = row.phase
        unsure |= {prompts[attempt] for attempt, phase in phases.items() if phase in _UNPROVEN}
    return proven, unsure


def attempts(machine: Machine) -> set[str]:
    """Return every attempt that a journal of a machine has."""
    journals = (machine.folder / ".scorefile" / "pipelines").glob("*/journal.db")
    return {row.attempt for journal in journals for row in read_events(journal)}


def proven_anywhere(machines: Iterable[Machine], commits: Iterable[Commit]) -> set[str]:
    """Return every id that any lock or journal of any machine or commit proves."""
    found = set[str]().union(*(evidence(machine)[0] for machine in machines))
    texts = (commit.lock for commit in commits if commit.lock is not None and not locks.is_conflicted(commit.lock))
    return found.union(*map(locks.receipts, texts))


def check_receipts(machines: Iterable[Machine], commits: Iterable[Commit], ledger: Iterable[Charge]) -> None:
    """No machine forgets what it had heard of, every charge is proven or called unknown somewhere, every lock is read."""
    charges = {charge.id: charge for charge in ledger}
    everywhere: set[str] = set()
    unsure: set[str] = set()
    for machine in machines:
        refuse_unreadable(machine)
        proven, doubted = evidence(machine)
        everywhere |= proven
        unsure |= doubted
        for id_ in sorted(machine.knows & set(charges)):
            if id_ not in proven and charges[id_].prompt not in doubted:
                raise Broken("forgotten", f"{machine.folder.name}: {id_} ({charges[id_].prompt})")
    for commit in commits:
        if commit.lock is not None and not locks.is_conflicted(commit.lock):
            everywhere |= locks.receipts(commit.lock)
            unsure |= {item.prompt for item in locks.unknown(commit.lock)}
    for charge in charges.values():
        if charge.id not in everywhere and charge.prompt not in unsure:
            raise Broken("lost", f"{charge.id} ({charge.prompt})")


def refuse_unreadable(machine: Machine) -> None:
    """Every lock that the program wrote or merged can be read."""
    if machine.lock.exists():
        try:
            read_lock(machine.lock, rehearsal=False)
        except StateError as error:
            raise Broken("locked out", f"{machine.folder.name}: {error.message}") from error


def check_money(
    ledger: Iterable[Charge],
    heard: frozenset[str],
    wanted: Counter[str],
    new: Iterable[Charge],
    asked: Counter[str],
) -> None:
    """At most as many living charges for a prompt as jobs ask for it, over all that was heard of, unless asked.

    What a person asked for more is taken from `asked`.
    """
    living = Counter(charge.prompt for charge in ledger if charge.living and charge.id in heard)
    for prompt, count in Counter(charge.prompt for charge in new if charge.living).items():
        extra = count - max(0, wanted[prompt] - living[prompt])
        allowed = min(max(0, extra), asked[prompt])
        asked[prompt] -= allowed
        if extra > allowed:
            text = f"{prompt}: {living[prompt]} known, {wanted[prompt]} wanted, {count} more charged"
            raise Broken("charged twice", text)


def check_files(
    machine: Machine,
    prompts: Mapping[str, str],
    ended: Ended,
    ledger: Sequence[Charge],
    is_made_of: Callable[[bytes, str, Charge], bool],
) -> None:
    """Each job that the run says is there has a piece of its own that was made for its prompt."""
    used: dict[str, str] = {}
    for job, result in ended.results.items():
        if job not in prompts or result not in ("made", "reused", "restored", "mastered"):
            continue
        found = sorted((machine.folder / "audio").glob(f"{job}.*"))
        data = found[0].read_bytes() if found else b""
        whose = [charge for charge in ledger if is_made_of(data, job, charge)]
        fitting = [charge.id for charge in whose if charge.prompt == prompts[job]]
        if not fitting:
            has = [charge.id for charge in whose] or data[:40]
            raise Broken("wrong file", f"{job} asks for {prompts[job]} and has {has!r}")
        if fitting[0] in used:
            raise Broken("wrong file", f"{job} and {used[fitting[0]]} both have {fitting[0]}")
        used[fitting[0]] = job
