"""Whatever the text: a pipeline, or problems with a place; never a traceback, never a long wait."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runner.diagnostics.codes import CODES
from tests.pipeline.conftest import Checked, check_text
from tests.support.long import sampled

pytestmark = pytest.mark.sampled
QUICK = settings(max_examples=sampled(50, 1000), deadline=None, suppress_health_check=[HealthCheck.too_slow])

GOOD: dict[str, Any] = {
    "version": 1,
    "name": "fuzz",
    "vars": {"game": "Emberfall", "base_bpm": 96, "twice": "{{ base_bpm * 2 }}"},
    "env": ["TAG"],
    "profiles": {"night": {"vars": {"base_bpm": 100}, "defaults": {"model": "local/sketch"}}},
    "providers": {"acme": {"max_in_flight": 4, "base_url": "https://x.example", "api_key_env": "KEY"}},
    "prices": {"acme/band": {"per_request": 0.01}},
    "budget": {"usd": 5.0},
    "defaults": {"model": "acme/band", "params": {"duration": 60}, "output": "audio/{{ job.id }}"},
    "jobs": {
        "title": {
            "prompt": "Title of {{ game }}",
            "lyrics": {"file": "a.txt"},
            "params": {"bpm": "{{ twice }}", "tags": ["calm"], "seed": "auto", "batch_size": 2},
            "take": 2,
            "labels": ["menu"],
        },
        "battle": {
            "needs": ["title"],
            "matrix": {"biome": ["forest", "ash"], "heat": {"calm": 100}, "exclude": [{"biome": "ash"}]},
            "vars": {"mood": "tense"},
            "prompt": "{{ biome }} {{ mood }} {{ jobs.title.params.bpm }}",
            "params": {"bpm": "{{ heat }}"},
            "webhook": {"url": "https://x.example/h"},
        },
    },
}

WORDS = (
    *(
        "{{ game }}",
        "{{ nope }}",
        "{{",
        "{% if %}",
        "{{ 1/0 }}",
        "{{ vars }}",
        "{{ jobs.title }}",
        "../x",
        "auto",
        "{{ mood }}",
    ),
    *(
        "{{ game.x.y }}",
        "{{ [1]|first }}",
        "{{ env.TAG }}",
        "{% for a in game %}{{ a }}{% endfor %}",
        "title",
        "acme/solo",
    ),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(WORDS))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def hold(result: Checked) -> None:
    """Say what must be true of every outcome."""
    assert result.pipeline is not None or result.problems
    for problem in result.problems:
        assert problem.code in CODES
        assert problem.message
        assert problem.mark is not None
        assert problem.mark.line >= 1
        assert problem.mark.column >= 1
    for request in result.requests:
        json.dumps(request.params, allow_nan=False)


@QUICK
@given(st.text(max_size=300))
@example("{{{{{{")
@example("a: &a\n  <<: *a\n")
@example("? ")
@example("%YAML 9.9\n---\na: 1\n")
@example("version: 1\njobs: {a: {prompt: '{{ " + "9" * 5000 + " }}'}}\n")
@example('a: "\\x"')
@example("a: 'x\n")
def test_any_text_gives_a_pipeline_or_located_problems(text: str) -> None:
    hold(check_text(text))


@QUICK
@given(st.text(alphabet="{}[]:,-&*<>|!?#'\"%@ \n\tab1.\\", max_size=120))
def test_any_text_of_yaml_signs_gives_a_pipeline_or_located_problems(text: str) -> None:
    hold(check_text("version: 1\njobs: {a: {prompt: x, model: acme/solo}}\n" + text))


@QUICK
@given(st.text(alphabet="{}%# abc.|()[]'\"1+-*/~_=<>,:", max_size=80))
def test_any_template_gives_a_value_or_located_problems(source: str) -> None:
    prompt = json.dumps("{{ " + source + " }}")
    hold(
        check_text(
            f"version: 1\nvars: {{a: 1, b: [1, x], c: {{a: t}}}}\njobs: {{j: {{model: acme/solo, prompt: {prompt}}}}}\n"
        )
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def holder(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        data = data[key]
    return data


@settings(QUICK, max_examples=sampled(60, 1600))
@given(st.data())
def test_any_change_of_a_good_pipeline_gives_a_pipeline_or_located_problems(data: st.DataObject) -> None:
    changed = copy.deepcopy(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(changed)))
        inside = holder(changed, path)
        match data.draw(st.sampled_from(["replace", "remove", "rename", "add"])):
            case "replace":
                inside[path[-1]] = data.draw(VALUES)
            case "remove":
                inside.pop(path[-1])
            case "rename" if isinstance(inside, dict):
                inside[data.draw(st.text(max_size=8))] = inside.pop(path[-1])
            case _ if isinstance(inside, dict):
                inside[data.draw(st.sampled_from(["promt", "x-a", "take", "needs", "params", "matrix", "vars"]))] = (
                    data.draw(VALUES)
                )
            case _:
                inside.append(data.draw(VALUES))
        if not changed:
            break
    text = yaml.safe_dump(changed, allow_unicode=True, sort_keys=False)
    profile = data.draw(st.sampled_from([None, "night"]))
    hold(check_text(text, profile=profile, files={"a.txt": "la {{ game }}"}, env={"TAG": "t"}))


def test_the_pipeline_that_is_changed_is_good() -> None:
    text = yaml.safe_dump(GOOD, sort_keys=False)
    result = check_text(text, files={"a.txt": "la {{ game }}"}, env={"TAG": "t"})
    assert result.problems == ()
    assert [request.job for request in result.requests] == ["title", "battle@forest-calm"]
