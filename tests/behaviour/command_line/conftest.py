"""The command line inside this process: quick, and as it is apart from its start."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from runner.cli.main import call
from runner.cli.show import OutputOptions, _lines, configure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NIGHT = """\
version: 1
name: night
vars: {base_bpm: 96}
defaults:
  model: pixazo/tracks
  params: {duration: 4}
  output: "audio/{{ job.id }}"
jobs:
  title: {prompt: low brass, params: {bpm: "{{ base_bpm }}"}}
  battle:
    matrix: {heat: {calm: 100, hot: 150}}
    prompt: war drums
    params: {bpm: "{{ heat }}"}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Said]]:
    """Return a function that runs one command in a folder with the pipeline `night`."""
    (tmp_path / "scorefile.yaml").write_text(NIGHT)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Said:
        _lines.cache_clear()
        capsys.readouterr()
        code = call(list(words))
        shown = capsys.readouterr()
        return Said(code=code, out=shown.out, err=shown.err)

    yield run
    configure(OutputOptions())
