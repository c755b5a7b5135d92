"""YAML → data with places: what values mean, and where they are."""

from __future__ import annotations

import pytest

from runner.pipeline.yaml.document import Document, parse
from runner.pipeline.yaml.source_map import place
from runner.records.source import Mark


def read(text: str) -> Document:
    return parse(text, "f.yaml")


def at(doc: Document, path: tuple[str | int, ...], piece: str) -> Mark:
    value = doc.data
    for key in path:
        value = value[key]
    start = value.index(piece)
    return place(doc.texts[path], value, start, start + len(piece))


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "Yes", "y", "1:30", "2026-01-02", "1.2.3", "0x", "1e", "4/4"]
)
def test_words_that_yaml_1_1_would_convert_stay_text(word: str) -> None:
    assert read(f"a: {word}").data == {"a": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1.5E-2", 0.015),
        ('"12"', "12"),
        ("'true'", "true"),
    ],
)
def test_plain_words_mean_what_yaml_1_2_says(word: str, value: object) -> None:
    data = read(f"a: {word}").data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        "012",
        "0o12",
        "0x1F",
        "0b11",
        "1_000",
        "+1",
        ".5",
        "1.",
        ".inf",
        "-.INF",
        ".nan",
        "1e400",
        "-0",
        "-0.0",
        "9" * 5000,
        "9" * 30,
    ],
)
def test_numbers_that_readers_understand_differently_are_refused(word: str) -> None:
    doc = read(f"a: {word}")
    assert [problem.code for problem in doc.problems] == ["SF104"]
    assert doc.problems[0].allowed == "plain decimals such as 12, 0.5 or 1e3"


def test_anchors_and_merges_work_and_explicit_keys_win() -> None:
    doc = read("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 9\nd:\n  y: 0\n  <<: *a\n")
    assert doc.problems == ()
    assert doc.data["c"] == {"x": 9, "y": 2, "z": 4}
    assert doc.data["d"] == {"y": 0, "x": 1}


def test_a_merge_inside_a_merged_mapping_works() -> None:
    doc = read("a: &a {x: 1, w: 5}\nb: &b\n  <<: *a\n  x: 2\nc:\n  <<: *b\n  y: 3\n")
    assert doc.data["c"] == {"y": 3, "x": 2, "w": 5}


def test_a_merged_value_has_the_place_where_it_was_written() -> None:
    doc = read("a: &a {x: 1}\nc:\n  <<: *a\n  y: 2\n")
    assert doc.marks["c", "x"] == Mark(file="f.yaml", line=1, column=11, end_column=12)
    assert doc.key_marks["c", "x"].column == 8
    assert doc.marks["c", "y"].line == 4


def test_a_quoted_merge_sign_is_a_key() -> None:
    assert read('a: {"<<": 1}').data == {"a": {"<<": 1}}


def test_an_alias_of_a_repeated_anchor_means_the_latest() -> None:
    assert read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n").data == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_an_alias_may_be_a_key() -> None:
    assert read("a: &x name\n*x : 2\n").data == {"a": "name", "name": 2}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: one {{ x }} two\n", 1, 11),
        ("a: one\n  two {{ x }}\n", 2, 10),
        ("a: 'it''s {{ x }}'\n", 1, 14),
        ('a: "say \\"{{ x }}\\""\n', 1, 14),
        ('a: "one\\n\\u00a0{{ x }}"\n', 1, 19),
        ('a: "one \\\n  {{ x }}"\n', 2, 6),
        ("a: |\n  one\n\n    {{ x }}\n", 4, 8),
        ("a: |2-  # header\n    one {{ x }}\n", 2, 12),
        ("a: >-\n  one\n  two\n\n  {{ x }}\n", 5, 6),
        ("a: &name\n  one {{ x }}\n", 2, 10),
        ("# é\na: é {{ x }}\n", 2, 9),
    ],
)
def test_an_offset_in_a_text_finds_its_line_and_column(text: str, line: int, column: int) -> None:
    mark = at(read(text), ("a",), "x }}")
    assert (mark.line, mark.column) == (line, column)


def test_a_text_in_an_alias_is_placed_at_its_anchor() -> None:
    doc = read("a: &a\n  p: |\n    {{ x }}\nb: *a\n")
    assert at(doc, ("b", "p"), "x").line == 3


def test_a_byte_order_mark_and_windows_line_ends_change_no_place() -> None:
    doc = read("\ufeffa: 1\r\nb: |\r\n  x {{ y }}\r\n")
    assert doc.data["b"] == "x {{ y }}\n"
    assert (at(doc, ("b",), "y").line, at(doc, ("b",), "y").column) == (3, 8)


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x85", "\u2028", "\ud800", "\ufffe"])
def test_control_characters_and_surrogates_are_refused_with_their_place(character: str) -> None:
    doc = read(f"a: 1\nb: x{character}\n")
    assert [problem.code for problem in doc.problems] == ["SF109"]
    mark = doc.problems[0].mark
    assert mark is not None
    assert (mark.line, mark.column) == (2, 5)


def test_an_escaped_control_character_is_refused_too() -> None:
    assert read('a: "x\\0"').problems[0].code == "SF109"


@pytest.mark.parametrize("text", ["[" * 100_000, "{" * 5_000, "- " * 400, "a: " + "[" * 33 + "]" * 33])
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    assert [problem.code for problem in read(text).problems] == ["SF106"]


def test_an_alias_bomb_names_the_alias_and_the_limit() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    problem = read("\n".join(lines)).problems[0]
    assert problem.code == "SF106"
    assert "200,000" in (problem.allowed or "")


def test_a_quadratic_alias_bomb_is_refused() -> None:
    text = "a: &a [" + "x," * 1000 + "]\nb: [" + "*a," * 20_000 + "]"
    assert read(text).problems[0].code == "SF106"


def test_a_merge_bomb_is_refused() -> None:
    keys = ", ".join(f"k{n}: 1" for n in range(1000))
    text = f"a: &a {{{keys}}}\nb:\n  <<: [{', '.join(['*a'] * 1000)}]\n"
    assert read(text).problems[0].code == "SF106"


def test_a_file_past_four_mebibytes_is_refused_before_parsing() -> None:
    assert read("a: " + "x" * (4 * 1024 * 1024)).problems[0].code == "SF106"


def test_several_problems_are_reported_in_one_pass() -> None:
    doc = read("a: 012\nb: !!set {x}\nc: 1\nc: 2\n1: x\n")
    assert [problem.code for problem in doc.problems] == ["SF104", "SF103", "SF102", "SF107"]
