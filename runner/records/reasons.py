"""Why a run does what it does for one request: a closed set, as data. The sentences are made in report/reasons.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.records.source import Json, Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that differs between the lock and the request."""

    field: str
    old: Json
    new: Json
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpToDate:
    """The output matches the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMade:
    """Nothing was ever made for the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The request differs from the lock entry."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """The command line has --force for it. `is_same`: the identical request was sent before, with this seed."""

    is_same: bool = False
    seed: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerolled:
    """The command line has --reroll for it. `seed` is None where the request has none, or one that will be drawn."""

    roll: int
    seed: Json
    is_drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputsComing:
    """This run makes some of its inputs first, the takes of `jobs`: what is made of them is known then."""

    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsExpected:
    """No take of it is as expected, and `on_fail` asks again. `left` is how often after this one."""

    roll: int
    seed: Json
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """The takes were made for `job`, which no longer needs them."""

    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The output has another path than before."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeChosen:
    """The file chooses another take than the one in place. Both count from 1."""

    take: int
    placed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeInPlace:
    """The take that the file chooses is in place, and the lock does not say so yet."""

    take: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherVersion:
    """The file in place was made for another version of the request."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputMissing:
    """The output is missing, and its audio is in the store."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBefore:
    """The request was made before. Without its audio in the store, it is fetched from the provider again."""

    in_store: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioMissing:
    """Neither the output nor the store has the audio; it is fetched from its provider again, free."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeAudioMissing:
    """Neither the output nor the store has the audio; its model is free."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLost:
    """Neither the output nor the store has the audio, and no provider can send it again."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFinished:
    """An accepted submission is not finished. `submitted_at` is UTC, ISO 8601."""

    submitted_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedBadly:
    """A paid submission ended without its audio; its provider is polled once more, free."""

    submitted_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWanted:
    """A paid submission of `job` that the file no longer declares: its takes go to the store."""

    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeInterrupted:
    """A submission to a free model has no known outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resubmitted:
    """A submission may have been charged, and the file says to send it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentUnknown:
    """A submission may have been charged. `job` is the name by which a person settles it."""

    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMastered:
    """The take is here, and it was never finished as the file says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterChanged:
    """The output was finished from the same take with other settings or tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterMissing:
    """The finished piece is neither at the output nor in the store; the take that it was made from is here."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedOutput:
    """The output was edited since it was made."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LfsPointer:
    """Git LFS left a pointer where the output belongs: its audio was not pulled."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignOutput:
    """A file that this program did not write is at the path of the output."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """It needs a provider, and the run is offline. `wanted` is the reason without --offline."""

    wanted: Reason


Reason: TypeAlias = (
    UpToDate
    | NotMade
    | Changed
    | Forced
    | InputsComing
    | Rerolled
    | NotAsExpected
    | Renamed
    | Moved
    | TakeChosen
    | TakeInPlace
    | OtherVersion
    | OutputMissing
    | MadeBefore
    | AudioMissing
    | FreeAudioMissing
    | AudioLost
    | NotFinished
    | EndedBadly
    | NotWanted
    | FreeInterrupted
    | Resubmitted
    | PaymentUnknown
    | NotMastered
    | MasterChanged
    | MasterMissing
    | EditedOutput
    | ForeignOutput
    | LfsPointer
    | Offline
)
