"""What surely fits a schema fits it by jsonschema too: the quick way accepts nothing that the thorough one refuses."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from runner.diagnostics.fits import SILENT, WORDS, surely_fits
from runner.pipeline.yaml.document import parse
from runner.state.schemas import read_schema
from tests.catalog.shelf import CATALOG
from tests.support.catalog import ROOT
from tests.support.long import sampled

PIPELINE = read_schema("pipeline.schema.json")
SCHEMAS = {"pipeline": PIPELINE} | {name: model.schema for name, model in CATALOG.models.items()}

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2.0]) | st.text("ab ", max_size=3)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)
small = st.integers(0, 3)
words = {
    "type": st.sampled_from(
        [*("array", "boolean", "integer", "null", "number", "object", "string"), ["integer", "null"]]
    ),
    "enum": st.lists(values, min_size=1, max_size=3),
    "const": values,
    "pattern": st.sampled_from(["^a", "b$", r"\S"]),
    "minimum": small,
    "maximum": small,
    "exclusiveMinimum": small,
    "exclusiveMaximum": small,
    "uniqueItems": st.booleans(),
    "required": st.lists(st.text("abc", min_size=1, max_size=2), max_size=2),
    **{f"{bound}{what}": small for bound in ("min", "max") for what in ("Length", "Items", "Properties")},
}


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.text("abc", min_size=1, max_size=2)
    several = st.lists(inner, min_size=1, max_size=3)
    deep = {
        **dict.fromkeys(("items", "not", "additionalProperties", "propertyNames"), inner),
        **dict.fromkeys(("allOf", "anyOf", "oneOf"), several),
        "properties": st.dictionaries(names, inner, max_size=3),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
        "dependencies": st.dictionaries(names, inner | st.lists(names, max_size=2, unique=True), max_size=2),
    }
    return st.fixed_dictionaries({}, optional=words | deep).map(lambda schema: dict(list(schema.items())[:4]))


schemas: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.just({}) | nested(st.booleans()), nested, max_leaves=4
)


@pytest.mark.sampled
@settings(max_examples=sampled(60, 1500), deadline=None)
@given(value=values, schema=schemas)
def test_what_surely_fits_any_schema_is_valid(value: Any, schema: Any) -> None:
    if surely_fits(value, schema):
        assert Draft7Validator(schema).is_valid(value), (value, schema)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_word_of_our_schemas_is_known(name: str) -> None:
    assert set(_words(SCHEMAS[name])) - set(WORDS) - SILENT - {"$ref"} == set()


@pytest.mark.parametrize("file", sorted((ROOT / "pipelines").glob("*.yaml")), ids=lambda path: path.name)
def test_a_sound_pipeline_surely_fits(file: Any) -> None:
    assert surely_fits(parse(file.read_text(encoding="utf-8"), file.name).data, PIPELINE)


def test_every_case_of_a_broken_pipeline_is_judged_as_jsonschema_judges_it() -> None:
    validator = Draft7Validator(PIPELINE)
    documents = [
        parse(path.read_text(encoding="utf-8"), path.name).data
        for path in sorted((ROOT / "tests" / "cases" / "bad").rglob("*.yaml"))
    ]
    read = [data for data in documents if data is not None]
    assert len(read) > 50
    assert [data for data in read if surely_fits(data, PIPELINE) != validator.is_valid(data)] == []


@pytest.mark.parametrize("name", sorted(CATALOG.models))
def test_one_changed_parameter_is_judged_as_jsonschema_judges_it(name: str) -> None:
    schema = CATALOG.models[name].schema
    validator = Draft7Validator(schema)
    strange: list[Any] = [None, True, -1, 0, 10**9, 0.5, "", "x", "x" * 20_000, [], ["x"], {}, "auto"]
    sound = {name: _sample(schema["properties"][name]) for name in schema.get("required", ())}
    for param in schema["properties"]:
        for value in strange:
            params = deepcopy(sound) | {param: value}
            assert surely_fits(params, schema) == validator.is_valid(params), json.dumps(params)[:200]


def test_what_is_not_known_is_left_to_jsonschema() -> None:
    assert not surely_fits(1, {"multipleOf": 1})
    assert not surely_fits(2.0, {"type": "integer"})
    assert not surely_fits([1], {"const": [1]})
    assert not surely_fits([1], {"items": [{"type": "integer"}]})
    assert not surely_fits([1, 2], {"uniqueItems": True})
    assert not surely_fits(1, {"$ref": "#/definitions/nothing"})
    assert not surely_fits(1, {"not": {"multipleOf": 2}})


def _words(schema: Any) -> list[str]:
    if isinstance(schema, bool):
        return []
    found = list(schema)
    for word, rule in schema.items():
        if word in ("properties", "patternProperties", "definitions", "dependencies"):
            inside = [each for each in rule.values() if isinstance(each, dict)]
        elif word in ("allOf", "anyOf", "oneOf"):
            inside = rule
        elif word in ("items", "not", "additionalProperties", "propertyNames"):
            inside = [rule]
        else:
            inside = []
        found += [deep for each in inside for deep in _words(each)]
    return found


def _sample(rules: Any) -> Any:
    return rules["enum"][0] if "enum" in rules else rules.get("minimum", 1) if rules.get("type") == "integer" else "x"
