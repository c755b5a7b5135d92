"""Whatever a file, a lock, a journal or a provider says is inert by the time it is read on a terminal or in a log."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.command import scorefile

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "x\u202ey\n::error::told##[error]told"
"""What a pipeline may hold; it refuses an escape character."""
TYPED = "x\u202ey\x1b[31mred ::error::told##[error]told"
PIPELINE = {
    "version": 1,
    "defaults": {"model": "local/sketch", "params": {"duration": 1}},
    "vars": {"v": HOSTILE},
    "jobs": {"title": {"prompt": "{{ v }}"}, "other": {"prompt": "calm"}},
}
VERBS = [
    ("render",),
    ("render", "--origins"),
    ("plan",),
    ("run", "title"),
    ("run", "--frozen"),
    ("explain", "title"),
    ("status",),
    ("log",),
    ("resolve", TYPED),
    ("resolve", TYPED, "--not-charged"),
    ("cancel", TYPED),
    ("verify",),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "scorefile.yaml").write_text(json.dumps(PIPELINE))
    assert scorefile("run", "-q", "other", cwd=folder).code == 0
    return folder


@pytest.fixture
def hostile(tmp_path: Path, made: Path) -> Path:
    return shutil.copytree(made, tmp_path, dirs_exist_ok=True)


@pytest.mark.parametrize("words", VERBS, ids=lambda words: words[0])
def test_no_verb_lets_foreign_words_steer_a_terminal(hostile: Path, words: tuple[str, ...]) -> None:
    done = scorefile(words[0], *words[1:], cwd=hostile)
    for text in (done.out, done.err):
        assert "\u202e" not in text
        assert "\x1b" not in text


@pytest.mark.parametrize("words", VERBS, ids=lambda words: words[0])
def test_no_verb_lets_foreign_words_command_a_workflow(hostile: Path, words: tuple[str, ...]) -> None:
    done = scorefile(words[0], *words[1:], cwd=hostile, env={"GITHUB_ACTIONS": "true"})
    mine = [line for line in (done.out + done.err).splitlines() if not line.startswith("::warning file=")]
    for line in mine:  # the annotations of this program are escaped as their own tests say
        assert not line.lstrip().startswith("::error::told"), line
        assert "##[error]" not in line, line


def test_a_closing_line_is_all_that_quiet_leaves_of_success(hostile: Path) -> None:
    made = scorefile("run", "-q", "title", cwd=hostile)
    assert (made.code, len(made.out.splitlines())) == (0, 1), made
    assert made.out.startswith("1 made in ")
    assert scorefile("status", "-q", cwd=hostile).out == "2 jobs, 2 same\n"
    assert scorefile("render", "-q", cwd=hostile).out == "2 requests\n"


def test_frozen_needs_no_pipeline_file(hostile: Path) -> None:
    (hostile / "scorefile.yaml").unlink()
    (hostile / "audio" / "other.wav").unlink()
    done = scorefile("run", "--frozen", "-q", cwd=hostile)
    assert (done.code, done.out.startswith("1 restored; ")) == (0, True), done
    assert (hostile / "audio" / "other.wav").exists()
    assert scorefile("run", "-q", cwd=hostile).code == 2


def test_frozen_without_a_lock_says_what_is_missing(tmp_path: Path) -> None:
    done = scorefile("run", "--frozen", cwd=tmp_path)
    assert (done.code, "there is no scorefile.lock to restore from" in done.err) == (2, True), done


def test_render_shows_the_seed_that_the_lock_has_pinned(hostile: Path) -> None:
    before = scorefile("render", "other", "--format", "json", cwd=hostile).json["requests"][0]["params"]["seed"]
    jobs = PIPELINE["jobs"]
    assert isinstance(jobs, dict)
    renamed = PIPELINE | {"jobs": {"alpha": jobs["other"]}}
    (hostile / "scorefile.yaml").write_text(json.dumps(renamed))
    assert scorefile("run", "-q", cwd=hostile).code == 0
    shown = scorefile("render", "alpha", "--origins", cwd=hostile)
    assert f"  seed: {before}  ← lock\n" in shown.out
