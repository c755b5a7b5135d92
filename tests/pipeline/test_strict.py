"""Warnings are shown and let everything go on; with --strict they fail. A key in the file is never printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.command import Done, scorefile

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = "version: 1\njobs: {a: {model: local/sketch, prompt: 'at 120 bpm', params: {bpm: 90}}}\n"


def run(folder: Path, *words: str, text: str = PIPELINE) -> Done:
    (folder / "scorefile.yaml").write_text(text, encoding="utf-8")
    return scorefile(*words, cwd=folder)


def test_a_warning_fails_only_when_strict(tmp_path: Path) -> None:
    for verb in ("validate", "plan"):
        relaxed, strict = run(tmp_path, verb), run(tmp_path, verb, "--strict")
        assert (relaxed.code, strict.code) == (0, 3)
        for done in (relaxed, strict):
            assert "warning[SF602]: the prompt says 120 bpm, and bpm is 90" in done.out + done.err


def test_a_silenced_warning_does_not_fail(tmp_path: Path) -> None:
    text = PIPELINE.replace("jobs:", "# scorefile: ignore[SF602]\njobs:")
    assert run(tmp_path, "validate", "--strict", text=text).code == 0
