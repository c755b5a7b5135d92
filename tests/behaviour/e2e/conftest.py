"""Projects on disk that the real command line is run in."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.catalog import ROOT
from tests.support.recorder import Recorder, recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    shutil.copytree(ROOT / "pipelines", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".scorefile"))
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
