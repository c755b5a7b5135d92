"""Completion, in a real bash: at a terminal, with the keys a person presses."""

from __future__ import annotations

import os
import pty
import re
import resource
import select
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from runner.pipeline.edit.outline import outline
from runner.pipeline.resolution.expand import expand
from runner.pipeline.shape.load import load
from runner.pipeline.yaml.document import parse
from runner.state.schemas import read_schema
from tests.support.catalog import ROOT
from tests.support.command import COMMAND, environment, scorefile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASH = shutil.which("bash")
PATIENCE_S = 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The showcase as scorefile.yaml, the game beside it, and the command on the path."""
    shutil.copy(ROOT / "pipelines/showcase.yaml", tmp_path / "scorefile.yaml")
    shutil.copy(ROOT / "pipelines/game.yaml", tmp_path / "game.yaml")
    command = tmp_path / "bin/scorefile"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m runner "$@"\n')
    command.chmod(0o755)
    return tmp_path


@pytest.fixture
def offered(folder: Path) -> Callable[[str], list[str]]:
    """Return what is offered at the end of a line."""

    def ask(line: str) -> list[str]:
        words = line.split(" ")
        asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_SCOREFILE_COMPLETE": "bash_complete"}
        done = scorefile(cwd=folder, env=asked)
        assert done.err == ""
        return [item.partition(",")[2] for item in done.out.split()]

    return ask


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("scorefile comp", ["completion"]),
        ("scorefile plan t", ["title", "trailer"]),
        ("scorefile plan ga", ["game.yaml"]),
        ("scorefile plan game.yaml v", ["victory"]),
        ("scorefile run battle@", ["battle@forest-calm", "battle@forest-hot", "battle@ash-hot"]),
        ("scorefile run game.yaml --profile ", ["draft"]),
        ("scorefile run game.yaml --label st", ["stinger"]),
        ("scorefile run --target ra", ["radio"]),
        ("scorefile run --var ga", ["game="]),
        ("scorefile schema --model pixazo/ly", ["pixazo/lyria-2", "pixazo/lyria-3", "pixazo/lyria-3-pro"]),
        ("scorefile pick ti", ["title"]),
        ("scorefile completion z", ["zsh"]),
        ("scorefile run --max", ["--max-cost"]),
        ("scorefile validate g", ["game.yaml"]),
        ("scorefile plan --format=j", ["json", "jsonl", "junit"]),
        ("scorefile explain SF40", [f"SF40{number}" for number in range(1, 10)]),
        ("scorefile explain sf21", [f"SF21{number}" for number in range(10)]),
        ("scorefile explain ti", ["title"]),
        ("scorefile run --var 'mood=very calm' ti", ["title"]),
    ],
)
def test_names_are_offered(offered: Callable[[str], list[str]], line: str, found: list[str]) -> None:
    assert offered(line) == found


def test_a_broken_file_offers_nothing_and_says_nothing(folder: Path, offered: Callable[[str], list[str]]) -> None:
    (folder / "scorefile.yaml").write_text("jobs: [")
    assert offered("scorefile run --profile ") == []


def test_a_key_press_is_answered_at_once(folder: Path) -> None:
    asked = environment({"COMP_WORDS": "scorefile run t", "COMP_CWORD": "2", "_SCOREFILE_COMPLETE": "bash_complete"})
    times = []
    for _ in range(4):
        start = spent_by_children()
        done = subprocess.run(COMMAND, cwd=folder, env=asked, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        times.append(spent_by_children() - start)
        assert "title" in done.stdout
    assert min(times) < 0.3


def spent_by_children() -> float:
    """Return the processor seconds of all children so far: what a busy machine does not lengthen much."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.skipif(BASH is None, reason="there is no bash")
