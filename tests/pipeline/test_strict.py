"""Warnings are shown and let everything go on; with --strict they fail. A key in the file is never printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = "version: 1\njobs: {a: {model: local/sketch, prompt: 'at 120 bpm', params: {bpm: 90}}}\n"


def run(folder: Path, *words: str, text: str = PIPELINE) -> subprocess.CompletedProcess[str]:
    (folder / "scorefile.yaml").write_text(text, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "runner", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_warning_fails_only_when_strict(tmp_path: Path) -> None:
    for verb in ("validate", "plan"):
        relaxed, strict = run(tmp_path, verb), run(tmp_path, verb, "--strict")
        assert (relaxed.returncode, strict.returncode) == (0, 3)
        for done in (relaxed, strict):
            assert "warning[SF602]: the prompt says 120 bpm, and bpm is 90" in done.stdout + done.stderr


def test_a_silenced_warning_does_not_fail(tmp_path: Path) -> None:
    text = PIPELINE.replace("jobs:", "# scorefile: ignore[SF602]\njobs:")
    assert run(tmp_path, "validate", "--strict", text=text).returncode == 0
