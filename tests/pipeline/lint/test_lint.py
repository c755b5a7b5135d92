"""Lint reports each warning once per place, and a comment there silences it."""

from __future__ import annotations

import inspect
import time
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import pytest

from runner.diagnostics.codes import LINT
from runner.pipeline.lint import LintContext, all_rules, lint
from runner.pipeline.resolution.expand import expand
from runner.pipeline.resolution.resolve import resolve
from runner.pipeline.shape.load import load
from runner.pipeline.yaml.document import parse
from runner.records.catalog import Price, Seed
from tests.pipeline.conftest import ACE, CATALOG, SCHEMA, SOLO, SmallCatalog, model, no_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.source import Problem

BAND = "version: 1\ndefaults: {model: acme/band}\n"
SUNG = model(
    "acme/sung",
    {
        "prompt": {"type": "string"},
        "lyrics": {"type": "string"},
        "instrumental": {"type": "boolean"},
        "format": {"enum": ["wav", "mp3"], "default": "wav"},
    },
)
SUNG = msgspec.structs.replace(SUNG, format_param="format")
LOOSE = model(
    "acme/loose",
    {"prompt": {"type": "string"}, "seed": {"type": "integer"}},
    seed=Seed(param="seed", minimum=1, maximum=99, reproduces="no"),
)
UNPRICED = msgspec.structs.replace(SOLO, id="acme/unpriced", price=Price())
BY_MINUTE = msgspec.structs.replace(
    SOLO, id="acme/minutes", price=Price(per="minute", usd=Decimal("0.2")), duration_param=None
)
CHOOSES = model("acme/chooses", {"prompt": {"type": "string"}})
NEAR = model("acme/near", {"prompt": {"type": "string", "maxLength": 20}})
NEAR = msgspec.structs.replace(NEAR, params={"prompt": msgspec.structs.replace(NEAR.params["prompt"], max_length=20)})
KEYS = model("acme/keys", {"prompt": {"type": "string"}, "key": {"type": "string"}})
MODELS: Mapping[str, Model] = {
    model.id: model for model in (*CATALOG.models.values(), SUNG, LOOSE, UNPRICED, BY_MINUTE, CHOOSES, NEAR, KEYS)
}


def warnings(
    text: str,
    *,
    profile: str | None = None,
    overrides: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> tuple[Problem, ...]:
    def read_text(path: str) -> str:
        return files[path] if files and path in files else no_file(path)

    document = parse(text, "night.yaml")
    pipeline, problems = load(document, schema=SCHEMA, profile=profile, overrides=overrides or {})
    assert pipeline is not None, problems
    cells, wrong = expand(pipeline)
    catalog = SmallCatalog(models=MODELS, providers=CATALOG.providers)
    requests, more = resolve(pipeline, cells, catalog, env=env or {}, overrides=overrides or {}, read_text=read_text)
    assert (*problems, *wrong, *more) == ()
    found = lint(LintContext(document=document, pipeline=pipeline, requests=requests, is_whole=True))
    assert all(problem.severity == "warning" and problem.help for problem in found)
    return found


def brief(found: tuple[Problem, ...]) -> list[str]:
    return [f"{problem.code} {problem.mark.line}:{problem.mark.column}" for problem in found if problem.mark]


def only(text: str, **rest: Mapping[str, str]) -> Problem:
    found = warnings(text, **rest)  # type: ignore[arg-type]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    "prompt", ["at 120 bpm", "120 BPM theme", "bpm: 120", "120-130 bpm", "a 120 beats per minute march"]
)
def test_a_tempo_in_the_prompt_against_bpm(prompt: str) -> None:
    problem = only(f"{BAND}jobs: {{a: {{prompt: '{prompt}', params: {{bpm: 100}}}}}}")
    assert problem.code == "SF602"
    assert brief((problem,)) == ["SF602 3:20"]
    assert problem.message.endswith(", and bpm is 100")


@pytest.mark.parametrize("prompt", ["at 100 bpm", "90-110 bpm", "first 80 bpm, then 100 bpm", "120 birds", "opus 120"])
def test_a_prompt_that_agrees_with_bpm_is_quiet(prompt: str) -> None:
    assert warnings(f"{BAND}jobs: {{a: {{prompt: '{prompt}', params: {{bpm: 100}}}}}}") == ()


