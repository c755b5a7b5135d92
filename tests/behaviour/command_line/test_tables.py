"""Tables on a terminal fit into it, and the cells of a matrix that say the same are one row."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from typing import TYPE_CHECKING

import pytest

from runner.report.width import columns
from tests.support.command import COMMAND, environment, scorefile

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}, output: "audio/{{ job.id }}"}
jobs:
  title: {prompt: Title theme of a game with a rather long name}
  battle:
    matrix: {biome: [forest, ash, ice], heat: {calm: 100, hot: 150}}
    prompt: "{{ biome }} battle"
    params: {bpm: "{{ heat }}"}
"""


@pytest.fixture
def cues(tmp_path: Path) -> Path:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    return tmp_path


def on_a_terminal(folder: Path, wide: int, *words: str) -> list[str]:
    """Run a command whose stdout is a terminal of this many columns, without color, and return its lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, wide, 0, 0))
    command = [*COMMAND, *words, "--color", "never"]
    child = subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=subprocess.PIPE, env=environment({}))
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass  # the other end was closed
    os.close(ours)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 0, said
    return shown.decode().replace("\r\n", "\n").splitlines()


def test_cells_that_say_the_same_are_one_row_of_the_plan(cues: Path) -> None:
    done = scorefile("plan", cwd=cues)
    assert done.out.splitlines()[:2] == [
        "+ title               local/sketch  $0.00       not made yet",
        "+ battle@… (6 cells)  local/sketch  each $0.00  not made yet",
    ]
    wide = scorefile("plan", "--wide", cwd=cues).out
    assert wide.count("battle@") == 6
    assert "+ battle@forest-calm  local/sketch  $0.00  not made yet\n" in wide


def test_a_run_and_a_status_show_the_sums_of_such_cells(cues: Path) -> None:
    made = scorefile("run", cwd=cues).out.splitlines()
    assert made[2].split()[:7] == ["battle@…", "(6", "cells)", "made", "6", "0.5", "s"]
    assert made[2].split()[-1] == "audio/battle@…"
    status = scorefile("status", cwd=cues).out
    assert "battle@… (6 cells)  local/sketch  1/1   audio/battle@… (same)" in status
    assert "7 jobs, 7 same" in status
    assert scorefile("status", cwd=cues, env={"SCOREFILE_WIDE": "1"}).out.count("battle@") == 12


@pytest.mark.sampled(2)
@pytest.mark.parametrize("words", [["models"], ["models", "local/sketch"], ["plan"], ["status"]], ids=" ".join)
def test_no_line_is_wider_than_the_terminal(cues: Path, words: list[str]) -> None:
    lines = on_a_terminal(cues, 76, *words)
    assert [line for line in lines if columns(line) > 76] == []
    if words == ["models"]:
        assert any(line.startswith("verbatik/text-to-") and "…" in line for line in lines)
        assert any(columns(line) > 76 for line in on_a_terminal(cues, 76, "models", "--wide"))


def test_a_source_line_is_cut_to_the_terminal(cues: Path) -> None:
    (cues / "scorefile.yaml").write_text(
        PIPELINE.replace("  title: {", "  title: {" + "x-note: " + "a" * 90 + ", bpm: 3, ")
    )
    command = [*COMMAND, "validate", "--color", "never"]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 70, 0, 0))
    child = subprocess.run(command, cwd=cues, stdout=theirs, stderr=theirs, env=environment({}), check=False)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert child.returncode == 3
    snippet = [line for line in shown.splitlines() if " | " in line]
    assert snippet
    assert all(columns(line) <= 70 for line in snippet)
