"""Problems are reported from the top of the file to its end, always in the same order."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.pipeline.conftest import ROOT, check_text

TEXT = """version: 1
jobs:
  a: {prompt: hi}
  b: {model: , prompt: hi}
  c: {model: acme/bnd, prompt: hi}
  d: {model: [x], prompt: hi}
  e: {model: acme/band, promt: hi}
  f: {model: acme/band, prompt: 3, needs: nobody}
  g: {model: acme/band, prompt: hi, params: {bpm: 1}}
"""
SCRIPT = "from tests.pipeline.test_order import TEXT, check_text; print(check_text(TEXT).problems)"


def test_problems_come_by_line_whatever_their_kind() -> None:
    lines = [problem.mark.line for problem in check_text(TEXT).problems if problem.mark]
    assert lines == sorted(lines)
    assert set(lines) == set(range(3, 10))


def test_problems_without_a_place_come_first() -> None:
    problems = check_text(TEXT, overrides={"tempo": "3"}).problems
    assert [problem.mark is None for problem in problems][:2] == [True, False]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_order_does_not_hang_on_the_hashes_of_a_process(seed: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == f"{check_text(TEXT).problems}\n"