@pytest.mark.parametrize("prompt", ["in C major", "theme in the key of E minor", "a C-major hymn", "F# min march"])
def test_a_key_in_the_prompt_against_the_parameter(prompt: str) -> None:
    problem = only(f"{BAND}jobs: {{a: {{prompt: '{prompt}', params: {{key: D minor}}}}}}")
    assert brief((problem,)) == ["SF603 3:20"]
    assert problem.message.endswith(", and key is D minor")


@pytest.mark.parametrize("prompt", ["in D minor", "a minor setback", "A minor setback", "major themes", "in Dmin"])
def test_a_prompt_that_agrees_with_the_key_is_quiet(prompt: str) -> None:
    assert warnings(f"{BAND}jobs: {{a: {{prompt: '{prompt}', params: {{key: D minor}}}}}}") == ()


def test_names_of_one_key_agree() -> None:
    text = "version: 1\njobs: {a: {model: acme/keys, prompt: 'in Db major', params: {key: C# major}}}"
    assert warnings(text) == ()


def test_a_default_seed_and_length_that_a_model_does_not_take_are_reported_once() -> None:
    text = """version: 1
defaults: {params: {duration: 60, seed: 7}}
jobs:
  a: {model: acme/chooses, prompt: x}
  b: {model: acme/chooses, matrix: {m: [u, v]}, prompt: "{{ m }}"}
  c: {model: acme/sung, prompt: x}
  d: {model: acme/band, prompt: x}
"""
    found = warnings(text)
    assert brief(found) == ["SF604 2:21", "SF601 2:35"]
    assert found[0].cells == ("a", "b@u", "b@v", "c")
    assert found[0].message == "this duration has no effect where a model chooses its own length"
    assert found[1].message == "this seed has no effect where a model takes none"


def test_on_fail_where_nothing_is_expected() -> None:
    text = """version: 1
defaults: {model: acme/band, on_fail: {reroll: 2}}
jobs:
  own: {prompt: x, on_fail: {reroll: 1}}
  cells: {prompt: "{{ m }}", matrix: {m: [u, v]}}
  none: {prompt: x, on_fail: {reroll: 0}}
"""
    found = warnings(text)
    assert brief(found) == ["SF615 2:30", "SF615 4:29"]
    assert {problem.message for problem in found} == {"on_fail has no effect: nothing is expected, so no take fails"}
    assert found[0].cells == ("cells@u", "cells@v")
    used = text + "  expects: {prompt: x, expect: {lufs: -16 ± 1}}\n"
    assert brief(warnings(used)) == ["SF615 4:29"], "the one of defaults has an effect in one job"
    assert warnings(text.replace("acme/band,", "acme/band, expect: {lufs: -16 ± 1},")) == ()


def test_a_seed_that_pins_nothing() -> None:
    text = "version: 1\njobs: {a: {model: acme/loose, prompt: x, params: {seed: 5}}}"
    assert only(text).message == "acme/loose makes something else each time, whatever the seed"
    text = "version: 1\njobs: {a: {model: acme/band, prompt: x, params: {seed: 0}}}"
    problem = only(text)
    assert brief((problem,)) == ["SF601 2:56"]
    assert problem.help == "write seed: random to draw one that the lock keeps, or one from 1 to 2147483647"
    for quiet in ("auto", "random", "7"):
        assert warnings(text.replace("seed: 0", f"seed: {quiet}")) == ()


def test_sung_parts_in_an_instrumental() -> None:
    text = "version: 1\njobs: {a: {model: acme/sung, prompt: x, lyrics: '[Verse 1] la [inst] [chorus] lo', params: {instrumental: true}}}"
    problem = only(text)
    assert brief((problem,)) == ["SF605 2:49"]
    assert problem.message == "the lyrics have [verse 1], [chorus], but instrumental is true: nothing is sung"
    assert warnings(text.replace("true", "false")) == ()
    assert warnings(text.replace("[Verse 1] la [inst] [chorus] lo", "[inst] [outro]")) == ()


