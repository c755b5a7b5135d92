"""`validate` of 10,000 cells and of 10,000 jobs, and `plan` of 10,000 cells that are made, after one prompt was changed: whole processes."""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import SCOREFILE, Row, Size, at_most, interleaved, ratio, run, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = "version: 1\nvars: {game: Emberfall}\ndefaults: {model: pixazo/ace-step-xl, params: {duration: 60}}\njobs:\n"
MATRIX = """\
  big:
    matrix:
      place: [{places}]
      mood: [{moods}]
      heat: {{{heats}}}
    prompt: "{{{{ place }}}} and {{{{ mood }}}} of {{{{ game }}}}"
    params: {{bpm: "{{{{ heat }}}}"}}
"""


def rows(size: Size) -> Iterator[Row]:
    """Yield the rows of `validate`, then that of `plan`."""
    jobs, rounds = size.of(10_000, 20), size.of(5, 1)
    for what, text, bar_s, code in (
        ("a matrix of {} cells", _matrix(jobs, hot=140), 0.8, 0),
        ("a matrix of {} cells, one value in ten out of bounds", _matrix(jobs, hot=400), None, 3),
        ("{} jobs written out", _written_out(jobs), 2.5, 0),
    ):
        place = projects.folder()
        (place / "scorefile.yaml").write_text(text)
        seconds = [run((*SCOREFILE, "validate"), place, code=code).wall_s for _ in range(rounds)]
        bar = {} if bar_s is None else at_most(statistics.median(seconds), bar_s, " s")
        yield Row(what=f"`validate` of {what.format(f'{jobs:,}')}", ours=shown(seconds), **bar)
    yield _plan(projects.made(jobs), jobs, rounds=rounds)


def _plan(place: Path, jobs: int, *, rounds: int) -> Row:
    file = place / "scorefile.yaml"
    before = file.read_text()
    file.write_text(before.replace("cue 7, calm strings", "cue 7, wild strings"))

    def seconds(verb: str) -> float:
        return run((*SCOREFILE, verb), place, projects.vendor_env()).wall_s

    try:
        seconds("plan")
        took = interleaved(rounds, {verb: partial(seconds, verb) for verb in ("plan", "validate")})
    finally:
        file.write_text(before)
    times = ratio(took["plan"], took["validate"])
    what = f"`plan` after one prompt of {jobs:,} cells changed"
    return Row(
        what=what,
        ours=shown(took["plan"]),
        peer=f"`validate` {shown(took['validate'])}",
        ratio=times,
        **at_most(times, 1.5, " x"),
    )


def _matrix(cells: int, *, hot: int) -> str:
    heats = ", ".join((f"hot: {hot}", *(f"h{number}: {90 + number}" for number in range(9))))
    moods = 2 if cells < 1000 else 20
    places = ", ".join(f"place{number}" for number in range(cells // moods // 10))
    return HEAD + MATRIX.format(places=places, moods=", ".join(f"mood{n}" for n in range(moods)), heats=heats)


def _written_out(jobs: int) -> str:
    return HEAD + "".join(
        f"  cue-{n:05}:\n"
        f'    prompt: "Cue {n} of {{{{ game }}}}, strings and low brass, calm"\n'
        f"    params: {{bpm: {60 + n % 120}, key: D minor}}\n"
        for n in range(jobs)
    )
