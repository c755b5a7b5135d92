"""A value from templates has every step of its origin, each with the exact place where it was written.

A place is shown as what stands there: `6 "{{ twice * 2 }}"` is that text, quotes and all, in line 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pipeline.conftest import check_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Mark, Problem

BAND = "version: 1\ndefaults: {model: acme/band}\n"


class Told:
    """What `check_text` reports about a text, with every place replaced by the text there."""

    def __init__(
        self,
        text: str,
        *,
        profile: str | None = None,
        overrides: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.texts = {"night.yaml": text, **(files or {})}
        self.problems = check_text(text, profile=profile, overrides=overrides, env=env, files=files).problems

    def at(self, mark: Mark | None) -> str:
        if mark is None:
            return "-"
        line = self.texts[mark.file].split("\n")[mark.line - 1]
        file = "" if mark.file == "night.yaml" else f"{mark.file} "
        return f"{file}{mark.line} {line[mark.column - 1 : mark.end_column - 1 if mark.end_column else None]}"

    def chain(self, index: int = 0) -> list[str]:
        problem: Problem = self.problems[index]
        steps = [f"{step.text} @ {self.at(step.mark)}" for step in problem.origin]
        return [f"{problem.message} @ {self.at(problem.mark)}", *steps]


def test_a_profile_and_a_var_of_a_var() -> None:
    text = f"""{BAND}vars: {{base: 50, twice: "{{{{ base * 2 }}}}"}}
profiles:
  night: {{vars: {{base: 80}}}}
jobs: {{a: {{prompt: x, params: {{bpm: "{{{{ twice * 2 }}}}"}}}}}}
"""
    assert Told(text, profile="night").chain() == [
        'bpm is 320 @ 6 "{{ twice * 2 }}"',
        '{{ twice * 2 }} @ 6 "{{ twice * 2 }}"',
        'twice = 160 @ 3 "{{ base * 2 }}"',
        "base = 80 @ 5 80",
        "--profile night @ -",
    ]


def test_a_var_from_the_command_line() -> None:
    text = f'{BAND}vars: {{base: 50}}\njobs: {{a: {{prompt: x, params: {{bpm: "{{{{ vars.base * 2 }}}}"}}}}}}\n'
    assert Told(text, overrides={"base": "200"}).chain() == [
        'bpm is 400 @ 4 "{{ vars.base * 2 }}"',
        '{{ vars.base * 2 }} @ 4 "{{ vars.base * 2 }}"',
        "--var base=200 @ -",
    ]


def test_a_value_of_a_profile_that_is_no_template() -> None:
    text = f"{BAND}profiles:\n  night: {{defaults: {{params: {{bpm: 400}}}}}}\njobs: {{a: {{prompt: x}}}}\n"
    assert Told(text, profile="night").chain() == ["bpm is 400 @ 4 400", "--profile night @ -"]


def test_views_are_steps_like_names() -> None:
    text = f"""{BAND}env: [TEMPO, OTHER]
vars: {{base: 100}}
jobs:
  a: {{prompt: x, params: {{bpm: "{{{{ base }}}}"}}}}
  b:
    needs: a
    matrix: {{heat: {{hot: 3}}}}
    prompt: y
    params: {{bpm: "{{{{ vars.base + jobs.a.params.bpm + job.cell.heat * (env.TEMPO | int) }}}}"}}
"""
    assert Told(text, env={"TEMPO": "90"}).chain()[2:] == [
        "vars.base = 100 @ 4 100",
        'jobs.a.params.bpm = 100 @ 6 "{{ base }}"',
        "base = 100 @ 4 100",
        "job.cell.heat = 3 @ 9 3",
        'env.TEMPO = "90" @ 3 TEMPO',
    ]


def test_a_failing_template_shows_what_it_had_read() -> None:
    text = f"""{BAND}env: [ZERO]
vars: {{n: 0}}
jobs:
  a: {{prompt: x, params: {{bpm: 90}}}}
  b:
    needs: [a]
    prompt: |
      The theme,
      at {{{{ jobs.a.params.bpm / vars.n }}}} beats
  c: {{prompt: "{{{{ env.ZERO + 1 }}}}"}}
