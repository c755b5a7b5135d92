"""Processor time of a rehearsal of 200 sketches, with all that a run does beside; how fast one process composes alone.

Of the prompts it is the one in the middle. The program as it was before its processor time was profiled (commit e1ff469) cannot be in one
run with this one. Run in turn with it on two cores of an AMD EPYC, it took 196 to 279 ms a job where this one took 69 to 82, and of the
figures of a take it measured loudness alone.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import SCOREFILE, Row, Size, run

if TYPE_CHECKING:
    from collections.abc import Iterator

DURATION_S = 20
PIPELINE = """\
version: 1
name: sketches
defaults: {{model: local/sketch, params: {{duration: {duration}}}, output: "audio/{{{{ job.id }}}}"}}
jobs:
  cue:
    matrix: {{mood: [{moods}], number: [{numbers}]}}
    prompt: "{{{{ mood }}}} {{{{ number }}}}"
"""
MOODS = ("calm piano in the forest", "epic battle with choir", "lo-fi chill beat", "8-bit boss fight", "dark ambient")
CHILD = """
import json, sys, time
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose

def took(prompt, seed, duration_s):
    begun = time.process_time()
    compose(Brief(prompt=prompt, duration_s=duration_s, seed=seed))
    return time.process_time() - begun

moods, rounds, duration_s = json.loads(sys.argv[1])
took(moods[0], 0, 1.0)
print(json.dumps([sorted(took(mood, seed, duration_s) for seed in range(rounds))[rounds // 2] for mood in moods]))
"""


def rows(size: Size) -> Iterator[Row]:
    """Yield the rehearsal, then the composer."""
    each, duration_s = size.of(40, 1), size.of(DURATION_S, 1)
    place = projects.folder()
    numbers, moods = ", ".join(map(str, range(each))), ", ".join(f'"{mood}"' for mood in MOODS)
    (place / "scorefile.yaml").write_text(PIPELINE.format(duration=duration_s, moods=moods, numbers=numbers))
    jobs = each * len(MOODS)
    cost = run((*SCOREFILE, "run", "--rehearse", "-q", "--progress", "none"), place)
    yield Row(
        what=f"rehearsal of {jobs} sketches of {duration_s} s, processor time a job",
        ours=f"{cost.cpu_s / jobs * 1000:.0f} ms ({cost.wall_s:.1f} s in all, {cost.mib:.0f} MiB)",
    )
    asked = json.dumps([MOODS, size.of(5, 1), size.of(60, 1)])
    seconds = json.loads(run((sys.executable, "-c", CHILD, asked), place).out)
    speed = size.of(60, 1) / statistics.median(seconds)
    yield Row(what=f"composing {size.of(60, 1)} s of music, processor time", ours=f"{speed:.0f} x as fast as it plays")
