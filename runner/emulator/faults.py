"""Planned faults of the emulator: which submissions fail, and how."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from runner.errors import UsageError
from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.records.source import Json

Do: TypeAlias = Literal["http", "failed", "unknown-word", "never-ends", "html-media", "short-media"]
On: TypeAlias = Literal["submit", "poll", "media"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with a submission, or later with its job.

    http          the first `times` answers `on` submit, poll or media have `status`; `charged`: the submission is accepted all the same
    failed        the job ends with the failure word `word`, or with the recorded one
    unknown-word  the job's status is `word` until the job ends
    never-ends    the job never ends
    html-media    its links answer 200 with an HTML page
    short-media   its downloads break off half-way
    """

    do: Do
    nth: int | None = None
    """Which submission, counted from 1, of `model` if one is given; None means every one."""
    model: str | None = None
    on: On = "submit"
    status: int = 500
    times: int = 1
    charged: bool = False
    word: str | None = None


def parse_faults(data: Json) -> tuple[Fault, ...]:
    """Read a list of faults from JSON, each an object with the fields of Fault; raises UsageError for anything else."""
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise UsageError("a fault plan is a JSON list of objects")
    return tuple(_parse(item) for item in data)


def pick(faults: tuple[Fault, ...], *, model: str, nth: int, nth_of_model: int) -> Fault | None:
    """Return the first fault that applies to this submission, or None."""
    for fault in faults:
        count = nth_of_model if fault.model else nth
        if fault.model in (None, model) and fault.nth in (None, count):
            return fault
    return None


def _parse(item: dict[str, Json]) -> Fault:
    allowed = {field.name for field in fields(Fault)}
    unknown = sorted(set(item) - allowed)
    if unknown:
        raise UsageError(f"a fault has no field {unknown[0]!r}", help=f"Allowed: {', '.join(sorted(allowed))}.")
    for name, choices in (("do", get_args(Do)), ("on", get_args(On))):
        if item.get(name, choices[0] if name == "on" else None) not in choices:
            raise UsageError(f"a fault's {name!r} is one of {', '.join(choices)}, not {item.get(name)!r}")
    return Fault(**item)
