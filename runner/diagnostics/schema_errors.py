"""Translate JSON Schema errors into plain messages: one Violation for each mistake.

The raw messages of `oneOf` and `anyOf` are never shown: the branch that fits the value's type is followed, and a
rule between several keys speaks through the `$comment` of the subschema that failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import closest, listing, nearest, show
from runner.diagnostics.value_errors import choice, expected, form, out_of_range, wrong_type
from runner.diagnostics.violation import TYPE_WORDS, Violation, name_of
from runner.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.diagnostics.violation import Language, ValidationError
    from runner.records.source import DocPath, Json

RULE_WORDS: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "then", "else", "dependencies"})


def violations(
    errors: Iterable[ValidationError], root: Mapping[str, Json], language: Language = "yaml"
) -> list[Violation]:
    """Translate the errors of a Draft 7 validator over `root`; one mistake is one Violation."""
    found: dict[tuple[object, ...], Violation] = {}
    for error in sorted(errors, key=_order):
        for violation in _explain(error, root, language):
            found.setdefault(_mistake(violation), violation)
    return list(found.values())


def without_misspelt(found: Iterable[Violation]) -> list[Violation]:
    """Drop the missing keys that are present under a misspelt name."""
    known = list(found)
    misspelt = {(item.path, item.meant) for item in known if item.meant is not None}
    return [item for item in known if item.sort != "missing" or (item.path, item.key) not in misspelt]


def _order(error: ValidationError) -> tuple[list[str], bool]:
    """Sort errors: the validator's own order is not stable, and a pattern explains least."""
    return list(map(str, error.absolute_path)), error.validator == "pattern"


def _mistake(violation: Violation) -> tuple[object, ...]:
    """Return a key that is equal for violations of one mistake: a value that is wrong in two ways is one."""
    is_value = violation.sort in ("type", "range", "choice", "form")
    return violation.path, violation.key, None if is_value else (violation.sort, violation.message)


def _explain(error: ValidationError, root: Mapping[str, Json], language: Language) -> Iterator[Violation]:
    nodes = _nodes(error, root)
    path: DocPath = tuple(error.absolute_path)
    comment = _rule_comment(error, nodes)
    if comment is not None and (language == "yaml" or error.validator in RULE_WORDS):
        names = _spoken_of(error, nodes)
        remedy = "keep one of them" if error.validator == "oneOf" else f"change or remove {' or '.join(names)}"
        yield Violation(sort="rule", path=path, message=comment, names=names, help=remedy if names else None)
        return
    for violation in _by_keyword(error, path, root, language):
        yield violation if comment is None else replace(violation, help=comment)


def _by_keyword(
    error: ValidationError, path: DocPath, root: Mapping[str, Json], language: Language
) -> Iterator[Violation]:
    match error.validator:
        case "additionalProperties":
            yield from _unknown(error, path, language)
        case "required":
            for name in error.validator_value:
                if name not in error.instance:
                    yield _missing(error, path, name, language)
        case "anyOf" | "oneOf":
            yield from _branches(error, path, root, language)
        case "type":
            yield wrong_type(error, path, language)
        case "enum" if "propertyNames" in error.absolute_schema_path:
            yield _unknown_key(path, error.instance, error.validator_value, language)
        case "enum" | "const":
            yield choice(error, path, language)
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf":
            yield out_of_range(error, path, language)
        case "pattern" | "minLength" | "maxLength" | "minItems" | "maxItems" | "uniqueItems" | "minProperties":
            yield form(error, path, language)
        case _:
            names = _spoken_of(error, _nodes(error, root))
            yield Violation(sort="rule", path=path, message=f"these do not go together: {listing(names)}", names=names)


def _missing(error: ValidationError, path: DocPath, name: str, language: Language) -> Violation:
    value = error.schema.get("properties", {}).get(name, {}).get("const", "…")
    entry = f"{name}: {value}" if language == "yaml" else f'"{name}": {show(value) if value != "…" else value}'
    message = f"{name if language == 'yaml' else name_of((*path, name), language)} is missing"
    return Violation(sort="missing", path=path, key=name, message=message, help=f"add `{entry}`")


