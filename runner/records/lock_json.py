"""The JSON form of takes and of what a lock holds: which fields there are, and what each may hold."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from runner.records.approval import Approval
from runner.records.lock import Entry, Output, ProviderJobId, Receipt, State, Take
from runner.records.measured import Measured, Sound
from runner.records.pick import Pick
from runner.records.rating import MOST_STARS, Rating

if TYPE_CHECKING:
    from collections.abc import Mapping

_Read = TypeVar("_Read")
_Form = TypeVar("_Form", bound="Form")

_ATTEMPT = r"\A[A-Za-z0-9_-]{1,80}\Z"
_SHA256 = r"\A[0-9a-f]{64}\Z"
_FINGERPRINT = r"\Asha256:[0-9a-f]{64}\Z"
_WORD = r"\A[0-9a-f]{16}\Z"

Attempt = Annotated[str, Meta(pattern=_ATTEMPT)]
_Sha256 = Annotated[str, Meta(pattern=_SHA256)]
_Fingerprint = Annotated[str, Meta(pattern=_FINGERPRINT)]
_Word = Annotated[str, Meta(pattern=_WORD)]
_MediaType = Literal["audio/wav", "audio/mpeg", "audio/flac", "audio/ogg", "audio/mp4", "audio/aac"]
_Natural = Annotated[int, Meta(ge=0)]
Counted = Annotated[int, Meta(ge=1)]
_Stars = Annotated[int, Meta(ge=1, le=MOST_STARS)]
_NotNegative = Annotated[float, Meta(ge=0)]


_NO_IDS: frozenset[ProviderJobId] = frozenset()


# ---------------------------------------------------------------- what is read: each field, and what it may hold


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """An object of a lock as it is in the text. A field is left out of it where it is at its default.

    What has no checksum has its fields in the order of the text, so that it can be written again and compared.
    """


class _Sound(Form, frozen=True, kw_only=True):
    bytes: _Natural
    seconds: _NotNegative
    rate_hz: Counted
    channels: Counted
    codec: str | None = None
    lufs: float | None = None
    lra_lu: _NotNegative | None = None
    true_peak_dbtp: float | None = None
    head_silence_s: _NotNegative | None = None
    tail_silence_s: _NotNegative | None = None
    clipped_samples: _Natural | None = None
    dc_offset: float | None = None
    bpm: _NotNegative | None = None
    key: str | None = None

    @property
    def measured(self) -> Measured:
        return _record(Measured, self)


class _Take(_Sound, frozen=True, kw_only=True):
    sha256: _Sha256
    media_type: _MediaType
    number: Counted
    seed: int | None = None


class _Finished(_Sound, frozen=True, kw_only=True):
    take: _Sha256
    master: _Fingerprint

    @property
    def sound(self) -> Sound:
        return _record(Sound, self)


class ReceiptForm(Form, frozen=True, kw_only=True):
    price_usd: str | None
    submitted_at: str
    request_id: str | None = None
    poll_url: str | None = None
    told: _Natural = 0
    earlier_ids: tuple[str, ...] = ()

    def record(self) -> Receipt:
        return Receipt(
            request_id=ProviderJobId.parse(self.request_id) if self.request_id else None,
            price_usd=self.price_usd,
            submitted_at=self.submitted_at,
            poll_url=self.poll_url,
            told=self.told,
            earlier_ids=frozenset(map(ProviderJobId.parse, self.earlier_ids)) if self.earlier_ids else _NO_IDS,
        )


class _Output(Form, frozen=True, kw_only=True):
    path: str
    sha256: _Sha256
    profile: str | None = None
    finished: _Finished | None = None


class _Entry(Form, frozen=True, kw_only=True):
    attempt: Attempt
    revision: _Natural
    model: str
    request: dict[str, Any]
    fingerprint: str
    state: State
    takes: list[_Take]
    seed_param: str | None = None
    receipt: ReceiptForm | None = None
    output: _Output | None = None
    roll: Counted = 0
    roll_of: _Fingerprint | None = None
    sum: Any = None

    def record(self, job: str) -> Entry:
        return Entry(
            attempt=self.attempt,
            job=job,
            revision=self.revision,
            model=self.model,
            request=self.request,
            fingerprint=self.fingerprint,
            seed_param=self.seed_param,
            state=self.state,
            receipt=None if self.receipt is None else self.receipt.record(),
            takes=tuple([_record(Take, take) for take in self.takes]),
            output=None if self.output is None else _record(Output, self.output),
            roll=self.roll,
            roll_of=self.roll_of,
        )


class _Pick(Form, frozen=True, kw_only=True):
    replaces: tuple[str, ...] = ()
    revision: int
    sha256: _Sha256 | None = None


class _Approval(Form, frozen=True, kw_only=True):
    at: str
    by: str
    note: str = ""
    sha256: _Sha256
    withdraws: tuple[_Word, ...] = ()


class _Rating(Form, frozen=True, kw_only=True):
    at: str
    by: str
    note: str = ""
    replaces: tuple[_Word, ...] = ()
    sha256: _Sha256
    stars: _Stars = 0

    def record(self) -> Rating:
        return Rating(
            sha256=self.sha256,
            by=self.by,
            at=self.at,
            stars=self.stars or None,
            note=self.note,
            replaces=frozenset(self.replaces),
        )


class Block(Form, frozen=True, kw_only=True):
    """What a lock holds of one job. Each submission is left as the text that its checksum covers."""

    approvals: tuple[_Approval, ...] = ()
    picks: tuple[_Pick, ...] = ()
    ratings: tuple[_Rating, ...] = ()
    submissions: tuple[Raw, ...]

    def picked(self) -> tuple[Pick, ...]:
        """Return what people picked."""
        return tuple(_record(Pick, pick) for pick in self.picks)

    def approved(self) -> tuple[Approval, ...]:
        """Return what people approved."""
        return tuple(_record(Approval, word) for word in self.approvals)

    def rated(self) -> tuple[Rating, ...]:
        """Return how people rate the takes."""
        return tuple(rating.record() for rating in self.ratings)


def _record(record: type[_Read], form: Form) -> _Read:
    """Return the record whose fields have the names of those of a form."""
    return msgspec.convert(form, record, from_attributes=True)


_ENTRY = msgspec.json.Decoder(_Entry)


def entry_from_json(job: str, text: bytes) -> Entry:
    """Return the Entry of its JSON text. Raises ValueError that names the field which is wrong."""
    return read_json(_ENTRY, text).record(job)


def take_from_json(block: Mapping[str, Any]) -> Take:
    """Return the Take of its JSON form. Raises ValueError that names the field which is wrong."""
    return _record(Take, read_block(_Take, block))


def read_block(form: type[_Form], block: Any) -> _Form:
    """Return the form of a JSON value. Raises ValueError that names the field which is wrong."""
    try:
        return msgspec.convert(block, form)
    except msgspec.ValidationError as error:
        raise ValueError(_in_words(error)) from error


def read_json(decoder: msgspec.json.Decoder[_Read], text: bytes | Raw) -> _Read:
    """Return what a decoder reads from a text. Raises ValueError that names the field which is wrong, DecodeError for no JSON."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise ValueError(_in_words(error)) from error


