"""What differs from what was asked and promised, as sentences and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec.structs import asdict

from runner.records import deviations as d
from runner.report.numbers import count
from runner.report.reasons import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.source import Json


def deviation_text(deviation: d.Deviation) -> str:
    """Return a deviation as one clause."""
    match deviation:
        case d.OtherLength():
            said = f"expected {deviation.asked_s:g} s of audio, received {deviation.seconds:.2f} s"
        case d.OtherContainer():
            said = f"expected {' or '.join(deviation.promised)}, received {deviation.media_type}"
        case d.OtherChannels():
            said = f"expected {count(deviation.promised, 'channel')}, received {deviation.channels}"
        case d.Silent():
            said = f"all {deviation.seconds:.2f} s of it are silent"
        case d.FewerTakes():
            return f"asked for {count(deviation.asked, 'take')}, received {deviation.received}"
        case _:
            assert_never(deviation)
    return f"take {deviation.take}: {said}"


def deviation_data(found: Iterable[d.Deviation]) -> list[Json]:
    """Return deviations as data: the kind, the numbers, the clause."""
    return [{"kind": name_of(item), **asdict(item), "message": deviation_text(item)} for item in found]