def test_a_prompt_nearly_at_its_limit() -> None:
    text = "version: 1\njobs: {a: {model: acme/near, prompt: PROMPT}}"
    problem = only(text.replace("PROMPT", "x" * 19))
    assert brief((problem,)) == ["SF606 2:38"]
    assert problem.message == "prompt has 19 of 20 characters that acme/near takes"
    assert warnings(text.replace("PROMPT", "x" * 18)) == ()


def test_an_output_ending_that_the_model_does_not_make() -> None:
    text = "version: 1\njobs: {a: {model: acme/sung, prompt: x, output: audio/a.mp3}}"
    problem = only(text)
    assert brief((problem,)) == ["SF607 2:49"]
    assert problem.message == "the output ends in .mp3, and acme/sung makes .wav here"
    assert warnings(text.replace("prompt: x", "prompt: x, params: {format: mp3}")) == ()
    assert warnings(text.replace("a.mp3", "a.wav")) == ()
    assert warnings(text.replace("a.mp3", "a.v2")) == ()


def test_a_budget_without_a_price() -> None:
    text = "version: 1\nbudget: {usd: 2}\njobs: {a: {model: acme/unpriced, prompt: x}, b: {model: acme/unpriced, prompt: y}}"
    problem = only(text)
    assert brief((problem,)) == ["SF611 2:1"]
    assert problem.cells == ("a", "b")
    assert problem.help == "write it: prices: {acme/unpriced: {per_request: 0.01}}"
    assert warnings(text + "\nprices: {acme/unpriced: {per_request: 0}}") == ()
    assert only(text.replace("unpriced", "minutes")).message == (
        "cannot enforce the budget of $2 on acme/minutes: it has no maximum length, so its worst-case price is unknown; "
        "run will refuse"
    )


def test_vars_axes_and_environment_that_nothing_uses() -> None:
    text = """version: 1
env: [TAG, USED]
vars: {game: E, other: 1, used: 2, in_file: 3, looped: 4, only_at_night: 5}
defaults: {model: acme/solo}
profiles: {night: {jobs: {a: {prompt: "{{ only_at_night }}"}}}}
jobs:
  a:
    vars: {mine: 1, theirs: 2}
    matrix: {heat: [1, 2], mood: [x, y], single: [z]}
    prompt: "{{ used }} {{ vars.looped }} {{ env.USED | default('') }} {{ job.cell.mood }} {{ mine }}"
  b: {prompt: {file: b.txt}}
  c: {prompt: "x {{ theirs | default('') }}"}
"""
    found = warnings(text, files={"b.txt": "la {{ in_file }}"})
    assert [problem.message for problem in found] == [
        "nothing uses the environment variable TAG",
        "nothing uses the var game",
        "nothing uses the var other",
        "nothing uses the var theirs of a",
        "nothing uses the axis heat: its cells differ by name and seed alone",
    ]
    assert brief(found) == ["SF609 2:7", "SF609 3:8", "SF609 3:17", "SF609 8:21", "SF610 9:14"]
    assert (
        warnings(
            text.replace(
                "{{ used }}",
                "{% for v in vars %}{{ vars[v] }}{% endfor %}{{ heat }}{{ game }}{{ theirs }}{{ env.TAG | default('') }}",
            ),
            files={"b.txt": "x"},
        )
        == ()
    )


def test_a_var_that_only_a_text_file_uses_is_used_under_an_override_too() -> None:
    text = "version: 1\nvars: {mood: a}\njobs: {a: {model: acme/solo, prompt: {file: b.txt}}}"
    assert warnings(text, files={"b.txt": "{{ mood }}"}, overrides={"mood": "b"}) == ()


def test_defaults_that_no_job_uses() -> None:
    text = """version: 1
defaults: {model: acme/band, output: "x/{{ job.id }}", params: {bpm: 90, duration: 9, key: D minor}}
jobs:
  a: {model: acme/solo, output: a, prompt: x, params: {duration: 3}}
"""
    found = warnings(text)
    assert [(problem.code, problem.message) for problem in found] == [
        ("SF608", "every job has a model of its own: no job uses this default"),
        ("SF608", "every job has an output of its own: no job uses this default"),
        ("SF608", "no job uses this default: acme/solo takes no bpm"),
        ("SF608", "no job uses this default: every job gives its own"),
        ("SF608", "no job uses this default: acme/solo takes no key"),
    ]
    assert warnings(text + '  b: {prompt: "x"}\n') == ()


