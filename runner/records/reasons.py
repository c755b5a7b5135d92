"""Why a run does what it does for one request: a closed set, as data. The sentences are made in report/reasons.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from runner.records.source import Json, Mark


class Change(Struct, frozen=True, kw_only=True):
    """One field that differs between the lock and the request."""

    field: str
    old: Json
    new: Json
    mark: Mark | None = None


class UpToDate(Struct, frozen=True, kw_only=True):
    """The output matches the request."""


class NotMade(Struct, frozen=True, kw_only=True):
    """Nothing was ever made for the request."""


class Changed(Struct, frozen=True, kw_only=True):
    """The request differs from the lock entry."""

    changes: tuple[Change, ...]


class Forced(Struct, frozen=True, kw_only=True):
    """The command line has --force for it. `is_same`: the identical request was sent before, with this seed."""

    is_same: bool = False
    seed: Json = None


class Rerolled(Struct, frozen=True, kw_only=True):
    """The command line has --reroll for it. `seed` is None where the request has none, or one that will be drawn."""

    roll: int
    seed: Json
    is_drawn: bool


class InputsComing(Struct, frozen=True, kw_only=True):
    """This run makes some of its inputs first, the takes of `jobs`: what is made of them is known then."""

    jobs: tuple[str, ...]


class NotAsExpected(Struct, frozen=True, kw_only=True):
    """No take of it is as expected, and `on_fail` asks again. `left` is how often after this one."""

    roll: int
    seed: Json
    left: int


class Renamed(Struct, frozen=True, kw_only=True):
    """The takes were made for `job`, which no longer needs them."""

    job: str


class Moved(Struct, frozen=True, kw_only=True):
    """The output has another path than before."""

    path: str


class TakeChosen(Struct, frozen=True, kw_only=True):
    """The file chooses another take than the one in place. Both count from 1."""

    take: int
    placed: int


class TakeInPlace(Struct, frozen=True, kw_only=True):
    """The take that the file chooses is in place, and the lock does not say so yet."""

    take: int


class OtherVersion(Struct, frozen=True, kw_only=True):
    """The file in place was made for another version of the request."""

    path: str


class OutputMissing(Struct, frozen=True, kw_only=True):
    """The output is missing, and its audio is in the store."""

    path: str


class MadeBefore(Struct, frozen=True, kw_only=True):
    """The request was made before. Without its audio in the store, it is fetched from the provider again."""

    in_store: bool


class AudioMissing(Struct, frozen=True, kw_only=True):
    """Neither the output nor the store has the audio; it is fetched from its provider again, free."""

    path: str


class FreeAudioMissing(Struct, frozen=True, kw_only=True):
    """Neither the output nor the store has the audio; its model is free."""

    path: str


class AudioLost(Struct, frozen=True, kw_only=True):
    """Neither the output nor the store has the audio, and no provider can send it again."""

    path: str


class NotFinished(Struct, frozen=True, kw_only=True):
    """An accepted submission is not finished. `submitted_at` is UTC, ISO 8601."""

    submitted_at: str | None


class EndedBadly(Struct, frozen=True, kw_only=True):
    """A paid submission ended without its audio; its provider is polled once more, free."""

    submitted_at: str | None


class NotWanted(Struct, frozen=True, kw_only=True):
    """A paid submission of `job` that the file no longer declares: its takes go to the store."""

    job: str


class FreeInterrupted(Struct, frozen=True, kw_only=True):
    """A submission to a free model has no known outcome."""


class Resubmitted(Struct, frozen=True, kw_only=True):
    """A submission may have been charged, and the file says to send it again."""


class PaymentUnknown(Struct, frozen=True, kw_only=True):
    """A submission may have been charged. `job` is the name by which a person settles it."""

    job: str


class NotMastered(Struct, frozen=True, kw_only=True):
    """The take is here, and it was never finished as the file says."""


class MasterChanged(Struct, frozen=True, kw_only=True):
    """The output was finished from the same take with other settings or tags."""


class MasterMissing(Struct, frozen=True, kw_only=True):
    """The finished piece is neither at the output nor in the store; the take that it was made from is here."""

    path: str


class EditedOutput(Struct, frozen=True, kw_only=True):
    """The output was edited since it was made."""

    path: str


class LfsPointer(Struct, frozen=True, kw_only=True):
    """Git LFS left a pointer where the output belongs: its audio was not pulled."""

    path: str


class ForeignOutput(Struct, frozen=True, kw_only=True):
    """A file that this program did not write is at the path of the output."""

    path: str


class Offline(Struct, frozen=True, kw_only=True):
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
