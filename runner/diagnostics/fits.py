"""Whether a value fits a JSON Schema, for the words that our schemas use, without the 40 ms that jsonschema takes to import.

What is wrong with a value that does not fit, and all that is not known here, is for jsonschema to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from runner.records.source import Json

Schema: TypeAlias = Mapping[str, Json]
Check: TypeAlias = Callable[[Json], bool]
"""Say whether a value fits. Raises _UnknownError when that is not known here."""
Word: TypeAlias = Callable[[Json, Schema, "Fitting"], Check]
"""Make the check of one word: what the schema says at it, that schema, and how to check what is inside."""

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
    return Fitting(root or schema).surely(value, schema)


class Fitting:
    """The checks of one schema, `root`, and of its parts: each is made when a value first needs it, and once."""

    def __init__(self, root: Json) -> None:
        self.root = root
        self._checks: dict[int, tuple[Json, Check]] = {}

    def surely(self, value: Json, schema: Json) -> bool:
        """Say whether a value is known to fit a part of the schema."""
        try:
            return self.check(schema)(value)
        except _UnknownError:
            return False

    def check(self, schema: Json) -> Check:
        """Return the check of a part of the schema."""
        known = self._checks.get(id(schema))
        if known is None:
            known = self._checks[id(schema)] = (schema, self._made(schema))
        return known[1]

    def _made(self, schema: Json) -> Check:
        if isinstance(schema, bool):
            return lambda _: schema
        if "$ref" in schema:  # what is beside it has no meaning in Draft 7
            return self._referred(schema["$ref"])
        rows = [_row(word, schema, self) for word in schema if word not in SILENT]

        def fits(value: Json) -> bool:
            for kind, check in rows:  # noqa: SIM110 - a generator costs as much as the checks
                if isinstance(value, kind) and not check(value):
                    return False
            return True

        return fits

    def _referred(self, reference: str) -> Check:
        def fits(value: Json) -> bool:
            definition = self.root.get("definitions", {}).get(reference.removeprefix("#/definitions/"))
            if definition is None:
                raise _UnknownError
            return self.check(definition)(value)

        return fits


def _row(word: str, schema: Schema, fitting: Fitting) -> tuple[Kind, Check]:
    if word not in WORDS:
        return object, _unknown
    kind, make = WORDS[word]
    return kind, make(schema[word], schema, fitting)


def _unknown(_: Json) -> bool:
    raise _UnknownError


def _type(rule: Json, _: Schema, __: Fitting) -> Check:
    names = [rule] if isinstance(rule, str) else rule
    kinds = tuple(TYPES[name] for name in names)
    if "integer" not in names and "number" not in names:
        return lambda value: isinstance(value, kinds)

    def fits(value: Json) -> bool:
        if isinstance(value, float) and "integer" in names:
            raise _UnknownError  # 2.0 is one
        return "boolean" in names if isinstance(value, bool) else isinstance(value, kinds)

    return fits


def _equal(value: Json, other: Json) -> bool:
    if isinstance(value, list | dict) and isinstance(other, list | dict):
        raise _UnknownError
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


def _items(rule: Json, _: Schema, fitting: Fitting) -> Check:
    if isinstance(rule, list):
        return _unknown
    check = fitting.check(rule)
    return lambda value: all(map(check, value))


def _unique(rule: Json, _: Schema, __: Fitting) -> Check:
    def fits(value: Json) -> bool:
        if not all(isinstance(item, str) for item in value):
            raise _UnknownError
        return not rule or len(set(value)) == len(value)

    return fits


def _properties(rule: Json, _: Schema, fitting: Fitting) -> Check:
    def fits(value: Json) -> bool:
        for name, inner in value.items():  # noqa: SIM110 - a generator costs as much as the checks
            if name in rule and not fitting.check(rule[name])(inner):
                return False
        return True

    return fits


def _pattern_properties(rule: Json, _: Schema, fitting: Fitting) -> Check:
    patterns = [(_searching(each), fitting.check(rule[each])) for each in rule]
    return lambda value: all(
        check(inner) for search, check in patterns for name, inner in value.items() if search(name)
    )


def _additional_properties(rule: Json, schema: Schema, fitting: Fitting) -> Check:
    known, check = schema.get("properties", ()), fitting.check(rule)
    patterns = [_searching(each) for each in schema.get("patternProperties", ())]

    def fits(value: Json) -> bool:
        for name, inner in value.items():
            if name not in known and not any(search(name) for search in patterns) and not check(inner):
                return False
        return True

    return fits


def _dependencies(rule: Json, _: Schema, fitting: Fitting) -> Check:
    checks = {
        name: fitting.check({"required": need} if isinstance(need, list) else need) for name, need in rule.items()
    }
    return lambda value: all(check(value) for name, check in checks.items() if name in value)


def _parts(rule: Json, fitting: Fitting) -> list[Check]:
    return [fitting.check(each) for each in rule]


def _searching(pattern: str) -> Callable[[str], object]:
    try:
        return re.compile(pattern).search
    except re.error:
        raise _UnknownError from None


def _all_of(rule: Json, _: Schema, fitting: Fitting) -> Check:
    checks = _parts(rule, fitting)
    return lambda value: all(check(value) for check in checks)


def _any_of(rule: Json, _: Schema, fitting: Fitting) -> Check:
    checks = _parts(rule, fitting)
    return lambda value: any(check(value) for check in checks)


def _one_of(rule: Json, _: Schema, fitting: Fitting) -> Check:
    checks = _parts(rule, fitting)
    return lambda value: sum([check(value) for check in checks]) == 1


def _not(rule: Json, _: Schema, fitting: Fitting) -> Check:
    check = fitting.check(rule)
    return lambda value: not check(value)


def _pattern(rule: Json, _: Schema, __: Fitting) -> Check:
    search = _searching(rule)
    return lambda value: search(value) is not None


def _names(rule: Json, _: Schema, fitting: Fitting) -> Check:
    check = fitting.check(rule)
    return lambda value: all(map(check, value))


Kind: TypeAlias = type | tuple[type, ...]
NUMBER: Final = (int, float)
TYPES: Final[Mapping[str, Kind]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": NUMBER,
    "object": dict,
    "string": str,
}
WORDS: Final[Mapping[str, tuple[Kind, Word]]] = {
    "type": (object, _type),
    "enum": (object, lambda rule, *_: lambda value: any(_equal(value, choice) for choice in rule)),
    "const": (object, lambda rule, *_: lambda value: _equal(value, rule)),
    "allOf": (object, _all_of),
    "anyOf": (object, _any_of),
    "oneOf": (object, _one_of),
    "not": (object, _not),
    "minLength": (str, lambda rule, *_: lambda value: len(value) >= rule),
    "maxLength": (str, lambda rule, *_: lambda value: len(value) <= rule),
    "pattern": (str, _pattern),
    "minimum": (NUMBER, lambda rule, *_: lambda value: isinstance(value, bool) or value >= rule),
    "maximum": (NUMBER, lambda rule, *_: lambda value: isinstance(value, bool) or value <= rule),
    "exclusiveMinimum": (NUMBER, lambda rule, *_: lambda value: isinstance(value, bool) or value > rule),
    "exclusiveMaximum": (NUMBER, lambda rule, *_: lambda value: isinstance(value, bool) or value < rule),
    "items": (list, _items),
    "minItems": (list, lambda rule, *_: lambda value: len(value) >= rule),
    "maxItems": (list, lambda rule, *_: lambda value: len(value) <= rule),
    "uniqueItems": (list, _unique),
    "required": (dict, lambda rule, *_: lambda value: all(name in value for name in rule)),
    "properties": (dict, _properties),
    "patternProperties": (dict, _pattern_properties),
    "additionalProperties": (dict, _additional_properties),
    "propertyNames": (dict, _names),
    "minProperties": (dict, lambda rule, *_: lambda value: len(value) >= rule),
    "maxProperties": (dict, lambda rule, *_: lambda value: len(value) <= rule),
    "dependencies": (dict, _dependencies),
}
"""The words that are known: what kind of value each speaks of, and what makes its check. Every other kind of value keeps it."""
