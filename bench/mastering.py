"""Mastering of a take, against `ffmpeg` doing the same chain: decode, measure, fade, set the loudness, encode as FLAC.

ffmpeg runs twice: `afade,afade,ebur128=peak=true`, which measures, then `afade,afade,volume` with the gain that this says. Ours also
measures what it wrote, and dithers. Processor time of whole processes, so the start of Python
counts; the ratio is of ffmpeg's time to ours.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import Cost, Row, Size, at_least, at_most, ratio, run, shown
from bench.measuring import MAKE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS = """
import pathlib, sys
from runner.audio.tasks import MasterOrder, master_take
from runner.records.mastering import Format, Mastering
settings = Mastering(loudness_lufs=-16.0, peak_dbtp=-1.0, fade_in_s=1.0, fade_out_s=3.0, format=Format.FLAC)
order = MasterOrder(media_type="audio/wav", mastering=settings, tags=None)
target = pathlib.Path("ours.flac")
target.touch()
master_take(pathlib.Path(sys.argv[1]), order, target)
"""


def rows(size: Size) -> Iterator[Row]:
    """Yield speed beside ffmpeg, then memory."""
    place, minutes = projects.folder(), size.of(10, 1)
    run((sys.executable, "-c", MAKE, "long.wav", str(60 * minutes)), place)
    ffmpeg = shutil.which("ffmpeg")
    ours, peers = list[Cost](), list[tuple[Cost, Cost]]()
    for _ in range(size.of(5, 1)):
        ours.append(run((sys.executable, "-c", OURS, "long.wav"), place))
        if ffmpeg:
            peers.append(_peer(ffmpeg, place, 60 * minutes))
    what = f"mastering of {minutes} min of 48 kHz stereo WAV to FLAC"
    for kind, clock in (("processor time", "cpu_s"), ("wall clock", "wall_s")):
        took = [getattr(cost, clock) for cost in ours]
        if not peers:
            yield Row(what=f"{what}, {kind}", ours=shown(took), peer="ffmpeg: not installed")
            continue
        theirs = [getattr(first, clock) + getattr(second, clock) for first, second in peers]
        rate = ratio(theirs, took)
        yield Row(
            what=f"{what}, {kind}",
            ours=shown(took),
            peer=f"ffmpeg {shown(theirs)}",
            ratio=rate,
            **at_least(rate, 0.8, " x"),
        )
    mib = statistics.median(cost.mib for cost in ours)
    yield Row(what=f"{what}, memory of the process", ours=f"{mib:.0f} MiB", **at_most(mib, 238, " MiB (250 MB)"))


def _peer(ffmpeg: str, place: Path, seconds: int) -> tuple[Cost, Cost]:
    """Return what both passes of ffmpeg took."""
    fades = f"afade=in:d=1:curve=qsin,afade=out:st={seconds - 3}:d=3:curve=qsin"
    quiet = (ffmpeg, "-nostdin", "-nostats", "-v", "error", "-y", "-i", "long.wav")
    first = run((*quiet, "-af", f"{fades},ebur128=peak=true", "-f", "null", "-"), place)
    second = run((*quiet, "-af", f"{fades},volume=-2.5dB", "-c:a", "flac", "theirs.flac"), place)
    return first, second
