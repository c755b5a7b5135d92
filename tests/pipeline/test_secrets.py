"""What looks like a key is an error, and no part of it beyond four characters is printed."""

from __future__ import annotations

import time

import pytest

from runner.diagnostics.secrets import MOST, find_secrets, key_problems, mask
from tests.pipeline.cases import shown
from tests.pipeline.conftest import check_text

KEYS = (
    "sk-proj_abcdefghijklmnopqrstuvwx",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AKIAABCDEFGHIJKLMNOP",
    "AIzaSyA-abcdefghijklmnopqrstuvwxyz01234",
    "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "Bearer abcdefghijklmnop.qrstuv",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.abcdefghijkl",
    "user:1234-aBcDeFgHiJkLmNoPqRsT",
    "9f8b4c2d1e0a7b6c5d4e3f2a1b0c9d8e",
    "Zk3J8sQ1vT6pW9xY2bN5mC4rD7fG0hLa",
)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("written", ["vars: {{a: {}}}", "vars: {{a: '{}'}}", "x-a: |\n  {}"])
def test_a_key_in_the_file_is_an_error_that_does_not_repeat_it(key: str, written: str) -> None:
    text = (
        f"version: 1\n{written.format(key)}\njobs: {{j: {{model: acme/solo, prompt: '{{{{ a }}}} {{{{ 1 / 0 }}}}'}}}}\n"
    )
    found = [problem for problem in check_text(text).problems if problem.code == "SF110"]
    assert len(found) == 1
    assert found[0].severity == "error"
    assert found[0].message == f"{key[:4]}… looks like an API key"
    mark = found[0].mark
    assert mark is not None
    assert text.split("\n")[mark.line - 1][mark.column - 1 : (mark.end_column or 0) - 1] == key
    assert key[:10] not in shown(text)


@pytest.mark.parametrize(
    "field",
    ["model", "prompt", "output", "params: {bpm: KEY}, x-o", "labels", "take", "params: {bpm: 1, take KEY}, x-o"],
)
def test_no_other_problem_repeats_the_key(field: str) -> None:
    key = KEYS[0]
    text = f"version: 1\ndefaults: {{model: acme/band}}\njobs: {{a: {{{field.replace('KEY', key)}: '../{key}'}}}}\n"
    assert key[:10] not in shown(text)


@pytest.mark.parametrize(
    "text",
    [
        "orchestral-battle-theme-2-in-the-forest-at-night-with-choir",
        "lyrics/acts/one/scene12/take3/verse-and-chorus-of-the-long-night.txt",
        "https://hooks.example.com/v1/9f8b4c2d1e0a7b6c5d4e3f2a1b0c9d8e",
        "c3d4e5f6-a7b8-9012-cdef-123456789012",
        "sha256:9f8b4c2d1e0a7b6c5d4e3f2a1b0c9d8e9f8b4c2d1e0a7b6c5d4e3f2a1b0c9d8e",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "=========================================== 1",
        "# see commit 9f8b4c2d1e0a7b6c5d4e3f2a1b0c9d8e",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    ],
)
def test_what_is_no_key_is_left_alone(text: str) -> None:
    assert list(find_secrets(text)) == []
    assert mask(text) == text


def test_a_masked_text_keeps_its_length() -> None:
    text = f"a {KEYS[0]} b {KEYS[8]}"
    assert len(mask(text)) == len(text)
    assert mask(text).startswith("a sk-p***")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "text",
    [
        "eyJ" + "a" * 200_000 + ".",
        "-eyJaaaaaaaa" * 10_000,
        "eyJaaaaaaaa." * 10_000,
        ("sk-" + "a" * 20 + "\n") * 20_000,
        "9f8b4c2d1e0a7b6c5d4e3f2a1b0c9d8e " * 10_000,
        "9f8b4c2d1e0a7b6c5d4e3f2a1b0c9d8e\n" * 10_000,
        "token: {" * 20_000,
        "# " * 100_000,
    ],
    ids=lambda text: text[:12].strip(),
)
def test_the_search_for_keys_ends_soon_whatever_is_searched(text: str) -> None:
    begun = time.process_time()
    assert len(key_problems(text, "x.yaml")) <= MOST
    assert len(mask(text)) == len(text)
    assert time.process_time() - begun < 5


def test_each_key_has_its_line_and_column() -> None:
    text = f"a: {KEYS[0]}\n\n  {KEYS[8]} {KEYS[9]}\n# {KEYS[0]}\n"
    assert [str(problem.mark) for problem in key_problems(text, "x.yaml")] == [
        "x.yaml:1:4",
        "x.yaml:3:3",
        "x.yaml:3:36",
        "x.yaml:4:3",
    ]