def _unknown(error: ValidationError, path: DocPath, language: Language) -> Iterator[Violation]:
    known = list(error.schema.get("properties", {}))
    prefixes = tuple(pattern.removeprefix("^") for pattern in error.schema.get("patternProperties", {}))
    for key in error.instance:
        if key not in known and not (prefixes and key.startswith(prefixes)):
            found = _unknown_key(path, key, known, language)
            meant = closest(key, known)
            remedy = nearest(key, known) or _under_params(path) or _remove(key, prefixes)
            yield replace(found, help=remedy, meant=None if meant in error.instance else meant)


def _unknown_key(path: DocPath, key: str, known: Iterable[str], language: Language) -> Violation:
    message = f"unknown key {show(key) if language == 'yaml' else name_of((*path, key), language)}"
    return Violation(sort="unknown", path=path, key=key, message=message, allowed=listing(known), help="remove it")


def _under_params(path: DocPath) -> str | None:
    is_job = len(path) == 2 and path[0] == "jobs"
    return "a parameter of the model goes under params" if is_job else None


def _remove(key: str, prefixes: tuple[str, ...]) -> str:
    """Return the remedy for an unknown key that resembles no known one."""
    return f"remove it, or call it {prefixes[0]}{key}" if prefixes else "remove it"


def _branches(
    error: ValidationError, path: DocPath, root: Mapping[str, Json], language: Language
) -> Iterator[Violation]:
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [group for group in branches.values() if not any(_is_other_type(inner) for inner in group)]
    if fitting:
        for inner in min(fitting, key=len):
            yield from _explain(inner, root, language)
        return
    wanted = [_title(_deref(branch, root)) for branch in error.validator_value]
    yield expected(path, wanted, error.instance, language)


def _is_other_type(error: ValidationError) -> bool:
    return error.validator == "type" and not error.relative_path


def _title(branch: Mapping[str, Json]) -> str:
    title = branch.get("title") or TYPE_WORDS.get(str(branch.get("type")))
    return str(title or "something else")


def _nodes(error: ValidationError, root: Mapping[str, Json]) -> list[Json]:
    """Return every subschema from the root to the one that failed, along the error's path."""
    node: Json = _deref(root, root)
    nodes = [node]
    for step in list(error.absolute_schema_path)[:-1]:
        node = _deref(node[step], root)
        nodes.append(node)
    return nodes


def _deref(node: Json, root: Mapping[str, Json]) -> Json:
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        target: Json = root
        for part in node["$ref"].split("/")[1:]:
            target = target[part]
        node = target
    return node


def _rule_comment(error: ValidationError, nodes: list[Json]) -> str | None:
    """Return the deepest `$comment` from the first rule keyword on: that sentence explains the rule."""
    steps = list(error.absolute_schema_path)
    chosen = len(steps) - len(error.relative_schema_path)  # a branch that was followed is no rule
    first = next((index for index, step in enumerate(steps) if index >= chosen and step in RULE_WORDS), None)
    if first is None:
        return None
    candidates = [*nodes[max(first, 1) :], error.validator_value]
    comments = [
        node["$comment"] for node in candidates if isinstance(node, dict) and isinstance(node.get("$comment"), str)
    ]
    return str(comments[-1]) if comments else None


def _spoken_of(error: ValidationError, nodes: list[Json]) -> tuple[str, ...]:
    """List the keys in a failed rule: those of the part that failed, then those of its condition."""
    names = dict.fromkeys(_mentioned(nodes[-1]))
    for step, holder in zip(error.absolute_schema_path, nodes, strict=True):
        if step in ("then", "else"):
            names |= dict.fromkeys(_mentioned(holder.get("if")))
    return tuple(names)


def _mentioned(node: Json) -> tuple[str, ...]:
    """List the keys in a subschema, in order."""
    names: dict[str, None] = {}
    if isinstance(node, dict):
        for word, value in node.items():
            if word == "required" or (word in ("properties", "dependencies") and isinstance(value, dict)):
                names |= dict.fromkeys(value)
            elif word not in ("enum", "const", "default", "examples"):
                names |= dict.fromkeys(_mentioned(value))
    elif isinstance(node, list):
        for item in node:
            names |= dict.fromkeys(_mentioned(item))
    return tuple(names)
