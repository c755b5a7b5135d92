"""Talk goes to stderr: live on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.command import COMMAND, environment, scorefile, vendors_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.emulator import RunningEmulator


LIMIT_S = 30


def on_a_terminal(*words: str, cwd: Path, env: Mapping[str, str], type_in: bytes = b"") -> tuple[int, bytes, bytes]:
    """Run a command whose stdin and stderr are a terminal; return its code, stdout, and what the terminal showed."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*COMMAND, *words],
        cwd=cwd,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        env=environment({**env, "TERM": "xterm"}),
    )
    os.close(theirs)
    shown, until = b"", time.monotonic() + LIMIT_S
    while True:
        if time.monotonic() > until:
            child.kill()
            child.communicate()
            os.close(ours)
            pytest.fail(f"not over after {LIMIT_S} s; the terminal showed {shown!r}")
        ready, _, _ = select.select([ours], [], [], 0.1)
        if ready:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if type_in and b"[y/N]" in shown:
                os.write(ours, type_in)
                type_in = b""
        elif child.poll() is not None:
            break
    assert child.stdout is not None
    out = child.stdout.read()
    child.stdout.close()
    os.close(ours)
    return child.wait(30), out, shown


def without_warnings(folder: Path) -> None:
    """Leave out the job that has no use for the length that all are given."""
    file = folder / "scorefile.yaml"
    file.write_text(file.read_text().partition("  shop:")[0])


def test_off_a_terminal_progress_is_plain_lines(night: Path, emulator: RunningEmulator) -> None:
    without_warnings(night)
    done = scorefile("run", "title", cwd=night, env=vendors_at(emulator.url))
    assert done.code == 0
    lines = done.err.splitlines()
    assert all(re.match(r" +\d+\.\ds  title  \w+", line) for line in lines), lines
    assert lines[0].endswith("submitting")
    assert lines[-1].endswith("made")
    assert "\x1b" not in done.err + done.out


def test_takes_are_counted_while_they_come(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\njobs:\n  a: {model: pixazo/ace-step-xl, prompt: x, output: a, params: {duration: 4, batch_size: 3}}\n"
    )
    done = scorefile("run", "--rehearse", cwd=tmp_path)
    assert done.code == 0, done
    assert "a  fetching take 3/3" in done.err


def test_quiet_says_nothing_but_the_result(night: Path, emulator: RunningEmulator) -> None:
    without_warnings(night)
    done = scorefile("run", "-q", "title", cwd=night, env=vendors_at(emulator.url))
    assert done.err == ""
    assert "1 made" in done.out


def test_on_a_terminal_progress_is_live_and_the_result_stays(night: Path, emulator: RunningEmulator) -> None:
    code, out, shown = on_a_terminal("run", "--yes", cwd=night, env=vendors_at(emulator.url))
    assert code == 0
    assert b"4 made" in out
    assert b"of 4 done" in shown
    assert b"\x1b[" in shown
    assert b"\x1b" not in out, "data on a pipe has no colour"
    assert b"Traceback" not in shown


def test_on_a_terminal_money_is_asked_for(night: Path, emulator: RunningEmulator) -> None:
    env = vendors_at(emulator.url)
    before = len(emulator.ledger()["submits"])
    code, _, shown = on_a_terminal("run", cwd=night, env=env, type_in=b"n\n")
    assert code == 6
    assert b"4 to make; 4 new takes; $0.06" in shown
    assert b"Spend up to $0.06 on shop? [y/N]" in shown
    assert b"nothing was spent" in shown
    assert len(emulator.ledger()["submits"]) == before
    code, out, _ = on_a_terminal("run", cwd=night, env=env, type_in=b"y\n")
    assert code == 0, out
    assert b"4 made" in out


def test_no_color_is_heard(night: Path, emulator: RunningEmulator) -> None:
    env = vendors_at(emulator.url) | {"NO_COLOR": "1"}
    code, _, shown = on_a_terminal("run", "lost", cwd=night, env=env)
    assert code == 2
    assert b"\x1b[3" not in shown
