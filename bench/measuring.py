"""All that is measured of a take, against `ffmpeg -af ebur128=peak=true`, which decodes, measures loudness, range and true peak.

Processor time and the wall clock of whole processes, so the start of Python counts; the ratio is of ffmpeg's time to ours.
The last row is what measuring adds to each take of a run, without the start: one process measures one file again and again.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import Cost, Row, Size, at_least, at_most, ratio, run, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAKE = """
import sys
import numpy as np, soundfile
seconds, rate = int(sys.argv[2]), 48000
steps = np.arange(rate) / rate
chance = np.random.default_rng(1)
with soundfile.SoundFile(sys.argv[1], "w", rate, 2, "PCM_16") as file:
    for second in range(seconds):
        beat = 0.3 + 0.6 * np.abs(np.sin(2 * np.pi * (steps + second) * 0.8)) ** 4
        tones = sum(np.sin(2 * np.pi * hz * steps) / n for n, hz in enumerate((110, 220, 997, 2500), start=1)) / 2.2
        file.write((beat * tones)[:, None] * 0.9 + chance.normal(0, 0.02, (rate, 2)))
"""
OURS = """
import pathlib, sys
from runner.audio.probe.measure import inspect
inspect(pathlib.Path(sys.argv[1]))
"""
AGAIN = """
import pathlib, sys, time
from runner.audio.probe.measure import inspect
path, took = pathlib.Path(sys.argv[1]), []
for _ in range(int(sys.argv[2])):
    begun = time.process_time()
    inspect(path)
    took.append(time.process_time() - begun)
print(sorted(took)[len(took) // 2])
"""


def rows(size: Size) -> Iterator[Row]:
    """Yield speed, memory, and what a small file costs."""
    place, minutes = projects.folder(), size.of(10, 1)
    for name, seconds in (("long.wav", 60 * minutes), ("short.wav", 1)):
        run((sys.executable, "-c", MAKE, name, str(seconds)), place)
    yield from _long(size, place, minutes)
    took = [float(run((sys.executable, "-c", AGAIN, "short.wav", str(size.of(300, 5))), place).out) for _ in range(3)]
    yield Row(what="measuring of 1 s of 48 kHz stereo WAV, processor time a file", ours=shown(took))


def _long(size: Size, place: Path, minutes: int) -> Iterator[Row]:
    ffmpeg = shutil.which("ffmpeg")
    tries = {"ours": (sys.executable, "-c", OURS, "long.wav")}
    if ffmpeg:
        tries["ffmpeg"] = (ffmpeg, "-nostats", "-i", "long.wav", "-af", "ebur128=peak=true", "-f", "null", "-")
    costs: dict[str, list[Cost]] = {name: [] for name in tries}
    for _ in range(size.of(5, 1)):
        for name, command in tries.items():
            costs[name].append(run(command, place))
    what = f"measuring of {minutes} min of 48 kHz stereo WAV"
    for kind, clock in (("processor time", "cpu_s"), ("wall clock", "wall_s")):
        took = {name: [getattr(cost, clock) for cost in found] for name, found in costs.items()}
        if not ffmpeg:
            yield Row(what=f"{what}, {kind}", ours=shown(took["ours"]), peer="ffmpeg: not installed")
            continue
        rate = ratio(took["ffmpeg"], took["ours"])
        peer = f"ffmpeg {shown(took['ffmpeg'])}"
        yield Row(what=f"{what}, {kind}", ours=shown(took["ours"]), peer=peer, ratio=rate, **at_least(rate, 0.8, " x"))
    mib = statistics.median(cost.mib for cost in costs["ours"])
    yield Row(what=f"{what}, memory of the process", ours=f"{mib:.0f} MiB", **at_most(mib, 238, " MiB (250 MB)"))
