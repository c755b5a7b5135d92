"""One run at a time: the kernel holds the lock, so a killed holder frees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from runner.errors import StateError
from runner.state.run_lock import hold
from tests.support.catalog import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import sys, time
from pathlib import Path
from runner.state.run_lock import hold
with hold(Path(sys.argv[1]), now="2026-11-20T12:00:00+00:00", timeout_s=0):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            if child.poll() is None:
                child.communicate()


def take_it(folder: Path, timeout_s: float = 0.0) -> None:
    with hold(folder, now="now", timeout_s=timeout_s):
        pass


def test_a_second_run_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with another_run(tmp_path) as child:
        with pytest.raises(
            StateError, match=f"another run holds .*: process {child.pid} on .*, since 2026-11-20T12"
        ) as caught:
            take_it(tmp_path)
        assert caught.value.help == "wait for it to end, or pass --lock-timeout SECONDS"
    take_it(tmp_path)


def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    with another_run(tmp_path) as child:
        child.send_signal(signal.SIGKILL)
        child.wait()
        take_it(tmp_path)


def test_a_timeout_waits_for_the_other_run(tmp_path: Path) -> None:
    with another_run(tmp_path) as child:
        begun = time.monotonic()
        with pytest.raises(StateError, match="another run holds"):
            take_it(tmp_path, timeout_s=0.2)
        assert time.monotonic() - begun >= 0.2
        assert child.stdin is not None
        child.stdin.close()
        child.stdin = None
        take_it(tmp_path, timeout_s=10)


def test_a_holder_that_cannot_be_read_is_no_trouble(tmp_path: Path) -> None:
    with another_run(tmp_path):
        (tmp_path / "run.holder").write_text("{")
        with pytest.raises(StateError, match="a process that has just started"):
            take_it(tmp_path)


def test_nobody_is_named_when_nobody_holds_it(tmp_path: Path) -> None:
    take_it(tmp_path)
    assert not (tmp_path / "run.holder").exists()
    assert (tmp_path / "run.flock").exists(), "a deleted lock file is a lock that two can hold"