def test_invisible_characters_are_reported() -> None:
    text = "version: 1\ndefaults: {model: acme/band}\njobs:\n  a:\n    prompt: |\n      first\n      pi\u200bano \u202etfel\n"
    assert brief(warnings(text)) == ["SF612 7:9"]
    assert warnings(f"{BAND}jobs: {{a: {{prompt: 'family 👨\u200d👩\u200d👧 نامه\u200cها'}}}}") == ()
    assert brief(warnings(f'{BAND}jobs: {{a: {{prompt: "pi\\u200bano"}}}}')) == ["SF612 3:20"]
    found = only(f"{BAND}jobs: {{a: {{prompt: {{file: a.txt}}}}}}", files={"a.txt": "pi\u2060ano"})
    assert found.message == "prompt contains the invisible character U+2060"


def test_a_matrix_gives_one_warning_per_place_with_its_cells() -> None:
    text = f"{BAND}jobs:\n  a:\n    matrix: {{heat: [80, 90, 100]}}\n    prompt: '{{{{ heat }}}} bpm'\n    params: {{bpm: 100}}\n"
    problem = only(text)
    assert problem.cells == ("a@80", "a@90")
    assert problem.origin[0].text == "heat = 80"


@pytest.mark.parametrize(
    "text",
    [
        "  a: {prompt: 120 bpm, params: {bpm: 100}} # scorefile: ignore[SF602]",
        "  # scorefile: ignore[SF602]\n  a: {prompt: 120 bpm, params: {bpm: 100}}",
        "  # scorefile: ignore[SF602]\n  # because\n\n  a: {prompt: 120 bpm, params: {bpm: 100}}",
        "  # because; scorefile: ignore[SF601,SF602]\n  a: {prompt: 120 bpm, params: {bpm: 100}}",
        "  a:\n    params: {bpm: 100}\n    prompt: |  # scorefile: ignore[SF602]\n      long\n      120 bpm {{ 1 }}",
        "  a:\n    params: {bpm: 100}\n    # scorefile: ignore[SF602]\n    prompt: >\n      120 bpm {{ 1 }}",
    ],
)
def test_a_comment_silences_a_warning(text: str) -> None:
    assert warnings(f"{BAND}jobs:\n{text}\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        "  a: {prompt: '120 bpm # scorefile: ignore[SF602]', params: {bpm: 100}}",
        "  a:\n    params: {bpm: 100}\n    prompt: |\n      # scorefile: ignore[SF602]\n      120 bpm",
        "  a: {prompt: 120 bpm, params: {bpm: 100}}\n  # scorefile: ignore[SF602]",
        "  a: {prompt: 120 bpm, params: {bpm: 100}} # scorefile: ignore[SF603]",
    ],
)
def test_a_text_or_a_comment_elsewhere_silences_nothing(text: str) -> None:
    assert [problem.code for problem in warnings(f"{BAND}jobs:\n{text}\n")] == ["SF602"]


def test_a_comment_that_cannot_silence_is_a_warning() -> None:
    text = (
        f"{BAND}jobs:\n  a: {{prompt: x}} # scorefile: ignore[SF401, SF999]\n  b: {{prompt: y}} # scorefile: ignore\n"
    )
    found = warnings(text)
    assert brief(found) == ["SF613 4:38", "SF613 4:45", "SF613 5:18"]
    assert [problem.message for problem in found] == [
        "SF401 is an error, and errors cannot be silenced",
        "there is no code SF999 to ignore",
        "ignore names no code",
    ]


def test_ten_thousand_cells_are_looked_at_soon() -> None:
    numbers = ", ".join(map(str, range(100)))
    text = f"{BAND}vars: {{game: E}}\njobs:\n  a:\n    matrix: {{x: [{numbers}], y: [{numbers}]}}\n    prompt: '{{{{ game }}}} {{{{ x }}}} {{{{ y }}}} 120 bpm'\n    params: {{bpm: 120}}\n"
    document = parse(text, "night.yaml")
    pipeline, _ = load(document, schema=SCHEMA, profile=None, overrides={})
    assert pipeline is not None
    requests, _ = resolve(pipeline, expand(pipeline)[0], CATALOG, env={}, overrides={}, read_text=no_file)
    assert ACE.id == requests[0].model.id
    took_s: list[float] = []
    while len(took_s) < 3 and min(took_s, default=1.0) >= 1.0:
        started = time.process_time()
        assert lint(LintContext(document=document, pipeline=pipeline, requests=requests, is_whole=True)) == ()
        took_s.append(time.process_time() - started)
    assert min(took_s) < 1.0


