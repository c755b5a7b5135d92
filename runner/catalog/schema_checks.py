"""Check a project's own model and provider files against their meta-schemas; messages are those of pipelines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import nearest, show
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.diagnostics.json_document import JsonDocument
    from runner.diagnostics.violation import Violation
    from runner.records.source import DocPath, Json

Node = tuple["DocPath", "Json"]
REF: Final = re.compile(r"#/definitions/([A-Za-z0-9_.-]+)")
SUBSCHEMAS: Final = ("not", "if", "then", "else", "items", "additionalItems", "contains", "propertyNames")
LISTS: Final = ("allOf", "anyOf", "oneOf", "items")
MAPPINGS: Final = ("properties", "patternProperties", "definitions", "dependencies")
SAME_VALUE: Final = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
"""Words whose subschemas are about the same value: a reference that comes back through these alone never ends."""


def model_problems(document: JsonDocument, meta: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Return what is wrong with a model file alone; what depends on a wrong part is not checked."""
    from jsonschema import Draft7Validator  # 85 ms that a run of shipped models does not need

    if not isinstance(document.data, dict):
        return _violations(document, meta)
    as_schema = _violations(document, Draft7Validator.META_SCHEMA)
    if as_schema:
        return (*as_schema, *_elsewhere(_violations(document, meta), as_schema))
    unreadable = (*_violations(document, meta), *_bad_patterns(document), *_bad_references(document))
    return unreadable or tuple(_bad_defaults(document))


def provider_problems(document: JsonDocument, meta: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Return what is wrong with the shape of a provider file."""
    return _violations(document, meta)


def _violations(document: JsonDocument, meta: Mapping[str, Json]) -> tuple[Problem, ...]:
    from runner.diagnostics.json_schema import validator
    from runner.diagnostics.schema_errors import violations, without_misspelt

    found = violations(validator(meta).iter_errors(document.data), meta, "json")
    return tuple(_problem(document, item) for item in without_misspelt(found))


def _problem(document: JsonDocument, violation: Violation) -> Problem:
    is_key = violation.key is not None
    return Problem(
        code="SF301",
        message=violation.message,
        mark=document.key_mark(violation.place) if is_key else document.mark(violation.path),
        path=violation.place,
        allowed=violation.allowed,
        help=violation.help,
    )


def _elsewhere(problems: tuple[Problem, ...], reported: tuple[Problem, ...]) -> Iterator[Problem]:
    """Yield the problems at other places than those of `reported`."""
    places = {problem.path for problem in reported}
    return (problem for problem in problems if problem.path not in places)


# ---------------------------------------------------------------- what draft-07 itself does not say


def _subschemas(node: Json, path: DocPath = ()) -> Iterator[Node]:
    """Yield a schema and every schema inside it, each with its path."""
    if not isinstance(node, dict):
        return
    yield path, node
    for word in SUBSCHEMAS:
        yield from _subschemas(node.get(word), (*path, word))
    for word in LISTS:
        for index, inner in enumerate(node[word] if isinstance(node.get(word), list) else ()):
            yield from _subschemas(inner, (*path, word, index))
    for word in MAPPINGS:
        for name, inner in (node.get(word) or {}).items():
            yield from _subschemas(inner, (*path, word, name))
    yield from _subschemas(node.get("additionalProperties"), (*path, "additionalProperties"))


def _bad_patterns(document: JsonDocument) -> Iterator[Problem]:
    for path, node in _subschemas(document.data):
        written = [((*path, "pattern"), node["pattern"])] if "pattern" in node else []
        written += [((*path, "patternProperties", name), name) for name in node.get("patternProperties", ())]
        for place, pattern in written:
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                message = f"{_name(place)} is not a regular expression: {getattr(error, 'msg', error)}"
                remedy = "correct the pattern; a literal sign needs a backslash, which JSON writes twice"
                yield _at(document, place, message, remedy)


def _bad_references(document: JsonDocument) -> Iterator[Problem]:
    """Report references that lead out of the file, to nothing, or in a circle."""
    definitions: Mapping[str, Json] = document.data.get("definitions", {})
    for path, node in _subschemas(document.data):
        for word in ("$id", "id"):
            if word in node:
                message = f"{_name((*path, word))} is not used here: every reference stays inside the file"
                yield _at(document, (*path, word), message, "remove it")
        if "$ref" not in node:
            continue
        place, reference = (*path, "$ref"), node["$ref"]
        found = REF.fullmatch(reference)
        if found is None:
            message = f"{_name(place)} is {show(reference)}"
            yield _at(document, place, message, "move what it refers to into definitions", "#/definitions/NAME")
        elif found[1] not in definitions:
            message = f"{_name(place)} refers to {found[1]}, and definitions has no {found[1]}"
            yield _at(document, place, message, nearest(found[1], definitions) or "define it under definitions")
        elif path[:1] == ("definitions",) and _leads_back(found[1], definitions):
            yield _at(document, place, f"{_name(place)} leads back to itself", "define it without this reference")


def _leads_back(name: str, definitions: Mapping[str, Json]) -> bool:
    """Tell whether a definition refers to itself for the same value, by way of others too."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        for other in _same_value_references(definitions.get(todo.pop())):
            if other == name:
                return True
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return False


def _same_value_references(node: Json) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        found = REF.fullmatch(node["$ref"])
        yield from (found[1],) if found else ()
        return
    for word in SAME_VALUE:
        inner = node.get(word)
        for part in inner if isinstance(inner, list) else [inner]:
            yield from _same_value_references(part)


def _bad_defaults(document: JsonDocument) -> Iterator[Problem]:
    from runner.diagnostics.json_schema import validator
    from runner.diagnostics.schema_errors import violations

    data = document.data
    rules_of = validator(data)
    for name, rules in data["properties"].items():
        if "default" not in rules:
            continue
        errors = list(rules_of.descend(rules["default"], rules, path="default", schema_path=name))
        for error in errors:
            error.path.extendleft((name, "properties"))
            error.schema_path.appendleft("properties")
        for violation in violations(errors, data, "json")[:1]:
            mark = document.mark(("properties", name, "default"))
            yield Problem(
                code="SF305",
                message=violation.message,
                mark=mark,
                path=violation.place,
                allowed=violation.allowed,
                help=violation.help,
            )


def _name(path: DocPath) -> str:
    from runner.diagnostics.violation import name_of

    return name_of(path, "json")


def _at(document: JsonDocument, path: DocPath, message: str, remedy: str, allowed: str | None = None) -> Problem:
    return Problem(code="SF301", message=message, mark=document.mark(path), path=path, allowed=allowed, help=remedy)