"""
    told = Told(text, env={"ZERO": "0"})
    assert told.chain(0) == [
        "the template cannot be computed: division by zero @ 11 {{ jobs.a.params.bpm / vars.n }}",
        "jobs.a.params.bpm = 90 @ 6 90",
        "vars.n = 0 @ 4 0",
    ]
    assert told.chain(1) == [
        "+ takes numbers, not text and a number @ 12 {{ env.ZERO + 1 }}",
        'env.ZERO = "0" @ 3 ZERO',
    ]


def test_a_cell_of_a_group_and_a_seed_are_steps() -> None:
    text = f"""{BAND}jobs:
  a: {{matrix: {{m: [x, y]}}, prompt: "{{{{ m }}}}", params: {{seed: 7}}}}
  b: {{needs: a, prompt: z, params: {{bpm: "{{{{ jobs.a['x'].params.seed }}}}"}}}}
"""
    assert Told(text).chain() == [
        "bpm is 7 @ 5 \"{{ jobs.a['x'].params.seed }}\"",
        "{{ jobs.a['x'].params.seed }} @ 5 \"{{ jobs.a['x'].params.seed }}\"",
        'jobs.a["x"].params.seed = 7 @ 4 7',
    ]


def test_an_output_of_another_job_is_a_step() -> None:
    text = f"""{BAND}jobs:
  first: {{prompt: x, output: audio/one}}
  b: {{needs: first, prompt: z, output: "{{{{ jobs.first.output }}}}/.x"}}
"""
    assert Told(text).chain()[1:] == [
        '{{ jobs.first.output }}/.x @ 5 "{{ jobs.first.output }}/.x"',
        'jobs.first.output = "audio/one" @ 4 first',
    ]


def test_a_problem_in_a_text_file_names_the_value_that_reads_it() -> None:
    text = f"{BAND}vars: {{dir: texts}}\njobs: {{a: {{prompt: {{file: '{{{{ dir }}}}/a.txt'}}}}}}\n"
    files = {"texts/a.txt": "line one\n  and {{ mood }}\n"}
    assert Told(text, files=files).chain() == [
        "mood is not defined @ texts/a.txt 2 mood",
        "{file: texts/a.txt} @ 4 '{{ dir }}/a.txt'",
    ]


def test_a_text_file_that_a_model_refuses_is_reported_at_its_path() -> None:
    text = f"{BAND}vars: {{name: a}}\njobs: {{a: {{prompt: {{file: '{{{{ name }}}}.txt'}}}}}}\n"
    assert Told(text, files={"a.txt": "{{ name }}" * 201}).chain() == [
        "prompt has 201 characters @ 4 '{{ name }}.txt'",
        "{file: a.txt} @ 4 '{{ name }}.txt'",
        'name = "a" @ 3 a',
    ]


def test_places_in_folded_quoted_and_escaped_texts() -> None:
    text = f"""{BAND}jobs:
  a:
    prompt: >-
      The theme
      of {{{{ one }}}}

      and more
  b:
    prompt: "caf\\u00e9 \\
      and {{{{ two }}}}"
  c:
    prompt: 'it''s {{{{ three }}}}'
  d:
    prompt: plain
      text {{{{ four }}}}
  e:
    prompt: &p |2
       deep {{{{ five }}}}
"""
    told = Told(text)
    assert [told.at(problem.mark) for problem in told.problems] == ["7 one", "12 two", "14 three", "17 four", "20 five"]


def test_places_through_anchors_merges_and_cells() -> None:
    text = """version: 1
x-base: &base
  model: acme/band
  params: &slow {bpm: 20}
x-tempo: &tempo "{{ heat }}"
jobs:
  a: {<<: *base, prompt: x}
  b: {prompt: y, model: acme/band, params: *slow}
  c:
    <<: *base
    matrix: {heat: [90, 400, 500]}
    prompt: z
    params: {bpm: *tempo}
"""
    told = Told(text)
    assert told.chain(0) == ["bpm is 20 @ 4 20"]
    assert told.chain(1) == ['bpm is 400 @ 5 "{{ heat }}"', '{{ heat }} @ 5 "{{ heat }}"', "heat = 400 @ 11 400"]
    assert told.chain(2) == ['bpm is 500 @ 5 "{{ heat }}"', '{{ heat }} @ 5 "{{ heat }}"', "heat = 500 @ 11 500"]
    assert [problem.cells for problem in told.problems] == [(), ("c@400",), ("c@500",)]


def test_wide_and_combining_characters_count_as_one_column_each() -> None:
    told = Told(f"{BAND}jobs: {{a: {{prompt: '\U0001f3b5 \u6b4c e\u0301 {{{{ mood }}}}'}}}}\n")
    assert told.chain() == ["mood is not defined @ 3 mood"]
    assert told.problems[0].mark is not None
    assert told.problems[0].mark.column == 31
