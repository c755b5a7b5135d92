"""Projects on disk that the real command line is run in, and the vendors that it speaks to."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from runner.audio.encode import encode
from runner.records.media_types import EXTENSIONS
from tests.support.canary import canary
from tests.support.catalog import ROOT
from tests.support.command import fork_server
from tests.support.project import Project
from tests.support.recorder import Recorder, recording
from tests.support.vendor.process import RunningVendor, running_vendor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.canary import Canary

__all__ = ["canary"]

NIGHT = """\
version: 1
name: night
defaults:
  model: pixazo/tracks
  params: {duration: 4}
  output: "audio/{{ job.id }}"
jobs:
  title: {prompt: low brass, labels: [menu]}
  battle:
    matrix: {heat: {calm: 100, hot: 150}}
    prompt: war drums
    params: {bpm: "{{ heat }}"}
    labels: [combat]
  shop: {model: pixazo/lyria-2, prompt: cosy accordion, labels: [menu]}
"""


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """Return a folder with a small pipeline: three free jobs and one of $0.06."""
    (tmp_path / "scorefile.yaml").write_text(NIGHT)
    return tmp_path


@pytest.fixture
def showcase(tmp_path: Path) -> Path:
    """Return a folder with the shipped examples."""
    shutil.copytree(
        ROOT / "pipelines",
        tmp_path,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns(".scorefile", "scorefile-rehearsal"),
    )
    return tmp_path


@pytest.fixture
def vendor() -> Iterator[Recorder]:
    """Run a server that records what it is asked."""
    with recording() as recorder:
        yield recorder


def files(folder: Path) -> list[str]:
    """Return what stands in a folder beside the pipeline, without `.scorefile/`."""
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.as_posix() for path in found if path.parts[0] != ".scorefile" and path.suffix != ".yaml"]


@pytest.fixture(scope="session")
def scripted_vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVendor]:
    """Run one vendor for each worker; its folder holds recordings, whole and cut, in every container that it could send."""
    folder = tmp_path_factory.mktemp("vendor")
    _record(folder)
    with running_vendor(folder) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, scripted_vendor: RunningVendor, canary: Canary) -> Project:
    """Return an empty project with keys planted in it."""
    return Project(folder=tmp_path / "project", vendor=scripted_vendor, zygote=fork_server(), canary=canary)


def _record(folder: Path) -> None:
    """Write one second of a tone as whole.EXT, cut.EXT and minus-one.EXT."""
    times = np.arange(16_000) / 16_000
    pcm = (np.sin(times * 440 * 2 * np.pi) * 9000).astype(np.int16)[:, None]
    for kind in ("audio/wav", "audio/mpeg", "audio/flac", "audio/ogg", "audio/mp4"):
        whole = encode(pcm, 16_000, kind)
        for name, data in (("whole", whole), ("cut", whole[: len(whole) * 6 // 10]), ("minus-one", whole[:-1])):
            (folder / f"{name}{EXTENSIONS[kind]}").write_bytes(data)
