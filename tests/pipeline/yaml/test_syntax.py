"""Text that is not YAML is reported at the place of the mistake, with a remedy."""

from __future__ import annotations

import pytest

from tests.pipeline.conftest import check_text

HEAD = "version: 1\njobs:\n  title:\n"


@pytest.mark.parametrize(
    ("text", "place", "message", "remedy"),
    [
        ("    take: 1\n    prompt:Title\n    retries: 1\n", "5:5-12", "prompt lacks a space after its colon", "write prompt: Title"),
        ("    prompt: x\n    take 1\n    retries: 1\n", "5:5-9", "take lacks a colon", "write take: 1"),
        ("    a: 1\n\tprompt: x\n", "5:1-2", "a tab indents this line", "indent with spaces"),
        ("    params:\n    \tbpm: 1\n", "5:5-6", "a tab indents this line", "indent with spaces"),
        ("    prompt: Title: x\n", "4:13-21", "a text with a colon and a space in it needs quotes", 'write "Title: x"'),
        ("    labels: [a, b\n    take: 1\n", "4:13-14", "this [ is never closed", "write ] after its last entry"),
        ("    params: {bpm: 1 key: 2}\n", "4:24", "a comma or } is missing before this", "separate entries with commas"),
        ('    prompt: "Title\n    take: 1\n', "4:13-14", "this quote is never closed", "close it at the end"),
        ('    prompt: "Title\n    lyrics: "la"\n', "4:13-14", "this quote is never closed", "close it at the end"),
        ("    prompt: 'it's'\n", "4:17", "this is after the end of the value", "put quotes around all of the value"),
        ('    prompt: "C:\\music"\n', "4:16-18", "\\m is not an escape in double quotes", "write \\\\ for a backslash"),
        ("    prompt: x\n   take: 1\n", "5:4", "this line starts after 3 spaces, and lines up with nothing above it", "the line above starts after 4 spaces"),
        ("    prompt: x\n      take: 1\n", "5:7", "this line starts after 6 spaces", "the line above starts after 4 spaces"),
        ("    labels:\n      - a\n    - b\n", "6:5", "this line starts after 4 spaces", "the line above starts after 6 spaces"),
        ("    prompt: @x\n", "4:13-14", "a text cannot start with @", "put the text in quotes"),
        ("    prompt: * x\n", "4:13-14", "a text cannot start with *", "put the text in quotes"),
        ("    prompt: - x\n", "4:13-14", "a text cannot start with -", "put the text in quotes, or start the list"),
        ("    prompt: |x\n      a\n", "4:14", "the text of | starts in the next line", "break the line after |"),
        ("    prompt: {{ game }} theme # hm\n", "4:13-29", "a value that starts with a template needs quotes", 'write "{{ game }} theme"'),
        ("    prompt: {% if x %}\n", "4:13-23", "a value that starts with a template needs quotes", 'write "{% if x %}"'),
        ("  a: {prompt: hello {{ x }} there, params: {bpm: {{ y }}}}\n", "4:50-57", "a value that starts with a template needs quotes", 'write "{{ y }}"'),
        ("  a: {prompt: hello {{ x }} there, params: {bpm: {{ y }} , key: x}}\n", "4:50-57", "a value that starts with a template needs quotes", 'write "{{ y }}"'),
        ("    prompt: |\n    A calm theme\n    take: 1\n", "5:5", "the text of prompt starts here and is not indented", "indent every line of it by more than prompt"),
        ("    prompt: >-  # hm\n\n    A calm: slow\n    la\n", "6:5", "the text of prompt starts here and is not indented", "indent every line"),
        ("    lyrics: |\n    [verse]\n    la la\n    take: 1\n", "5:5", "the text of lyrics starts here and is not indented", "indent every line"),
        ("    prompt: A calm\n      theme that goes\n      with tempo: slow\n", "6:17-18", "the text of prompt goes on here, and has a colon", "quote all of it, or write prompt: >"),
        ("    prompt: A calm\n      theme with tempo: slow\n", "5:23-24", "the text of prompt goes on here, and has a colon", "quote all of it"),
        ("    take: 1\n    \u200bprompt\n    labels: x\n", "5:5-6", "this line contains the invisible character U+200B", "remove it"),
        ("    take: 1\n    prompt\uff1a hi\n", "5:11-12", "\uff1a (U+FF1A) is not a colon to YAML", "write prompt: hi"),
        ("    <<: *\n  ]\n", "4:9-10", "a text cannot start with *", "put the text in quotes"),
        ("    ? [\n", "5:1", "not YAML: ", ""),
    ],
)  # fmt: skip
def test_a_text_that_is_not_yaml(text: str, place: str, message: str, remedy: str) -> None:
    problem = check_text(HEAD + text).only
    mark = problem.mark
    assert mark is not None
    assert problem.code == "SF101"
    assert f"{mark.line}:{mark.column}" + (f"-{mark.end_column}" if mark.end_column else "") == place
    assert problem.message.startswith(message)
    assert (problem.help or "").startswith(remedy)


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("1_000", "write 1000, or quote it if it is text"),
        ("0x1F", "write 31, or quote it if it is text"),
        (".5", "write 0.5, or quote it if it is text"),
        ("012", "write a plain decimal, or quote it if it is text"),
        (".inf", "write a plain decimal, or quote it if it is text"),
        ("0x_", "write a plain decimal, or quote it if it is text"),
    ],
)
def test_an_ambiguous_number_gets_its_plain_form_as_remedy(value: str, remedy: str) -> None:
    text = f"version: 1\njobs: {{a: {{model: acme/solo, prompt: x, params: {{duration: {value}}}}}}}\n"
    assert check_text(text).only.help == remedy


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("jobs: {a: {prompt: x, params: {bpm:90}}}", "put a space after the colon: bpm: 90"),
        ("jobs: {a: 'prompt:Title'}", "put a space after the colon: prompt: Title"),
        ("jobs: [{name: a, prompt: x}]", "write a name and a colon for each dash"),
        ("jobs: {a: {prompt: x, bpm: 90}}", "a parameter of the model goes under params"),
        ("jobs: {a: {prompt: x, labels: menu}}", "write [menu]"),
        ("jobs: {a: {prompt: x, params: {instrumental: off}}}", "write false"),
        ("jobs: {Main Theme: {prompt: x}}", "write main-theme"),
        ("vars: {base bpm: 1}\njobs: {a: {prompt: x}}", "write base_bpm"),
    ],
)
def test_a_common_wrong_shape_gets_the_right_one_as_remedy(text: str, remedy: str) -> None:
    assert check_text(f"version: 1\ndefaults: {{model: acme/band}}\n{text}\n").only.help == remedy
