"""Four times as many jobs or mistakes take four times the steps: calls are counted, which no busy machine changes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from runner.diagnostics.messages import MOST_COMPARED
from runner.pipeline.lint import LintContext, lint
from runner.pipeline.resolution.expand import expand
from runner.pipeline.resolution.resolve import resolve
from runner.pipeline.shape.load import load
from runner.pipeline.yaml.document import parse
from tests.pipeline.conftest import CATALOG, SCHEMA, check_text, no_file

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = "version: 1\ndefaults: {model: acme/band, params: {duration: 20}}\n"


def jobs(job: Callable[[int], str]) -> Callable[[int], str]:
    return lambda n: f"{HEAD}vars: {{game: E}}\njobs:\n" + "".join(f"  j{i}: {{{job(i)}}}\n" for i in range(n))


def matrix(n: int, inside: str) -> str:
    points = ", ".join(f"a{i}" for i in range(n // 2))
    return f"{HEAD}jobs:\n  g:\n    matrix: {{a: [{points}], b: {{x: 1, y: 2}}, {inside}}}\n    prompt: '{{{{ a }}}}'\n"


CASES: dict[str, Callable[[int], str]] = {
    "jobs": jobs(lambda i: f"prompt: 'cue {i} of {{{{ game }}}}', params: {{bpm: {60 + i % 50}}}, vars: {{v{i}: 1}}"),
    "cells": lambda n: matrix(n, "") + "    params: {bpm: '{{ 90 + b }}'}\n    output: 'audio/{{ a }}/{{ label.b }}'\n",
    "bad cells": lambda n: matrix(n, "") + "    params: {bpm: '{{ a }}'}\n",
    "exclude": lambda n: matrix(n, "exclude: [" + ", ".join(f"{{a: a{i}, b: x}}" for i in range(n // 2)) + "]"),
    "include": lambda n: matrix(n, "include: [" + ", ".join(f"{{a: z{i}, b: x}}" for i in range(n // 2)) + "]"),
    "needs of cells": lambda n: (
        matrix(n, "") + "".join(f"  j{i}: {{prompt: x, needs: [g, g@a{i}-x]}}\n" for i in range(n // 2))
    ),
    "a chain of needs": jobs(lambda i: f"prompt: x, needs: [{'' if i % 40 == 39 else f'j{i + 1}'}]"),
    "unknown keys": jobs(lambda _: "promt: x"),
    "empty texts": jobs(lambda _: "prompt: "),
    "odd numbers": jobs(lambda i: f"prompt: x, params: {{bpm: 0{i}}}"),
    "unknown names": jobs(lambda i: f"prompt: 'x {{{{ no{i} }}}}'"),
    "unknown models": jobs(lambda i: f"prompt: x, model: no/no{i}"),
    "one output": jobs(lambda _: "prompt: x, output: audio/x"),
    "empty jobs": lambda n: f"{HEAD}jobs:\n" + "".join(f"  j{i}:\n  prompt{i}: x\n" for i in range(n)),
    "comments": jobs(lambda i: f"prompt: 'x {i}'}} # scorefile: ignore[SF602] {{"),
    "invisible characters": jobs(lambda _: "prompt: 'x\u200by'"),
}


def calls(text: str) -> int:
    """Return how many functions are called while a text is checked."""
    count = 0

    def note(_frame: object, event: str, _given: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        check(text)
    finally:
        sys.setprofile(None)
    return count


def check(text: str) -> None:
    document = parse(text, "night.yaml")
    pipeline, _ = load(document, schema=SCHEMA, profile=None, overrides={})
    if pipeline is not None:
        cells, _ = expand(pipeline)
        requests, wrong = resolve(pipeline, cells, CATALOG, env={}, overrides={}, read_text=no_file)
        lint(LintContext(document=document, pipeline=pipeline, requests=requests, is_whole=not wrong))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("case", CASES)
def test_four_times_as_many_take_four_times_the_calls(case: str) -> None:
    check(CASES[case](20))  # what is imported, compiled and kept for all
    few, many = calls(CASES[case](40)), calls(CASES[case](160))
    assert many < 4.05 * few, (few, many)


def test_only_the_first_unknown_names_are_compared_with_all_that_are_known() -> None:
    count = MOST_COMPARED + 20
    text = jobs(lambda i: f"prompt: x, needs: [jj{i}]")(count)
    needs = check_text(text)
    helps = [problem.help for problem in needs.problems]
    assert helps[:MOST_COMPARED] == [f"did you mean j{i}?" for i in range(MOST_COMPARED)]
    assert helps[MOST_COMPARED:] == ["write that job, or remove the need"] * 20
    assert needs.problems[3].allowed == f"{', '.join(f'j{i}' for i in range(21) if i != 3)} and {count - 21} more"
    changed = "".join(f"      jj{i}: {{take: 1}}\n" for i in range(count))
    strange = check_text(jobs(lambda _: "prompt: x")(count) + f"profiles:\n  p:\n    jobs:\n{changed}")
    helps = [problem.help for problem in strange.problems]
    assert helps[:MOST_COMPARED] == [f"did you mean j{i}?" for i in range(MOST_COMPARED)]
    assert helps[MOST_COMPARED:] == ["a profile changes jobs of the file; write a new one under jobs"] * 20
