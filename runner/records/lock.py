"""The ledger of a project: every paid submission there was, with its receipt and its takes, and what people chose."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from runner.records.approval import in_force
from runner.records.measured import NOT_MEASURED, Measured, Sound
from runner.records.media_types import MEDIA_TYPES
from runner.records.words import last_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.approval import Approval
    from runner.records.pick import Pick
    from runner.records.rating import Rating
    from runner.records.source import Json


class Take(Struct, frozen=True, kw_only=True):
    """One verified piece of audio. `number` counts the takes of one submission from 1."""

    sha256: str
    bytes: int
    media_type: str
    seconds: float
    rate_hz: int
    channels: int
    number: int = 1
    measured: Measured = NOT_MEASURED
    seed: int | None = None


def chosen_take(takes: tuple[Take, ...], number: int) -> Take:
    """Return the take of this number; the last one where there are fewer."""
    return next((take for take in takes if take.number == number), takes[-1])


class ProviderJobId(Struct, frozen=True, kw_only=True):
    """A provider's id of a job. Two are equal when their digests are.

    `plain` is None where only the digest is known: an id that holds personal data stays out of the lock. No URL can be
    made of a digest.
    """

    digest: str
    plain: str | None = None

    @classmethod
    def of(cls, plain: str) -> ProviderJobId:
        """Return the id that a provider gave."""
        return cls(digest=_HIDDEN + hashlib.sha256(plain.encode()).hexdigest(), plain=plain)

    @classmethod
    def parse(cls, text: str) -> ProviderJobId:
        """Return the id that a lock or a journal row holds as `text`."""
        return cls(digest=text) if text.startswith(_HIDDEN) else cls.of(text)

    def hidden(self) -> ProviderJobId:
        """Return the id without its plain form."""
        return replace(self, plain=None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProviderJobId) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __str__(self) -> str:
        return self.digest if self.plain is None else self.plain


_HIDDEN = "sha256:"
"""How a digest begins, where a lock or a journal row has it in place of an id."""


class Receipt(Struct, frozen=True, kw_only=True):
    """Proof of one submission. It has no id while it is unknown whether one was accepted, or when the answer named none."""

    request_id: ProviderJobId | None
    price_usd: str | None
    """Decimal text; None when the price is unknown."""
    submitted_at: str
    poll_url: str | None = None
    told: int = 0
    """How often a person named the id, which may be wrong: a later word replaces an earlier one."""
    earlier_ids: frozenset[ProviderJobId] = frozenset()
    """The ids that a later word replaced."""


class State(StrEnum):
    """What is known of a paid submission, in the order in which knowledge grows: of two copies, the later one is right."""

    UNKNOWN = "unknown"  # it may have been charged
    NOT_CHARGED = "not-charged"  # it was unknown, and is known not to have been charged
    PENDING = "pending"  # accepted, not finished
    LOST = "lost"  # accepted, and ended without its audio
    FAILED = "failed"  # accepted, and failed without a charge
    FAILED_CHARGED = "failed-charged"  # failed or given up, and it may have been charged
    DONE = "done"

    @property
    def rank(self) -> int:
        """Return the place in that order."""
        return _ORDER[self]

    @property
    def is_live(self) -> bool:
        """Whether a job can still get its audio from it, or has to wait for a decision about it."""
        match self:
            case State.UNKNOWN | State.PENDING | State.LOST | State.DONE:
                return True
            case State.NOT_CHARGED | State.FAILED | State.FAILED_CHARGED:
                return False
        assert_never(self)

    @property
    def may_be_charged(self) -> bool:
        """Whether a submission in it was charged, or may have been."""
        match self:
            case State.UNKNOWN | State.PENDING | State.LOST | State.FAILED_CHARGED | State.DONE:
                return True
            case State.NOT_CHARGED | State.FAILED:
                return False
        assert_never(self)


_ORDER = {state: rank for rank, state in enumerate(State)}


class Finished(Struct, frozen=True, kw_only=True):
    """What a take became before it was placed."""

    take: str
    """Its hash."""
    master: str
    """The fingerprint of how it was finished."""
    bytes: int
    sound: Sound


class Output(Struct, frozen=True, kw_only=True):
    """Where a take was placed, as it is or finished."""

    path: str
    """POSIX path relative to the pipeline's folder."""
    sha256: str
    """Of the bytes of the file there."""
    profile: str | None = None
    """The profile of the run that placed it."""
    finished: Finished | None = None
    """None where the file is the take itself."""

    @property
    def raw(self) -> str:
        """The hash of the take that was placed."""
        return self.sha256 if self.finished is None else self.finished.take

    @property
    def master(self) -> str | None:
        """The fingerprint of how the take was finished; None where it was not."""
        return None if self.finished is None else self.finished.master

    def is_same(self, other: Output) -> bool:
        """Say whether this is the same output with the same bytes, whatever profile placed it, and whoever measured it."""
        if (self.path, self.sha256) != (other.path, other.sha256):
            return False
        return self.finished is other.finished or (self.raw, self.master) == (other.raw, other.master)


