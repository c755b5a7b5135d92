"""What a command costs before it does anything, beside `python -c "import click"`: whole processes with compiled bytecode."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import ROOT, SCOREFILE, Row, Size, at_most, interleaved, ratio, run, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CLICK = "import click"
TEN_LINES = """\
version: 1
name: ten
defaults:
  model: local/sketch
  params: {duration: 1}
  output: "audio/{{ job.id }}"
jobs:
  title: {prompt: low brass}
  battle: {prompt: war drums}
  shop: {prompt: cosy accordion}
"""
COMMANDS = {
    "`--help`": ("--help",),
    "`validate` of ten lines": ("validate", "ten.yaml"),
    "`run` of ten lines with nothing to do": ("run", "-q", "ten.yaml"),
    "`validate` of the showcase": ("validate", "showcase.yaml"),
    "`plan` of the showcase": ("plan", "showcase.yaml"),
}
BARS = {"`--help`": 2.0, "`validate` of ten lines": 5.0}


def rows(size: Size) -> Iterator[Row]:
    """Yield one row a command."""
    place = projects.folder() / "project"
    shutil.copytree(ROOT / "pipelines", place, ignore=shutil.ignore_patterns(".scorefile"))
    (place / "ten.yaml").write_text(TEN_LINES)
    commands: dict[str, Sequence[str]] = {CLICK: (sys.executable, "-c", CLICK)}
    commands |= {what: (*SCOREFILE, *words) for what, words in COMMANDS.items()}
    for command in [*commands.values()] * size.of(2, 1):
        _seconds(command, place)  # compiled, made, and kept
    took = interleaved(size.of(15, 1), {what: partial(_seconds, command, place) for what, command in commands.items()})
    for what in COMMANDS:
        times = ratio(took[what], took[CLICK])
        bar = at_most(times, BARS[what], " x") if what in BARS else {}
        yield Row(what=what, ours=shown(took[what]), peer=f"{CLICK} {shown(took[CLICK])}", ratio=times, **bar)


def _seconds(command: Sequence[str], place: Path) -> float:
    return run(command, place).wall_s
