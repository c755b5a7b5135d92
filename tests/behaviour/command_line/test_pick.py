"""scorefile pick: one line of the file changes, and the next run costs nothing."""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from runner.pipeline.edit import EditRefusedError, set_take
from runner.pipeline.yaml.document import parse
from tests.support.command import scorefile

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}}
jobs:
  # the theme
  title:
    prompt: "Calm"   # keep it calm
    params: {batch_size: 3}   # three to choose from

    labels: [menu]
  battle:
    matrix: {heat: {calm: 100, hot: 150}}
    prompt: Drums
    params: {bpm: "{{ heat }}", batch_size: 2}
  sting: {prompt: Hit}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where every job has its takes."""
    folder = tmp_path_factory.mktemp("pick")
    (folder / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=folder).code == 0
    return folder


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("---", "+++")]


def test_a_pick_is_one_line_and_the_next_run_restores_it_for_nothing(made: Path) -> None:
    file, output = made / "scorefile.yaml", made / "audio/title.wav"
    done = scorefile("pick", "title", "2", cwd=made)
    assert done.code == 0
    assert "scorefile run" in done.err
    assert changed(PIPELINE, file.read_text()) == ["+    take: 2"]
    planned = scorefile("plan", "--format", "json", cwd=made).json
    assert {action["job"]: action["verb"] for action in planned["actions"]}["title"] == "restore"
    assert scorefile("run", cwd=made).code == 0
    takes = json.loads((made / "scorefile.lock").read_text())["jobs"]["title"]["takes"]
    assert hashlib.sha256(output.read_bytes()).hexdigest() == takes[1]["sha256"]

    assert scorefile("pick", "title", "3", "scorefile.yaml", cwd=made).code == 0
    assert changed(PIPELINE, file.read_text()) == ["+    take: 3"]
    assert "title has take 3 already" in scorefile("pick", "title", "3", cwd=made).err
    assert scorefile("pick", "battle", "2", cwd=made).code == 0
    assert set(changed(PIPELINE, file.read_text())) == {"+    take: 3", "+    take: 2"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("title", "4"), "title has 3 takes, so there is no take 4"),
        (("sting", "2"), "sting has 1 take, so there is no take 2"),
        (("battle@hot", "2"), "scorefile pick battle TAKE"),
        (("tite", "1"), "did you mean title?"),
        (("title", "0"), "TAKE is '0', not a number from 1"),
        (("title", "1", "none.yaml"), "there is no none.yaml"),
    ],
)
def test_what_cannot_be_picked_is_refused_and_nothing_is_written(made: Path, words: tuple[str, ...], said: str) -> None:
    before = (made / "scorefile.yaml").read_text()
    done = scorefile("pick", *words, cwd=made)
    assert done.code == 2
    assert said in done.err
    assert (made / "scorefile.yaml").read_text() == before


def test_before_the_first_run_there_is_nothing_to_pick(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    assert "title has no takes to choose from" in scorefile("pick", "title", "1", cwd=tmp_path).err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("jobs:\n  a: {prompt: x}\n", "jobs:\n  a: {prompt: x, take: 3}\n"),
        ("jobs:\n  a: {}\n", "jobs:\n  a: {take: 3}\n"),
        ("jobs:\n  a:\n    take: 1 # mine\n", "jobs:\n  a:\n    take: 3 # mine\n"),
        ("jobs:\n  a:\n    prompt: x", "jobs:\n  a:\n    prompt: x\n    take: 3\n"),
        (
            "jobs:\n  a:\n    prompt: |\n      x\n\n  # b\n  b: 1\n",
            "jobs:\n  a:\n    prompt: |\n      x\n\n    take: 3\n  # b\n  b: 1\n",
        ),
        ("q: &q 1\njobs: {a: {c: *q}}", "q: &q 1\njobs: {a: {c: *q, take: 3}}"),
        (
            "q: &q 1\njobs:\n  a:\n    l:\n    - *q # c\n\n# end",
            "q: &q 1\njobs:\n  a:\n    l:\n    - *q # c\n    take: 3\n\n# end",
        ),
        (
            "b: &b {take: 1}\njobs:\n  a: {<<: *b, prompt: x}\n",
            "b: &b {take: 1}\njobs:\n  a: {<<: *b, prompt: x, take: 3}\n",
        ),
        (
            "jobs:\n  a:\n    params:\n      bpm: 9  # dd\n      # last\n\n        # deep\n\n    # mine\n  # b\n  b: 1\n",
            "jobs:\n  a:\n    params:\n      bpm: 9  # dd\n      # last\n\n        # deep\n    take: 3\n\n    # mine\n  # b\n  b: 1\n",
        ),
        (
            "jobs:\n  a:\n    params:\n      bpm: 9\n      # last",
            "jobs:\n  a:\n    params:\n      bpm: 9\n      # last\n    take: 3\n",
        ),
        (
            "jobs:\n  a:\n    params:\n      bpm: 9\n    # next\n    prompt: x\n",
            "jobs:\n  a:\n    params:\n      bpm: 9\n    take: 3\n    # next\n    prompt: x\n",
        ),
        (
            "jobs:\r\n  a:\r\n    params:\r\n      bpm: 9\r\n      # last\r\n",
            "jobs:\r\n  a:\r\n    params:\r\n      bpm: 9\r\n      # last\r\n    take: 3\r\n",
        ),
        ("jobs:\r\n  a:\r\n    prompt: x\r\n  b: 1\r\n", "jobs:\r\n  a:\r\n    prompt: x\r\n    take: 3\r\n  b: 1\r\n"),
    ],
)
def test_the_edit_fits_how_the_job_is_written(before: str, after: str) -> None:
    result = set_take(before, "x", "a", 3)
    assert result == after
    assert parse(result, "x").data["jobs"]["a"]["take"] == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs:\n  a: &x {take: 1}\n  b: {<<: *x}\n", "would change other values with it"),
        ("jobs:\n  b: &x {take: 1}\n  a: *x\n", "a has no settings of its own"),
    ],
)
def test_settings_that_jobs_share_are_not_edited(text: str, said: str) -> None:
    with pytest.raises(EditRefusedError, match=said):
        set_take(text, "x", "a", 3)