class Entry(Struct, frozen=True, kw_only=True):
    """One submission in the lock, or one result that was made here for free, which has no receipt.

    `job` is the job that it belongs to and `output` where its take was placed. Both are set together with `revision`,
    which is higher than any in the lock at that moment: of two copies, the higher one is right. It is no time, so no
    clock decides.
    """

    attempt: str
    """Its name in the journal."""
    job: str
    revision: int
    model: str
    request: Mapping[str, Json]
    fingerprint: str
    state: State
    receipt: Receipt | None
    seed_param: str | None = None
    """The parameter that holds the seed; None for a model without one."""
    takes: tuple[Take, ...] = ()
    output: Output | None = None
    roll: int = 0
    """Which further try at the same request it is, counted from 1; 0 for a submission of the request itself."""
    roll_of: str | None = None
    """The fingerprint of the request that a roll is a further try at."""

    @property
    def base(self) -> str:
        """Return the fingerprint that all submissions of one request have in common, its rolls among them."""
        return self.roll_of or self.fingerprint

    @property
    def request_id(self) -> ProviderJobId | None:
        """Return the provider's id of it; None where there is none."""
        return None if self.receipt is None else self.receipt.request_id

    @property
    def age(self) -> tuple[int, str, str]:
        """Return what orders the entries of one job, the newest last."""
        return (self.revision, self.receipt.submitted_at if self.receipt else "", self.attempt)

    @property
    def placed(self) -> Take | None:
        """Return the take that is at the output."""
        if self.output is None:
            return None
        raw = self.output.raw
        return next((take for take in self.takes if take.sha256 == raw), None)

    @property
    def heard(self) -> Take | None:
        """Return what is at the output as a take: the one that was placed, or what it became."""
        take, output = self.placed, self.output
        if take is None or output is None or output.finished is None:
            return take
        sound = output.finished.sound
        return replace(
            take,
            sha256=output.sha256,
            bytes=output.finished.bytes,
            media_type=MEDIA_TYPES[output.path[output.path.rindex(".") :]],
            seconds=sound.seconds,
            rate_hz=sound.rate_hz,
            channels=sound.channels,
            measured=sound.measured,
        )


