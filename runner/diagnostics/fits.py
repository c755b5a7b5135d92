"""Whether a value fits a JSON Schema, for the words that our schemas use, without the 40 ms that jsonschema takes to import.

What is wrong with a value that does not fit, and all that is not known here, is for jsonschema to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from runner.records.source import Json

Schema: TypeAlias = Mapping[str, Json]
Check: TypeAlias = Callable[[Json, Json, Schema, Json], bool]
"""Say whether a value keeps a word: the value, what the schema says at that word, that schema, the root."""

SILENT: Final = frozenset(
    {
        "$comment",
        "$id",
        "$schema",
        "default",
        "definitions",
        "description",
        "examples",
        "format",
        "title",
        "x-scorefile",
    }
)
"""Words that no value can break; `format` is one, because we never ask for its check."""


class _UnknownError(Exception):
    """The schema uses a word, or the value has a form, that is not known here."""


def surely_fits(value: Json, schema: Json, root: Json = None) -> bool:
    """Say whether a value is known to fit a Draft 7 schema; `root` has its `#/definitions/` when the schema has not."""
    try:
        return _fits(value, schema, root or schema)
    except _UnknownError:
        return False


def _fits(value: Json, schema: Json, root: Json) -> bool:
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema:  # what is beside it has no meaning in Draft 7
        return _fits(value, _definition(schema["$ref"], root), root)
    return all(_keeps(value, word, schema, root) for word in schema if word not in SILENT)


def _keeps(value: Json, word: str, schema: Schema, root: Json) -> bool:
    if word not in WORDS:
        raise _UnknownError
    kind, check = WORDS[word]
    if not isinstance(value, kind) or (kind is NUMBER and isinstance(value, bool)):
        return True
    return check(value, schema[word], schema, root)


def _definition(reference: str, root: Json) -> Json:
    found = root.get("definitions", {}).get(reference.removeprefix("#/definitions/"))
    if found is None:
        raise _UnknownError
    return found


def _type(value: Json, rule: Json, _: Schema, __: Json) -> bool:
    names = [rule] if isinstance(rule, str) else rule
    if isinstance(value, float) and "integer" in names:
        raise _UnknownError  # 2.0 is one
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, TYPES[name]) for name in names if name != "boolean")


def _equal(value: Json, other: Json) -> bool:
    if isinstance(value, list | dict) and isinstance(other, list | dict):
        raise _UnknownError
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


def _items(value: Json, rule: Json, _: Schema, root: Json) -> bool:
    if isinstance(rule, list):
        raise _UnknownError
    return all(_fits(item, rule, root) for item in value)


def _unique(value: Json, rule: Json, _: Schema, __: Json) -> bool:
    if not all(isinstance(item, str) for item in value):
        raise _UnknownError
    return not rule or len(set(value)) == len(value)


def _properties(value: Json, rule: Json, _: Schema, root: Json) -> bool:
    return all(_fits(value[name], rule[name], root) for name in rule if name in value)


def _pattern_properties(value: Json, rule: Json, _: Schema, root: Json) -> bool:
    return all(_fits(value[name], rule[each], root) for each in rule for name in value if re.search(each, name))


def _additional_properties(value: Json, rule: Json, schema: Schema, root: Json) -> bool:
    known, patterns = schema.get("properties", ()), schema.get("patternProperties", ())
    others = [name for name in value if name not in known and not any(re.search(each, name) for each in patterns)]
    return all(_fits(value[name], rule, root) for name in others)


def _dependencies(value: Json, rule: Json, _: Schema, root: Json) -> bool:
    asked = [rule[name] for name in rule if name in value]
    return all(_fits(value, {"required": need} if isinstance(need, list) else need, root) for need in asked)


NUMBER: Final = (int, float)
TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "array": list,
    "integer": int,
    "null": type(None),
    "number": NUMBER,
    "object": dict,
    "string": str,
}
WORDS: Final[Mapping[str, tuple[type | tuple[type, ...], Check]]] = {
    "type": (object, _type),
    "enum": (object, lambda value, rule, *_: any(_equal(value, choice) for choice in rule)),
    "const": (object, lambda value, rule, *_: _equal(value, rule)),
    "allOf": (object, lambda value, rule, _, root: all(_fits(value, each, root) for each in rule)),
    "anyOf": (object, lambda value, rule, _, root: any(_fits(value, each, root) for each in rule)),
    "oneOf": (object, lambda value, rule, _, root: sum([_fits(value, each, root) for each in rule]) == 1),
    "not": (object, lambda value, rule, _, root: not _fits(value, rule, root)),
    "minLength": (str, lambda value, rule, *_: len(value) >= rule),
    "maxLength": (str, lambda value, rule, *_: len(value) <= rule),
    "pattern": (str, lambda value, rule, *_: re.search(rule, value) is not None),
    "minimum": (NUMBER, lambda value, rule, *_: value >= rule),
    "maximum": (NUMBER, lambda value, rule, *_: value <= rule),
    "exclusiveMinimum": (NUMBER, lambda value, rule, *_: value > rule),
    "exclusiveMaximum": (NUMBER, lambda value, rule, *_: value < rule),
    "items": (list, _items),
    "minItems": (list, lambda value, rule, *_: len(value) >= rule),
    "maxItems": (list, lambda value, rule, *_: len(value) <= rule),
    "uniqueItems": (list, _unique),
    "required": (dict, lambda value, rule, *_: all(name in value for name in rule)),
    "properties": (dict, _properties),
    "patternProperties": (dict, _pattern_properties),
    "additionalProperties": (dict, _additional_properties),
    "propertyNames": (dict, lambda value, rule, _, root: all(_fits(name, rule, root) for name in value)),
    "minProperties": (dict, lambda value, rule, *_: len(value) >= rule),
    "maxProperties": (dict, lambda value, rule, *_: len(value) <= rule),
    "dependencies": (dict, _dependencies),
}
"""The words that are known: what kind of value each speaks of, and its check. Every other kind of value keeps it."""
