"""The JSON form of takes and of the entries of a lock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from runner.records.approval import Approval
from runner.records.lock import Entry, Finished, Output, ProviderJobId, Receipt, State, Take
from runner.records.measured import NOT_MEASURED, Measured, Sound
from runner.records.media_types import EXTENSIONS
from runner.records.pick import Pick
from runner.records.rating import Rating

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

_ENTRY = {
    "attempt", "revision", "model", "request", "fingerprint", "seed_param", "state", "receipt", "takes", "output",
    "roll", "roll_of",
}  # fmt: skip
_RECEIPT = {"request_id", "price_usd", "submitted_at", "poll_url", "told", "earlier_ids"}
_OUTPUT = frozenset(Output.__slots__)
_SHA256 = re.compile("[0-9a-f]{64}")


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Return the JSON form of one entry, without its job; fields without a value are left out."""
    return _present(
        {
            "attempt": entry.attempt,
            "revision": entry.revision,
            "model": entry.model,
            "request": dict(entry.request),
            "fingerprint": entry.fingerprint,
            "seed_param": entry.seed_param,
            "state": entry.state.value,
            "receipt": None if entry.receipt is None else _receipt_to_json(entry.receipt),
            "takes": [take_to_json(take) for take in entry.takes],
            "output": None if entry.output is None else _output_to_json(entry.output),
            "roll": entry.roll or None,
            "roll_of": entry.roll_of,
        }
    )


def entry_from_json(job: str, block: Mapping[str, Any]) -> Entry:
    """Return the Entry of its JSON form. Raises KeyError, TypeError or ValueError when it is not one."""
    only(block, _ENTRY)
    receipt, output = block.get("receipt"), block.get("output")
    return Entry(
        attempt=text(block["attempt"]),
        job=job,
        revision=whole(block["revision"]),
        model=text(block["model"]),
        request=mapping(block["request"]),
        fingerprint=text(block["fingerprint"]),
        seed_param=_optional_text(block.get("seed_param")),
        state=State(text(block["state"])),
        receipt=None if receipt is None else _receipt_from_json(receipt),
        takes=tuple(take_from_json(take) for take in block["takes"]),
        output=None if output is None else _output_from_json(output),
        roll=_roll(block),
        roll_of=_optional_text(block.get("roll_of")),
    )


def pick_to_json(pick: Pick) -> dict[str, Any]:
    """Return the JSON form of one pick."""
    return _present({"sha256": pick.sha256, "revision": pick.revision, "replaces": sorted(pick.replaces) or None})


def pick_from_json(block: Mapping[str, Any]) -> Pick:
    """Return the Pick of its JSON form. Raises KeyError, TypeError or ValueError when it is not one."""
    only(block, {"sha256", "revision", "replaces"})
    replaces = frozenset(text(name) for name in block.get("replaces", ()))
    sha256 = _digest(block["sha256"]) if "sha256" in block else None
    if sha256 is None and not replaces:
        raise ValueError("a pick of nothing replaces another one")
    return Pick(sha256=sha256, revision=whole(block["revision"]), replaces=replaces)


def approval_to_json(word: Approval) -> dict[str, Any]:
    """Return the JSON form of one approval, or of the word that withdraws some."""
    known = {"sha256": word.sha256, "by": word.by, "at": word.at, "note": word.note or None}
    return _present(known | {"withdraws": sorted(word.withdraws) or None})


def approval_from_json(block: Mapping[str, Any]) -> Approval:
    """Return the Approval of its JSON form. Raises KeyError, TypeError or ValueError when it is not one."""
    only(block, {"sha256", "by", "at", "note", "withdraws"})
    return Approval(
        sha256=_digest(block["sha256"]),
        by=text(block["by"]),
        at=text(block["at"]),
        note=text(block.get("note", "")),
        withdraws=frozenset(text(name) for name in block.get("withdraws", ())),
    )


def rating_to_json(rating: Rating) -> dict[str, Any]:
    """Return the JSON form of one rating."""
    known = {"sha256": rating.sha256, "by": rating.by, "at": rating.at, "stars": rating.stars}
    return _present(known | {"note": rating.note or None, "replaces": sorted(rating.replaces) or None})


def rating_from_json(block: Mapping[str, Any]) -> Rating:
    """Return the Rating of its JSON form. Raises KeyError, TypeError or ValueError when it is not one."""
    only(block, {"sha256", "by", "at", "stars", "note", "replaces"})
    return Rating(
        sha256=_digest(block["sha256"]),
        by=text(block["by"]),
        at=text(block["at"]),
        stars=whole(block["stars"]) if "stars" in block else None,
        note=text(block.get("note", "")),
        replaces=frozenset(text(name) for name in block.get("replaces", ())),
    )


def take_to_json(take: Take) -> dict[str, Any]:
    """Return the JSON form of one take; fields without a value are left out."""
    return _present(
        {
            "sha256": take.sha256,
            "bytes": take.bytes,
            "media_type": take.media_type,
            "seconds": take.seconds,
            "rate_hz": take.rate_hz,
            "channels": take.channels,
            "number": take.number,
            **_measured_to_json(take.measured),
            "seed": take.seed,
        }
    )


