"""How a take is finished, in a few words, and what it became, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.mastering import SILENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.lock import Entry
    from runner.records.mastering import Mastering
    from runner.records.plan import Action
    from runner.records.source import Json


def second_stage(action: Action) -> str:
    """Return what follows when the audio of an action is there: `then master to -16 LUFS, flac`; empty when nothing does."""
    finishing = action.request.finishing
    if finishing is None or action.request.output is None or not action.verb.asks:
        return ""
    told = ", ".join(_settings(finishing.mastering))
    if told:
        return f"then master to {told}"
    return "" if finishing.tags is None else "then write its tags"


def finished_data(entry: Entry | None) -> dict[str, Json] | None:
    """Return the file that the take of an entry was finished as; None where it was placed as it came, or not at all."""
    heard, output = (entry.heard, entry.output) if entry else (None, None)
    if heard is None or output is None or output.finished is None:
        return None
    return {
        "path": output.path,
        "sha256": heard.sha256,
        "bytes": heard.bytes,
        "media_type": heard.media_type,
        "seconds": heard.seconds,
        "rate_hz": heard.rate_hz,
        "channels": heard.channels,
        "lufs": heard.measured.lufs,
        "true_peak_dbtp": heard.measured.true_peak_dbtp,
    }


def _settings(mastering: Mastering) -> Iterator[str]:
    if mastering.loudness_lufs is not None:
        yield f"{mastering.loudness_lufs:g} LUFS"
    if mastering.peak_dbtp is not None and mastering.loudness_lufs is None:
        yield f"{mastering.peak_dbtp:g} dBTP"
    if mastering.trim is not None:
        yield "no silence" if mastering.trim == SILENCE else f"{mastering.trim[0]:g} s to {mastering.trim[1]:g} s"
    if mastering.exact_s is not None:
        yield f"{mastering.exact_s:g} s"
    if mastering.loop_s is not None:
        yield "a loop"
    if mastering.fade_in_s or mastering.fade_out_s:
        yield "fades"
    if mastering.rate_hz is not None:
        yield f"{mastering.rate_hz / 1000:g} kHz"
    if mastering.channels is not None:
        yield "mono" if mastering.channels == 1 else "stereo"
    if mastering.format is not None:
        yield mastering.format.value
