"""SIGKILL at every system call of one job, one call a trial, with strace's fault injection."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.torture.checker import Findings
from tests.torture.trial import KILLS, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tests.torture.forks import Child, Done
    from tests.torture.trial import Bench, Stage

_CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?([a-z0-9_]+)\(")
_ATTACH_S = 10.0
_NEVER = frozenset({"exit", "exit_group", "restart_syscall", "rt_sigreturn"})
"""Calls that do not return, or that strace cannot inject into."""


def strace() -> str | None:
    """Return the path of strace, if it is installed and may attach."""
    found = shutil.which("strace")
    if found is None:
        return None
    probe = subprocess.run([found, "-o", os.devnull, "true"], check=False, capture_output=True)
    return found if probe.returncode == 0 else None


@dataclass(kw_only=True)
class Calls:
    """What came of it. `points` counts kills, `kinds` the calls at which they were."""

    points: int = 0
    missed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)

    def table(self) -> str:
        """Return one line for a person."""
        kinds = ", ".join(f"{name} {count}" for name, count in self.kinds.most_common(12))
        return f"\nKilled at {self.points} system calls ({self.missed} not reached): {kinds}."


def every_call(bench: Bench, *, stages: Iterable[Stage] = KILLS, step: int = 1) -> Calls:
    """Kill one run of each stage at every `step`-th of its system calls, each in a pipeline of its own."""
    calls = Calls()
    for stage in stages:
        for number, (name, nth) in enumerate(_points(bench, stage)[::step]):
            pipeline = _pipeline(bench, f"{stage}{number}", stage)
            done = _traced(pipeline, stage, kill_at(name, nth))
            if not done.killed:
                calls.missed += 1
                continue
            calls.points += 1
            calls.kinds[name] += 1
            pipeline.judge_kill()
            pipeline.resolve()
            pipeline.complete()
            pipeline.finish()
            calls.findings.add(pipeline.findings)
    return calls


def _pipeline(bench: Bench, tag: str, stage: Stage) -> Pipeline:
    """Return a pipeline that is about to enter a stage."""
    pipeline = Pipeline(bench, bench.folder / tag, tag=tag, jobs=1)
    if stage != "make":
        pipeline.complete()
    return pipeline


def _points(bench: Bench, stage: Stage) -> list[tuple[str, int]]:
    """Return (call, N) for every call that one run makes; strace counts each kind in each thread for itself."""
    pipeline = _pipeline(bench, f"{stage}-all", stage)
    trace = pipeline.folder / "trace"
    done = _traced(pipeline, stage, ["-e", "trace=all"], output=trace)
    assert done.code == 0, done
    seen: Counter[tuple[str, str]] = Counter()
    points: dict[tuple[str, int], None] = {}
    for line in trace.read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if match and match[2] not in _NEVER:
            seen[match[1], match[2]] += 1
            points[match[2], seen[match[1], match[2]]] = None
    return list(points)


def _traced(pipeline: Pipeline, stage: Stage, how: Sequence[str], *, output: Path | None = None) -> Done:
    return traced(lambda go: pipeline.enter(stage, go=go), pipeline.folder / "go", how, output=output)


def kill_at(names: str, nth: int) -> Sequence[str]:
    """Return how a command line is traced that is killed at its `nth` call of these names."""
    return ["-e", f"inject={names}:signal=SIGKILL:when={nth}"]


def traced(start: Callable[[str], Child], gate: Path, how: Sequence[str], *, output: Path | None = None) -> Done:
    """Run once under strace what `start` starts. It waits at the FIFO `gate` until strace has attached, so nothing before is counted."""
    os.mkfifo(gate)
    opener = os.open(gate, os.O_RDWR)
    child = start(str(gate))
    target = str(output or os.devnull)
    tracer = subprocess.Popen([strace() or "strace", "-f", "-q", "-o", target, *how, "-p", str(child.pid)])
    try:
        until = time.monotonic() + _ATTACH_S
        while not _is_traced(child.pid):
            assert time.monotonic() < until, "strace does not attach"
            time.sleep(0.001)
        os.write(opener, b"!")
        return child.wait(60)
    finally:
        tracer.wait(10)
        os.close(opener)
        gate.unlink()


def _is_traced(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/status") as file:  # noqa: PTH123
            return "TracerPid:\t0\n" not in file.read()
    except FileNotFoundError:
        return True
