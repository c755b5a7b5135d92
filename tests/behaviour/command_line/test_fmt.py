"""scorefile fmt: the layout changes, and nothing else ever does."""

from __future__ import annotations

import io
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from ruamel.yaml import YAML

from runner.errors import InvalidFilesError
from runner.pipeline.edit import reformat
from runner.pipeline.yaml.document import parse
from tests.behaviour.command_line.ragged import ragged
from tests.support.catalog import ROOT
from tests.support.command import scorefile
from tests.support.long import sampled

if TYPE_CHECKING:
    from pathlib import Path

PIPELINES = sorted((ROOT / "pipelines").glob("*.yaml"))
RAGGED = """\
# top
version:   1
jobs:
    # about a
    a:   # beside a
        # above the prompt
        prompt: >-
            folded text
            here

              more
        params: {bpm : 96,   # tempo
                 'key': 'D minor',
                 # the last
                 "seed":1 }
        labels:
        # first
        - x   # ex
        -   y
    # about b
    b: &anchor
        model: "local/sketch"
        images: [
                one,
            "two",
            ]
        lyrics: |1
          deep
         x
        # below the lyrics
    c:
        <<: *anchor
        prompt: "long
          text over lines"   # end
        x-deep:
        - - 1
          - 2
        -
            a: 1
            b:    2
# the end"""
NEAT = """\
# top
version: 1
jobs:
  # about a
  a:   # beside a
    # above the prompt
    prompt: >-
      folded text
      here

        more
    params: {bpm: 96,    # tempo
             key: "D minor",
             # the last
             seed: 1}
    labels:
      # first
      - x   # ex
      - y
  # about b
  b: &anchor
    model: local/sketch
    images: [
      one,
      two,
    ]
    lyrics: |1
      deep
     x
    # below the lyrics
  c:
    <<: *anchor
    prompt: "long
      text over lines"   # end
    x-deep:
      - - 1
        - 2
      -
        a: 1
        b: 2
# the end
"""


def test_a_ragged_file_becomes_neat_and_keeps_every_comment() -> None:
    assert reformat(RAGGED, "night.yaml") == NEAT
    assert reformat(NEAT, "night.yaml") == NEAT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 'x'", "a: x"),
        ("'a': 1", "a: 1"),
        ("a: 'D minor'", 'a: "D minor"'),
        ("a: 'say \"x\"'", "a: 'say \"x\"'"),
        ("a: 'it''s'", 'a: "it\'s"'),
        (r"a: 'a\b'", r"a: 'a\b'"),
        ('a: "on"', 'a: "on"'),
        ('a: "192"', 'a: "192"'),
        ('a: "null"', 'a: "null"'),
        ('a: ""', 'a: ""'),
        ("a: '{{ x }}'", 'a: "{{ x }}"'),
        ('a: "caf\\u00e9"', 'a: "caf\\u00e9"'),
        ("a: plain, and slow", "a: plain, and slow"),
    ],
)
def test_quotes_go_from_words_and_are_double_elsewhere(before: str, after: str) -> None:
    assert reformat(before, "x") == after + "\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: |\n x", "a: |\n  x"),  # a line end more would belong to the text
        ("a: |-\n x", "a: |-\n  x\n"),
        ("a: |+\n x\n\n", "a: |+\n  x\n\n"),
        ("a: |\n  x\n   ", "a: |\n  x\n   "),
        ("a: |\n x\n\n\n# c\nb: 1", "a: |\n  x\n\n\n# c\nb: 1\n"),
        ("a: |2\n    x\n", "a: |2\n    x\n"),
        ("\n\na: 1\n\n\n", "a: 1\n"),
        ("a: 1\r\nb:\r\n    c: 2\r\n", "a: 1\nb:\n  c: 2\n"),
        ("\ufeffa: 1\n", "a: 1\n"),
        ("%YAML 1.2\n---\na: 1\n...\n", "%YAML 1.2\n---\na: 1\n...\n"),
        ("? a\n: b", "? a\n: b\n"),
        ("b: &x 1\n*x : 2", "b: &x 1\n*x : 2\n"),
        ("{a: 1,\n b: [x,\n y]}", "{a: 1,\n b: [x,\n y]}\n"),
        ("a: {b: , c: }", "a: {b: , c: }\n"),
    ],
)
def test_odd_corners_of_yaml_stay_what_they_mean(before: str, after: str) -> None:
    try:
        result = reformat(before, "x")
    except InvalidFilesError:
        assert parse(before, "x").problems
        return
    assert result == after
    assert reformat(result, "x") == result


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n    b: plain text\n           goes on\n", "a:\n  b: plain text\n    goes on\n"),
        ("a:\n    b: plain text\n       goes on\n", "a:\n  b: plain text\n     goes on\n"),
        (
            'a: "quoted\n text\n   below\n    or so\n      goes on"\n',
            'a: "quoted\n  text\n   below\n    or so\n  goes on"\n',
        ),
        ("a:\n    - {b: one\n           two}\n", "a:\n  - {b: one\n    two}\n"),
        ("a: {b: 1,\n c: 2,\n  d: 3}\n", "a: {b: 1,\n  c: 2,\n  d: 3}\n"),
        ("a: {b: 1,\n    c: [2,\n      3],\n   }\n", "a: {b: 1,\n    c: [2,\n      3],\n   }\n"),
        ("a:\n    - {b: 1,\n        c: 2}\n", "a:\n  - {b: 1,\n      c: 2}\n"),
        ("a:\n    - {b: 1,\n  c: 2}\n", "a:\n  - {b: 1,\n    c: 2}\n"),
    ],
)
def test_what_goes_on_is_a_step_in_or_below_where_it_began(before: str, after: str) -> None:
    assert reformat(before, "x") == after
    assert reformat(after, "x") == after