class Lock(Struct, frozen=True, kw_only=True, dict=True):
    """NAME.lock: attempt → Entry, and job → what people picked for it. The lock of a rehearsal is refused anywhere else."""

    entries: Mapping[str, Entry] = field(default_factory=lambda: MappingProxyType({}))
    picks: Mapping[str, frozenset[Pick]] = field(default_factory=lambda: MappingProxyType({}))
    """More than one of a job only after a merge of two that differ: then a person has to choose."""
    forgotten: frozenset[str] = frozenset()
    """The attempts that a person had left out: what a journal alone knows of them does not come back."""
    approvals: Mapping[str, frozenset[Approval]] = field(default_factory=lambda: MappingProxyType({}))
    """Job → all that people ever said of its takes."""
    ratings: Mapping[str, frozenset[Rating]] = field(default_factory=lambda: MappingProxyType({}))
    """Job → how people rate its takes, without the ratings that others replaced."""
    rehearsal: bool = False

    @cached_property
    def jobs(self) -> Mapping[str, tuple[Entry, ...]]:
        """The entries of each job, the current one first."""
        jobs: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            jobs.setdefault(entry.job, []).append(entry)
        return {job: current_first(held) if len(held) > 1 else (held[0],) for job, held in jobs.items()}

    @cached_property
    def at_path(self) -> Mapping[str, tuple[Entry, ...]]:
        """The entries whose take was placed at each path."""
        paths: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            if entry.output is not None:
                paths.setdefault(entry.output.path, []).append(entry)
        return {path: tuple(entries) for path, entries in paths.items()}

    def current(self, job: str) -> Entry | None:
        """Return the entry of a job that says what its state is today."""
        found = self.jobs.get(job, ())
        return found[0] if found and found[0].state.is_live else None

    def made(self, job: str) -> Entry | None:
        """Return the last entry of a job that has takes."""
        return next((entry for entry in self.jobs.get(job, ()) if entry.state is State.DONE), None)

    def placed(self, job: str) -> Entry | None:
        """Return the entry whose take is at the output of a job."""
        return next((entry for entry in self.jobs.get(job, ()) if entry.placed is not None), None)

    def written(self, job: str) -> tuple[Entry, ...]:
        """Return the entries of a job that belong into the file: every receipt, and of free results those still in use.

        These are what is at the output, with its rolls, each once, and what people chose, approved or rated.
        """
        entries = self.jobs.get(job, ())
        if all(entry.receipt is not None for entry in entries):
            return entries
        placed = self.placed(job)
        said = (*self.approvals.get(job, ()), *self.ratings.get(job, ()))
        picked = self.chosen(job) | {word.sha256 for word in said}
        first: dict[tuple[int, str], Entry] = {}
        for entry in sorted(entries, key=lambda entry: entry is not placed):
            if placed is not None and entry.receipt is None and entry.base == placed.base:
                first.setdefault((entry.roll, entry.fingerprint), entry)
        used = {id(entry) for entry in first.values()}
        return tuple(
            entry
            for entry in entries
            if entry.receipt is not None or id(entry) in used or any(take.sha256 in picked for take in entry.takes)
        )

    def picked(self, job: str, entry: Entry) -> Take | None:
        """Return the take of an entry that a person chose for a job; None where none was, or where two choices differ."""
        chosen = self.chosen(job)
        return next((take for take in entry.takes if {take.sha256} == chosen), None)

    def chosen(self, job: str) -> frozenset[str | None]:
        """Return the hashes of the takes that people chose for a job, None for none; of several a person has to choose one."""
        return frozenset(pick.sha256 for pick in self.picks.get(job, ()))

    def approval(self, job: str, sha256: str) -> Approval | None:
        """Return the last approval in force of a take of a job; None where there is none."""
        return next((word for word in in_force(self.approvals.get(job, ())) if word.sha256 == sha256), None)

    def rated(self, job: str, sha256: str) -> tuple[Rating, ...]:
        """Return the ratings of a take of a job that count, the last one first."""
        found = last_words(self.ratings.get(job, ()))
        held = (item for item in found if item.sha256 == sha256 and not item.is_withdrawal)
        return tuple(sorted(held, key=lambda item: (item.at, item.name), reverse=True))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was made and nothing said."""
        return not (self.entries or self.picks or self.approvals or self.ratings)

    @property
    def revision(self) -> int:
        """Return the highest revision in it."""
        picks = (pick.revision for chosen in self.picks.values() for pick in chosen)
        return max((*(entry.revision for entry in self.entries.values()), *picks), default=0)


def current_first(entries: list[Entry]) -> tuple[Entry, ...]:
    """Return the entries of one job: the live ones before the others, of both the rolls last, of each the newest first."""
    return tuple(sorted(entries, key=lambda entry: (entry.state.is_live, not entry.roll, *entry.age), reverse=True))
