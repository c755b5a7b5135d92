"""`scorefile explain` says what a code means, and why a job would run."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.main import call
from runner.explain import codes, read_page

PIPELINE = """version: 1
vars: {base: BASE}
profiles: {night: {vars: {base: 70}}}
defaults: {model: local/sketch, params: {duration: 1, seed: 5}}
jobs:
  title: {prompt: calm piano, params: {bpm: "{{ base * 2 }}"}}
  battle: {matrix: {biome: [ash, ice]}, prompt: "{{ biome }} battle"}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(90)
    return tmp_path


def write(base: int) -> None:
    Path("scorefile.yaml").write_text(PIPELINE.replace("BASE", str(base)), encoding="utf-8")


@pytest.mark.parametrize("word", ["SF401", "sf401"])
def test_a_code_prints_its_page(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["explain", word]) == 0
    out = capsys.readouterr().out
    assert out == read_page("SF401").text
    assert out.startswith("# SF401: a number is out of the model's range\n")
    assert "# wrong" in out


def test_without_words_all_codes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in lines[1:]] == list(codes())


def test_an_unknown_code_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["explain", "SF999"]) == 2
    assert "there is no code SF999" in capsys.readouterr().err


def test_a_page_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="SF000"):
        read_page("SF000")


def test_a_job_that_was_never_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["explain", "battle"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("battle@ash  local/sketch\n  would be made: ")
    assert "\n\nbattle@ice  local/sketch\n" in out
    assert "  cost: $0.00; price: runs on this machine, 2026-11-21\n" in out


def test_a_job_that_changed_says_every_step_of_the_new_value(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["run", "title", "-q"]) == 0
    capsys.readouterr()
    assert call(["explain", "title"]) == 0
    assert capsys.readouterr().out == "title  local/sketch\n  nothing to do: up to date\n"
    write(80)
    assert call(["explain", "title"]) == 0
    assert capsys.readouterr().out == (
        "title  local/sketch\n"
        "  would be made again: bpm changed\n"
        "  bpm: 180 → 160\n"
        '    written as "{{ base * 2 }}" at scorefile.yaml:6:45\n'
        "    from base = 80 at scorefile.yaml:2:14\n"
        "  cost: $0.00; price: runs on this machine, 2026-11-21\n"
    )
    assert call(["explain", "title", "--profile", "night"]) == 0
    assert "    from base = 70 at scorefile.yaml:3:33\n    from --profile night\n" in capsys.readouterr().out
    assert call(["explain", "title", "--var", "base=60"]) == 0
    assert "    from --var base=60\n" in capsys.readouterr().out


def test_a_misspelt_job_is_a_wrong_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["explain", "titel"]) == 2
    assert "did you mean title?" in capsys.readouterr().err
    assert call(["explain", "scorefile.yaml"]) == 2
    assert "explain needs a job or a code" in capsys.readouterr().err