def _in_words(error: msgspec.ValidationError) -> str:
    what, _, place = str(error).partition(" - at `$")
    for known, words in _WORDS.items():
        what = what.replace(known, words)
    return ": ".join(filter(None, (place.strip(".`"), what)))


_WORDS = {
    **{
        f"`str` matching regex {pattern!r}": words
        for pattern, words in {
            _ATTEMPT: "1 to 80 letters, digits, - and _",
            _SHA256: "64 hex digits",
            _FINGERPRINT: "`sha256:` and 64 hex digits",
            _WORD: "16 hex digits",
        }.items()
    },
    " | null`": "`",
    "`int`": "a whole number",
    "`float`": "a number",
    "`str`": "text",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "an object",
    "`null`": "null",
    "Object missing required": "missing",
    "Object contains unknown": "unknown",
    "Invalid enum value": "unknown value",
    "Expected": "expected",
    "got": "found",
    " >= ": " of at least ",
    " <= ": " of at most ",
    "0.0": "0",
    "Number": "number",
}
"""What the library says → what we say, in this order."""


# ---------------------------------------------------------------- what is written


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Return the JSON form of one entry, without its job; fields without a value are left out."""
    receipt, output = entry.receipt, entry.output
    return _json(
        _Entry,
        entry,
        request=dict(entry.request),
        receipt=None if receipt is None else _receipt_to_json(receipt),
        takes=[take_to_json(take) for take in entry.takes],
        output=None if output is None else _output_to_json(output),
        sum=None,
    )


def take_to_json(take: Take) -> dict[str, Any]:
    """Return the JSON form of one take; fields without a value are left out."""
    return _json(_Take, take, take.measured)


def pick_to_json(pick: Pick) -> dict[str, Any]:
    """Return the JSON form of one pick."""
    return _json(_Pick, pick)


def approval_to_json(word: Approval) -> dict[str, Any]:
    """Return the JSON form of one approval, or of the word that withdraws some."""
    return _json(_Approval, word)


def rating_to_json(rating: Rating) -> dict[str, Any]:
    """Return the JSON form of one rating."""
    return _json(_Rating, rating, stars=rating.stars or 0)


def _receipt_to_json(receipt: Receipt) -> dict[str, Any]:
    known = receipt.request_id
    return _json(ReceiptForm, receipt, request_id=None if known is None else str(known))


def _output_to_json(output: Output) -> dict[str, Any]:
    made = output.finished
    finished = None if made is None else _json(_Finished, made, made.sound, made.sound.measured)
    return _json(_Output, output, finished=finished)


def _json(form: type[Form], *records: object, **over: Any) -> dict[str, Any]:
    """Return the fields of a form by these values, or as the first of these records has them; those at their default are left out."""
    fields = {name: getattr(records[at], name) for name, at in _fields(form, *map(type, records))} | over
    for name, held in fields.items():
        if isinstance(held, frozenset):
            fields[name] = tuple(sorted(map(str, held)))
    found: dict[str, Any] = msgspec.to_builtins(form(**fields))
    return found


@cache
def _fields(form: type[Form], *kinds: type) -> tuple[tuple[str, int], ...]:
    """Return the fields of a form that records of these kinds have, each with the place of the first of them that has it."""
    places = ((name, [at for at, kind in enumerate(kinds) if hasattr(kind, name)]) for name in form.__struct_fields__)
    return tuple((name, at[0]) for name, at in places if at)