@pytest.mark.sampled
@given(ragged())
@settings(max_examples=sampled(40, 1000), deadline=None)
@example(({"a": {"b": [1]}}, "a: {b: # c1: 'it' {x}\n [1]}\n", 1))
def test_data_order_and_comments_outlive_any_format(drawn: tuple[dict[str, Any], str, int]) -> None:
    data, text, comments = drawn
    assert json.dumps(parse(text, "x").data) == json.dumps(data), "the writer is wrong"
    result = reformat(text, "x")
    assert json.dumps(parse(result, "x").data) == json.dumps(data)
    assert sorted(map(int, re.findall(r"# c(\d+): 'it'", result))) == list(range(1, comments + 1))
    assert re.findall(r"# c\d+", result) == re.findall(r"# c\d+", text)
    assert reformat(result, "x") == result


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_another_round_trip_writes_the_same(path: Path) -> None:
    """A second implementation, told our indentation, has nothing to change in what we wrote."""
    emitter = YAML(typ="rt")
    emitter.preserve_quotes = True
    emitter.width = 10_000
    emitter.indent(mapping=2, sequence=4, offset=2)
    ours, theirs = reformat(path.read_text(encoding="utf-8"), path.name), io.StringIO()
    emitter.dump(emitter.load(ours), theirs)
    assert theirs.getvalue() == ours


@pytest.mark.sampled
def test_thousands_of_jobs_are_formatted_in_a_few_seconds() -> None:
    count = sampled(1_000, 5_000)
    text = "version: 1\njobs:\n" + "".join(
        f"    j{n}:\n        prompt: 'a {n}'  # c\n        params: {{bpm: {n}}}\n" for n in range(count)
    )
    start = time.process_time()
    reformat(text, "x")
    assert time.process_time() - start < 6 * count / 5_000


def test_fmt_writes_what_changes_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(RAGGED)
    (tmp_path / "neat.yaml").write_text(NEAT)
    (tmp_path / "scorefile.yaml").chmod(0o600)
    done = scorefile("fmt", "scorefile.yaml", "neat.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (0, "scorefile.yaml\n")
    assert (tmp_path / "scorefile.yaml").read_text() == NEAT
    assert (tmp_path / "scorefile.yaml").stat().st_mode & 0o777 == 0o600
    assert scorefile("fmt", cwd=tmp_path).out == ""


def test_check_names_files_writes_nothing_and_exits_3(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(RAGGED)
    done = scorefile("fmt", "--check", cwd=tmp_path)
    assert (done.code, done.out) == (3, "scorefile.yaml\n")
    assert "1 file would change" in done.err
    assert (tmp_path / "scorefile.yaml").read_text() == RAGGED


def test_an_unreadable_file_is_left_alone_and_the_others_are_done(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [1\n")
    (tmp_path / "good.yaml").write_text("a:   1\n")
    done = scorefile("fmt", "bad.yaml", "good.yaml", "none.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (3, "good.yaml\n")
    assert "bad.yaml:" in done.err
    assert "there is no none.yaml" in done.err
    assert (tmp_path / "bad.yaml").read_text() == "a: [1\n"