def take_from_json(block: Mapping[str, Any]) -> Take:
    """Return the Take of its JSON form. Raises KeyError, TypeError or ValueError when it is not one."""
    only(block, _TAKE)
    if block["media_type"] not in EXTENSIONS:
        raise ValueError(f"{block['media_type']!r} is not a supported media type")
    return Take(
        sha256=_digest(block["sha256"]),
        bytes=whole(block["bytes"]),
        media_type=text(block["media_type"]),
        seconds=float(block["seconds"]),
        rate_hz=whole(block["rate_hz"]),
        channels=whole(block["channels"]),
        number=whole(block["number"]),
        measured=_measured_from_json(block),
        seed=None if block.get("seed") is None else whole(block["seed"]),
    )


def _measured_to_json(measured: Measured) -> dict[str, Any]:
    return {name: getattr(measured, name) for name in Measured.__slots__}


def _measured_from_json(block: Mapping[str, Any]) -> Measured:
    found = {name: parse(block[name]) for name, parse in _MEASURED.items() if block.get(name) is not None}
    return Measured(**found) if found else NOT_MEASURED


def _receipt_to_json(receipt: Receipt) -> dict[str, Any]:
    known = {
        "request_id": None if receipt.request_id is None else str(receipt.request_id),
        "submitted_at": receipt.submitted_at,
        "poll_url": receipt.poll_url,
        "told": receipt.told or None,
        "earlier_ids": sorted(map(str, receipt.earlier_ids)) or None,
    }
    return {"price_usd": receipt.price_usd, **_present(known)}


def _receipt_from_json(block: Mapping[str, Any]) -> Receipt:
    only(block, _RECEIPT)
    return Receipt(
        request_id=_optional_id(block.get("request_id")),
        price_usd=_optional_text(block["price_usd"]),
        submitted_at=text(block["submitted_at"]),
        poll_url=_optional_text(block.get("poll_url")),
        told=whole(block.get("told", 0)),
        earlier_ids=frozenset(ProviderJobId.parse(text(item)) for item in block.get("earlier_ids", ())),
    )


def _output_to_json(output: Output) -> dict[str, Any]:
    finished = None if output.finished is None else _finished_to_json(output.finished)
    return _present({"path": output.path, "sha256": output.sha256, "profile": output.profile, "finished": finished})


def _output_from_json(block: Mapping[str, Any]) -> Output:
    only(block, _OUTPUT)
    finished = block.get("finished")
    return Output(
        path=text(block["path"]),
        sha256=_digest(block["sha256"]),
        profile=_optional_text(block.get("profile")),
        finished=None if finished is None else _finished_from_json(finished),
    )


def _finished_to_json(finished: Finished) -> dict[str, Any]:
    sound = finished.sound
    return _present(
        {
            "take": finished.take,
            "master": finished.master,
            "bytes": finished.bytes,
            "seconds": sound.seconds,
            "rate_hz": sound.rate_hz,
            "channels": sound.channels,
            **_measured_to_json(sound.measured),
        }
    )


def _finished_from_json(block: Mapping[str, Any]) -> Finished:
    only(block, _FINISHED)
    return Finished(
        take=_digest(block["take"]),
        master=text(block["master"]),
        bytes=whole(block["bytes"]),
        sound=Sound(
            seconds=float(block["seconds"]),
            rate_hz=whole(block["rate_hz"]),
            channels=whole(block["channels"]),
            measured=_measured_from_json(block),
        ),
    )


def _roll(block: Mapping[str, Any]) -> int:
    roll = whole(block.get("roll", 0))
    if "roll" in block and roll < 1:
        raise ValueError(f"roll: {roll} is less than 1")
    return roll


def _present(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def only(block: Mapping[str, Any], names: AbstractSet[str]) -> None:
    """Raise ValueError when a block has a field that is not among these names, TypeError when it is no object."""
    if not names >= mapping(block).keys():
        raise ValueError(f"unknown field {min(block.keys() - names)!r}")


def text(value: object) -> str:
    """Return a value that must be text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def whole(value: object) -> int:
    """Return a value that must be a whole number. Raises TypeError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def mapping(value: object) -> Mapping[str, Any]:
    """Return a value that must be an object. Raises TypeError."""
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not an object")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else text(value)


def _optional_id(value: object) -> ProviderJobId | None:
    return ProviderJobId.parse(text(value)) if value else None


def _digest(value: object) -> str:
    sha256 = text(value)
    if not _SHA256.fullmatch(sha256):
        raise ValueError("sha256 is not 64 hex digits")
    return sha256


_MEASURED: dict[str, Callable[[Any], Any]] = {
    "codec": text,
    "lufs": float,
    "lra_lu": float,
    "true_peak_dbtp": float,
    "head_silence_s": float,
    "tail_silence_s": float,
    "clipped_samples": whole,
    "dc_offset": float,
    "bpm": float,
    "key": text,
}
_TAKE = frozenset(Take.__slots__) - {"measured"} | _MEASURED.keys()
_FINISHED = {"take", "master", "bytes", "seconds", "rate_hz", "channels"} | _MEASURED.keys()
