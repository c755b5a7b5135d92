"""Processor time from processes and from a Dask cluster: the same bytes as threads make, also when parts of it are killed."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.catalog import ROOT
from tests.support.command import environment, fork_server, scorefile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.torture.forks import Child

WITH_DASK = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="distributed is not installed")
PART = ROOT / "tests" / "support" / "dask_part.py"
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
JOBS = 10


def write(folder: Path, *models: str) -> Path:
    """Write a pipeline of free sketches and of jobs of a provider, which a rehearsal plays."""
    models = models or ("local/sketch", "pixazo/tracks")
    folder.mkdir()
    jobs: dict[str, Any] = {
        f"j{number}": {"prompt": f"calm piano {number}", "model": models[number % len(models)]}
        for number in range(JOBS)
    }
    settings = {"output": "audio/{{ job.id }}", "params": {"duration": 1, "seed": 7}}
    data = {"version": 1, "name": "trial", "defaults": settings, "jobs": jobs}
    (folder / "scorefile.yaml").write_text(json.dumps(data))
    return folder


def start(folder: Path, *words: str) -> Child:
    words = ("run", "--rehearse", "--progress", "plain", *words)
    return fork_server().start(words, cwd=folder, env=environment(ENV))


def finish(child: Child, code: int = 0) -> str:
    done = child.wait(60)
    out = done.out + done.err
    assert done.code == code, out
    assert "Traceback" not in out
    return out


def made(folder: Path) -> dict[str, bytes]:
    """Return the audio of a folder; nothing unfinished is left beside it."""
    assert not any((folder / ".scorefile").rglob("incoming/*"))
    return {path.name: path.read_bytes() for path in sorted((folder / "scorefile-rehearsal").rglob("audio/*.wav"))}


@pytest.fixture(scope="module")
def by_threads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = write(tmp_path_factory.mktemp("threads") / "project")
    finish(start(folder))
    found = made(folder)
    assert len(found) == JOBS
    return found


def test_processes_make_the_same_bytes(tmp_path: Path, by_threads: dict[str, bytes]) -> None:
    folder = write(tmp_path / "project")
    finish(start(folder, "--processes", "2"))
    assert made(folder) == by_threads


@contextmanager
def part(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a scheduler or a worker, and yield it with its address."""
    with subprocess.Popen(
        [sys.executable, "-P", str(PART), *words],
        env=ENV,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        try:
            yield child, child.stdout.readline().strip()
        finally:
            child.kill()


@pytest.fixture
def scheduler() -> Iterator[tuple[subprocess.Popen[str], str]]:
    with part("scheduler") as found:
        yield found


@WITH_DASK
def test_a_cluster_is_refused_without_workers_and_makes_the_same_bytes_although_one_is_killed(
    tmp_path: Path, by_threads: dict[str, bytes], scheduler: tuple[subprocess.Popen[str], str]
) -> None:
    folder = write(tmp_path / "project")
    refused = scorefile("run", "--dask", scheduler[1], cwd=write(tmp_path / "sketches", "local/sketch"))
    assert (refused.code, "has no workers" in refused.err) == (2, True), refused
    with part("worker", scheduler[1]) as (victim, _), part("worker", scheduler[1]):
        child = start(folder, "--dask", scheduler[1])
        kill_when(victim, lambda: any((folder / ".scorefile").rglob("incoming/*")))
        finish(child)
    assert victim.wait(5) == -signal.SIGKILL
    assert made(folder) == by_threads


def kill_when(victim: subprocess.Popen[str], is_time: Callable[[], bool]) -> None:
    """Kill a process as soon as work has begun."""
    until = time.monotonic() + 20
    while not is_time():
        assert time.monotonic() < until, "no work has begun"
        time.sleep(0.01)
    victim.kill()


@WITH_DASK
def test_a_scheduler_that_goes_away_ends_the_jobs_with_a_remedy_and_the_next_run_has_it_all(
    tmp_path: Path, by_threads: dict[str, bytes], scheduler: tuple[subprocess.Popen[str], str]
) -> None:
    folder = write(tmp_path / "project", "local/sketch")
    with part("worker", scheduler[1]):
        child = start(folder, "--dask", scheduler[1])
        kill_when(scheduler[0], lambda: any((folder / ".scorefile").rglob("incoming/*")))
        said = finish(child, code=5)
    assert f"--dask {scheduler[1]} lost a task: its scheduler has gone away" in said
    assert "without --dask, this machine does the work" in said
    finish(start(folder))
    found = made(folder)
    assert len(found) == JOBS
    assert all(found[name] == by_threads[name] for name in ("j0.wav", "j2.wav", "j8.wav"))


@WITH_DASK
def test_a_scheduler_that_does_not_answer_is_refused() -> None:
    call = "from runner.engine.dask_cluster import open_dask; open_dask('tcp://127.0.0.1:1', connect_s=0.3).__enter__()"
    done = subprocess.run([sys.executable, "-P", "-c", call], env=ENV, capture_output=True, text=True)
    assert "UsageError: no Dask scheduler answers at tcp://127.0.0.1:1" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--dask", "127.0.0.1:8786"), "'127.0.0.1:8786' is not the address of a Dask scheduler"),
        (("--dask", "tcp://127.0.0.1:1", "--processes", "2"), "--dask and --processes exclude each other"),
    ],
)
def test_what_is_said_wrongly_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = scorefile("run", "--rehearse", *words, cwd=write(tmp_path / "project"))
    assert done.code == 2
    assert said in done.err