def test_a_person_at_a_bash_presses_tab(folder: Path) -> None:
    typed = 'eval "$(scorefile completion bash)"; echo re""ady\n'
    (folder / "own").mkdir()
    (folder / "own/scorefile.yaml").write_text(LOCAL)
    assert scorefile("run", cwd=folder / "own").code == 0
    screen = at_terminal(
        folder,
        [
            (typed, "ready"),
            ("scorefile plan battle@ash\t", "battle@ash-hot "),
            ("\x15scorefile run --target=battle@forest-h\t", "--target=battle@forest-hot "),
            ("\x15scorefile plan --format=js\tl", "--format=jsonl"),
            ("\x15scorefile plan --format=\t\t", "github"),
            ("\x15scorefile run --var ga\tx", "--var game=x"),
            ("\x15scorefile explain SF60\t\t", "SF601"),
            ("\x15scorefile plan ga\t", "game.yaml "),
            ('\x15echo "<$COMP_WORDBREAKS>"\n', "@"),
            ('\x15cd own; echo th""ere\n', "there"),
            ("scorefile pick only \t", "only 1"),
            ("\x15echo over\n", "over"),
        ],
    )
    assert "not found" not in screen


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_its_shell_reads(folder: Path, shell: str) -> None:
    done = scorefile("completion", shell, cwd=folder)
    assert done.code == 0
    assert f"{shell}_complete" in done.out
    program = shutil.which(shell)
    if program is not None:
        read = subprocess.run([program, "-n"], input=done.out, text=True, capture_output=True, timeout=PATIENCE_S)
        assert (read.returncode, read.stderr) == (0, "")


def test_the_users_own_shell_is_the_default(folder: Path) -> None:
    assert "zsh_complete" in scorefile("completion", cwd=folder, env={"SHELL": "/usr/bin/zsh"}).out
    done = scorefile("completion", cwd=folder, env={"SHELL": "/bin/tcsh"})
    assert done.code == 2
    assert "name it: bash, zsh, fish" in done.err


def at_terminal(folder: Path, script: list[tuple[str, str]]) -> str:
    """Type at an interactive bash, each piece when the one before was answered; return the screen."""
    assert BASH is not None
    main, other = pty.openpty()
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    child = subprocess.Popen(
        [BASH, "--norc", "--noprofile", "-i"],
        cwd=folder,
        env=environment({"PATH": path, "TERM": "dumb", "PS1": "$ "}),
        stdin=other,
        stdout=other,
        stderr=other,
        start_new_session=True,
    )
    os.close(other)
    screen = ""
    try:
        for typed, wanted in script:
            before = len(screen)
            os.write(main, typed.encode())
            end = time.monotonic() + PATIENCE_S
            while wanted not in plain(screen[before:]):
                assert time.monotonic() < end, f"{wanted!r} never came: {screen!r}"
                if select.select([main], [], [], 0.1)[0]:
                    screen += os.read(main, 4096).decode(errors="replace")
    finally:
        child.kill()
        child.wait()
        os.close(main)
    return plain(screen)


def plain(text: str) -> str:
    """Return a terminal's output without its control codes."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|[\r\x07]", "", text)


LOCAL = "version: 1\ndefaults: {model: local/sketch, params: {duration: 0.5}}\njobs: {only: {prompt: x}}\n"
MATRIX = """\
version: 1
defaults: {model: local/sketch}
jobs:
  a:
    matrix:
      biome: [Dark Forest, ash, 3]
      heat: {calm: 100, Hot: 150}
      exclude: [{biome: ash, heat: 100}, {biome: 3}]
      include: [{biome: ice, heat: hot}, {biome: ash, heat: 99}]
    prompt: x
  b: {matrix: {include: [{x: one}, {x: two}]}, prompt: x}
  c: {prompt: x}
"""


@pytest.mark.parametrize("name", ["showcase", "game", "album", "one-prompt", ""])
def test_the_cells_offered_are_the_cells_there_are(tmp_path: Path, name: str) -> None:
    text = (ROOT / f"pipelines/{name}.yaml").read_text(encoding="utf-8") if name else MATRIX
    document = parse(text, "x")
    pipeline, _ = load(document, schema=read_schema("pipeline.schema.json"), profile=None, overrides={})
    assert pipeline is not None
    cells, problems = expand(pipeline)
    assert not problems
    quick = outline(text, "x").jobs
    assert [cell for job, its in quick.items() for cell in its or (job,)] == [cell.id for cell in cells]
