"""The schema of pipelines that editors read."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft7Validator

from tests.pipeline.conftest import SCHEMA, check_text


def described(schema: dict[str, Any], path: str = "") -> list[str]:
    """List every named property without a description."""
    missing = []
    for name, inner in schema.get("properties", {}).items():
        if "$ref" not in inner and "description" not in inner:
            missing.append(f"{path}.{name}")
        missing += described(inner, f"{path}.{name}")
    return missing


def test_it_is_a_draft_7_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


def test_every_key_has_a_description_for_hover() -> None:
    definitions = SCHEMA["definitions"]
    missing = described(SCHEMA) + [name for key, value in definitions.items() for name in described(value, key)]
    assert missing == []


def test_every_example_in_it_fits_it() -> None:
    def examples(schema: Any) -> None:
        if isinstance(schema, dict):
            whole = {**schema, "definitions": SCHEMA["definitions"]}
            for example in schema.get("examples", ()) if isinstance(schema.get("examples"), list) else ():
                Draft7Validator(whole).validate(example)
            for inner in schema.values():
                examples(inner)
        elif isinstance(schema, list):
            for inner in schema:
                examples(inner)

    examples(SCHEMA)


def test_every_pattern_is_described_in_words() -> None:
    def patterns(schema: Any) -> list[Any]:
        if isinstance(schema, dict):
            own = [schema] if "pattern" in schema and "$comment" not in schema else []
            return own + [found for inner in schema.values() for found in patterns(inner)]
        return [found for inner in schema for found in patterns(inner)] if isinstance(schema, list) else []

    assert patterns(SCHEMA) == []


def test_retries_are_bounded_on_both_sides() -> None:
    text = "version: 1\njobs: {a: {model: acme/solo, prompt: x, retries: N}}\n"
    assert [check_text(text.replace("N", n)).problems == () for n in ("-1", "0", "10", "11", "1.5", "true")] == [
        False,
        True,
        True,
        False,
        False,
        False,
    ]