def test_beside_an_error_the_other_jobs_are_linted_and_nothing_is_called_unused() -> None:
    text = f"{BAND}vars: {{game: E}}\njobs:\n  a: {{prompt: 90 bpm, params: {{bpm: 120}}}}\n  b: {{prompt: '{{{{ gaem }}}}'}}\n"
    document = parse(text, "night.yaml")
    pipeline, _ = load(document, schema=SCHEMA, profile=None, overrides={})
    assert pipeline is not None
    requests, (problem,) = resolve(pipeline, expand(pipeline)[0], CATALOG, env={}, overrides={}, read_text=no_file)
    assert problem.code == "SF216"
    (warning,) = lint(LintContext(document=document, pipeline=pipeline, requests=requests, is_whole=False))
    assert warning.code == "SF602"


def test_a_warning_about_a_text_file_has_its_line_and_a_comment_beside_its_name_silences_it() -> None:
    text = f"{BAND}jobs:\n  a:\n    params: {{bpm: 100}}\n    prompt: {{file: a.txt}}\n"
    found = only(text, files={"a.txt": "Calm\n piano, 120 bpm"})
    assert (found.code, str(found.mark)) == ("SF602", "a.txt:2:9")
    assert [str(step.mark) for step in found.origin] == ["night.yaml:6:20"]
    assert brief(warnings(text, files={"a.txt": "a\nb\u2060c"})) == ["SF612 2:2"]
    silent = text.replace("a.txt}", "a.txt}  # scorefile: ignore[SF602]")
    assert warnings(silent, files={"a.txt": "Calm\n piano, 120 bpm"}) == ()


@pytest.mark.parametrize("prompt", ["tempo 90", "Tempo: 90", "a tempo of 90", "90 beats/min", "90 beats a minute"])
def test_a_tempo_is_seen_in_other_words_too(prompt: str) -> None:
    assert only(f"{BAND}jobs: {{a: {{prompt: '{prompt}', params: {{bpm: 120}}}}}}").code == "SF602"


@pytest.mark.parametrize(("prompt", "codes"), [("song in c major", ["SF603"]), ("in bb minor", ["SF603"]), ("in d minor", []), ("in a minor mood", []), ("and d major", [])])  # fmt: skip
def test_a_key_in_lower_case_is_seen_after_a_word_that_says_so(prompt: str, codes: list[str]) -> None:
    found = warnings(f"{BAND}jobs: {{a: {{prompt: '{prompt}', params: {{key: D minor}}}}}}")
    assert [problem.code for problem in found] == codes


@pytest.mark.parametrize("prompt", ["{# {{ game }} #}x", "{{ 'game' | upper }}", '{{ "of game" }}'])
def test_a_var_that_only_a_comment_or_a_quoted_text_names_is_unused(prompt: str) -> None:
    assert only(f"{BAND}vars: {{game: E}}\njobs:\n  a:\n    prompt: >-\n      {prompt}\n").code == "SF609"


@pytest.mark.parametrize("prompt", ["'{{ vars[''game''] }}'", '"{{ vars[\\"game\\"] }}"', "\"{{ vars['game'] }}\""])
def test_a_var_that_is_named_as_a_key_is_used(prompt: str) -> None:
    assert warnings(f"{BAND}vars: {{game: E}}\njobs: {{a: {{prompt: {prompt}}}}}\n") == ()


# ---------------------------------------------------------------- the registry


def test_every_warning_belongs_to_one_rule() -> None:
    owners = [code for rule in all_rules() for code in rule.CODES]
    assert sorted([*owners, "SF613"]) == sorted(LINT), "SF613 is about the comments that silence rules"


def test_every_rule_has_the_one_signature() -> None:
    for rule in all_rules():
        signature = inspect.signature(rule.check)
        assert [str(item.annotation) for item in signature.parameters.values()] == ["LintContext"]
        assert signature.return_annotation == "Iterator[Problem]"
