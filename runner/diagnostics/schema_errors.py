"""What a JSON Schema says about a value, in words a person can act on: one Finding for each thing wrong.

The raw messages of `oneOf` and `anyOf` are never shown: the branch that fits the value's type is followed, and a
rule between several keys speaks through the `$comment` of the subschema that failed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from runner.diagnostics.messages import closest, kind, listing, nearest, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.records.source import DocPath, Json

Sort: TypeAlias = Literal["unknown", "missing", "type", "range", "choice", "form", "rule"]
_Error: TypeAlias = Any
"""A jsonschema ValidationError, whose stubs call every field possibly unset."""

RULE_WORDS = frozenset({"allOf", "anyOf", "oneOf", "not", "then", "else", "dependencies"})
TYPE_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
BOOLEANS = dict.fromkeys(("yes", "y", "on"), "write true") | dict.fromkeys(("no", "n", "off"), "write false")
FEW = 3
WITH_UNIT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?\s*[A-Za-z%]+")
GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
NAME_PARTS = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong at `path`; `key` is the unknown, missing or misnamed key, `meant` what it surely stands for;
    `wanted` the type that a value should have; `names` the keys a rule speaks of."""

    sort: Sort
    path: DocPath
    message: str
    key: str | None = None
    allowed: str | None = None
    help: str | None = None
    names: tuple[str, ...] = ()
    meant: str | None = None
    wanted: str | None = None

    @property
    def place(self) -> DocPath:
        """The path of the value or key that is wrong."""
        return self.path if self.key is None else (*self.path, self.key)


def findings(errors: Iterable[_Error], root: Mapping[str, Json]) -> list[Finding]:
    """Translate the errors of a Draft 7 validator over `root`; one mistake is said once."""
    found: dict[tuple[object, ...], Finding] = {}
    for error in sorted(errors, key=_order):
        for finding in _explain(error, root):
            found.setdefault(_mistake(finding), finding)
    return list(found.values())


def _order(error: _Error) -> tuple[list[str], bool]:
    """Put errors in order: the validator goes through the keys of a mapping as through a set; a pattern says least."""
    return list(map(str, error.absolute_path)), error.validator == "pattern"


def _mistake(finding: Finding) -> tuple[object, ...]:
    """Return what two findings share that come from one mistake: a value that is wrong in two ways is one."""
    is_value = finding.sort in ("type", "range", "choice", "form")
    return finding.path, finding.key, None if is_value else (finding.sort, finding.message)


def _explain(error: _Error, root: Mapping[str, Json]) -> Iterator[Finding]:
    nodes = _nodes(error, root)
    path: DocPath = tuple(error.absolute_path)
    comment = _rule_comment(error, nodes)
    if comment is not None:
        names = _spoken_of(error, nodes)
        remedy = "keep one of them" if error.validator == "oneOf" else f"change or remove {' or '.join(names)}"
        yield Finding(sort="rule", path=path, message=comment, names=names, help=remedy if names else None)
        return
    match error.validator:
        case "additionalProperties":
            yield from _unknown(error, path)
        case "required":
            for name in error.validator_value:
                if name not in error.instance:
                    yield Finding(
                        sort="missing", path=path, key=name, message=f"{name} is missing", help=_add(name, error.schema)
                    )
        case "anyOf" | "oneOf":
            yield from _branches(error, path, root)
        case "type":
            yield _wrong_type(error, path)
        case "enum" | "const":
            yield _choice(error, path)
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf":
            yield _range(error, path)
        case "pattern" | "minLength" | "maxLength" | "minItems" | "maxItems" | "uniqueItems" | "minProperties":
            yield _form(error, path)
        case _:
            names = _spoken_of(error, nodes)
            yield Finding(sort="rule", path=path, message=f"these do not go together: {listing(names)}", names=names)


def _add(name: str, schema: Mapping[str, Json]) -> str:
    value = schema.get("properties", {}).get(name, {}).get("const", "…")
    return f"add `{name}: {value}`"


def _unknown(error: _Error, path: DocPath) -> Iterator[Finding]:
    known = list(error.schema.get("properties", {}))
    prefixes = tuple(pattern.removeprefix("^") for pattern in error.schema.get("patternProperties", {}))
    for key in error.instance:
        if key not in known and not (prefixes and key.startswith(prefixes)):
            meant = closest(key, known)
            yield Finding(
                sort="unknown",
                path=path,
                key=key,
                message=f"unknown key {show(key)}",
                allowed=listing(known),
                help=nearest(key, known) or _under_params(path) or _remove(key, prefixes),
                meant=None if meant in error.instance else meant,
            )


def _under_params(path: DocPath) -> str | None:
    is_job = len(path) == 2 and path[0] == "jobs"
    return "a parameter of the model goes under params" if is_job else None


def _remove(key: str, prefixes: tuple[str, ...]) -> str:
    """Say how to get rid of a key that nothing is like, or how to keep it."""
    return f"remove it, or call it {prefixes[0]}{key}" if prefixes else "remove it"


def _branches(error: _Error, path: DocPath, root: Mapping[str, Json]) -> Iterator[Finding]:
    branches: dict[int, list[_Error]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [group for group in branches.values() if not any(_is_other_type(inner) for inner in group)]
    if fitting:
        for inner in min(fitting, key=len):
            yield from _explain(inner, root)
        return
    wanted = " or ".join(_title(_deref(branch, root)) for branch in error.validator_value)
    yield _expected(path, wanted, error.instance)


def _is_other_type(error: _Error) -> bool:
    return error.validator == "type" and not error.relative_path


def _title(branch: Mapping[str, Json]) -> str:
    title = branch.get("title") or TYPE_WORDS.get(str(branch.get("type")))
    return str(title or "something else")


def _wrong_type(error: _Error, path: DocPath) -> Finding:
    types = error.validator_value
    names = [types] if isinstance(types, str) else list(types)
    return _expected(path, " or ".join(TYPE_WORDS[name] for name in names), error.instance)


def _expected(path: DocPath, wanted: str, value: Json) -> Finding:
    remedy = None
    if isinstance(value, str) and "number" in wanted and _is_quoted_number(value):
        remedy = f"write {value.strip()} without quotes"
    elif isinstance(value, str) and "number" in wanted and GROUPED.fullmatch(value):
        remedy = f"write {value.replace(',', '')}"
    elif isinstance(value, float) and wanted == "a whole number":
        remedy = f"write {round(value)}"
    elif isinstance(value, str) and "number" in wanted and WITH_UNIT.fullmatch(value):
        remedy = "write the number without its unit"
    elif wanted.startswith("text") and isinstance(value, bool | int | float):
        remedy = f'quote it: "{show(value)}"'
    elif wanted == "true or false" and isinstance(value, str):
        remedy = BOOLEANS.get(value.lower())
    elif wanted == "a mapping":
        remedy = _as_mapping(path, value)
    elif isinstance(value, list) and wanted.startswith("text") and all(isinstance(item, str) for item in value):
        remedy = f'quote it: "[{", ".join(value)}]"'
    elif wanted == "a list" and isinstance(value, str | int | float):
        remedy = f"write [{value}]"
    elif isinstance(value, list):
        remedy = "write one value, without brackets"
    if value is None:
        remedy = "give it a value, or remove it"
    got = kind(value) if isinstance(value, list | dict) or value is None else show(value)
    message = f"{name_of(path)} is {got}, not {wanted}"
    return Finding(
        sort="type", path=path, message=message, allowed=wanted, help=remedy or f"write {wanted}", wanted=wanted
    )


def _as_mapping(path: DocPath, value: Json) -> str | None:
    """Say how a mapping is written to someone who wrote a list, or forgot a space after a colon."""
    if isinstance(value, list):
        is_entries = all(isinstance(item, dict) and len(item) == 1 for item in value)
        return "take the dashes away" if is_entries and path != ("jobs",) else "write a name and a colon for each dash"
    name, colon, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    return f"put a space after the colon: {name}: {rest}" if colon and " " not in name else None


def _is_quoted_number(value: str) -> bool:
    return value.strip().replace(".", "", 1).removeprefix("-").isdecimal()


def _choice(error: _Error, path: DocPath) -> Finding:
    choices = [error.validator_value] if error.validator == "const" else list(error.validator_value)
    words = [choice for choice in choices if isinstance(choice, str)]
    remedy = nearest(error.instance, words) if isinstance(error.instance, str) else None
    if isinstance(error.instance, str) and error.instance in [show(choice) for choice in choices]:
        remedy = f"write {error.instance} without quotes"
    if remedy is None and len(choices) <= FEW:
        remedy = f"write {' or '.join(show(choice).strip(chr(34)) for choice in choices)}"
    return Finding(
        sort="choice",
        path=path,
        message=f"{name_of(path)} is {show(error.instance)}",
        allowed=listing(choices),
        help=remedy,
    )


def _range(error: _Error, path: DocPath) -> Finding:
    return Finding(
        sort="range",
        path=path,
        message=f"{name_of(path)} is {show(error.instance)}",
        allowed=allowed_range(error.schema),
        help=error.schema.get("$comment") or _into_range(error.instance, error.schema),
    )


def _into_range(value: Json, schema: Mapping[str, Json]) -> str | None:
    """Say which way a number has to go."""
    low, high = _plain_number(schema.get("minimum")), _plain_number(schema.get("maximum"))
    if high is not None and value > high:
        return f"write {show(high)} or less"
    if low is not None and value < low:
        return f"write {show(low)} or more"
    above = schema.get("exclusiveMinimum")
    return f"write more than {show(_plain_number(above))}" if above is not None and value <= above else None


def _plain_number(limit: Json) -> Json:
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def allowed_range(schema: Mapping[str, Json]) -> str:
    """Say the range of a number: `30 to 300`, `at least 1`, `above 0`, in steps where there are any."""
    low, high, above, below, step = (
        _plain_number(schema.get(word))
        for word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
    )
    if low is not None and high is not None:
        words = f"{show(low)} to {show(high)}"
    else:
        parts = [
            f"at least {show(low)}" if low is not None else "",
            f"above {show(above)}" if above is not None else "",
            f"at most {show(high)}" if high is not None else "",
            f"below {show(below)}" if below is not None else "",
        ]
        words = " and ".join(filter(None, parts))
    return words + (f" in steps of {show(step)}" if step is not None else "").removeprefix("" if words else " ")


def _form(error: _Error, path: DocPath) -> Finding:
    schema, value, limit = error.schema, error.instance, error.validator_value
    key = value if "propertyNames" in error.absolute_schema_path else None
    subject = f"the name {show(value)}" if key is not None else name_of(path)
    size = f"{len(value):,}" if hasattr(value, "__len__") else ""
    allowed: str | None
    remedy: str | None = None
    match error.validator:
        case "maxLength":
            message, allowed = f"{subject} has {size} characters", f"up to {limit:,} characters"
            remedy = f"take {len(value) - limit:,} characters out"
        case "minLength":
            message = f"{subject} is empty" if not value else f"{subject} has {size} characters"
            allowed = f"at least {limit:,} characters" if limit > 1 else "some text"
            remedy = "write a text, or take the key out" if not value else "write a longer text"
        case "maxItems":
            message, allowed = f"{subject} has {size} items", f"up to {limit:,} items"
            remedy = f"take {len(value) - limit:,} out"
        case "minItems" | "minProperties":
            message, allowed = (
                f"{subject} is empty" if not value else f"{subject} has {size} items",
                f"at least {limit} item{'' if limit == 1 else 's'}",
            )
            remedy = "add one, or take the key out" if not value else "add one"
        case "uniqueItems":
            message, allowed = f"{subject} names something twice", "each item once"
            remedy = "take the second one out"
        case _:
            message = f"{subject} has the wrong form" if key is not None else f"{subject} is {show(value)}"
            allowed = schema.get("$comment") or _pattern(schema)
    meant = _renamed(key, limit) if key is not None and error.validator == "pattern" else None
    remedy = f"write {meant}" if meant else remedy
    return Finding(sort="form", path=path, key=key, message=message, allowed=allowed, help=remedy, meant=meant)


def _renamed(name: str, pattern: str) -> str | None:
    """Suggest a name that fits: in lower case, with dashes or underscores."""
    candidates = [joint.join(NAME_PARTS.findall(text)) for text in (name, name.lower()) for joint in ("-", "_")]
    return next((candidate for candidate in candidates if candidate and re.search(pattern, candidate)), None)


def _pattern(schema: Mapping[str, Json]) -> str:
    examples = schema.get("examples") or ()
    return f"for example {show(examples[0])}" if examples else f"text that matches {schema.get('pattern')}"


def name_of(path: DocPath) -> str:
    """Name a place by its last key: `bpm`, `images[2]`."""
    name = ""
    for part in reversed(path):
        if isinstance(part, str):
            return part + name
        name = f"[{part}]{name}"
    return name or "the file"


def _nodes(error: _Error, root: Mapping[str, Json]) -> list[Json]:
    """Return every subschema from the root to the one that failed, along the error's path."""
    node: Json = _deref(root, root)
    nodes = [node]
    for step in list(error.absolute_schema_path)[:-1]:
        node = _deref(node[step], root)
        nodes.append(node)
    return nodes


def _deref(node: Json, root: Mapping[str, Json]) -> Json:
    while isinstance(node, dict) and "$ref" in node:
        target: Json = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _rule_comment(error: _Error, nodes: list[Json]) -> str | None:
    """Return the deepest `$comment` from the first rule keyword on: that sentence says what the rule means."""
    steps = list(error.absolute_schema_path)
    first = next((index for index, step in enumerate(steps) if step in RULE_WORDS), None)
    if first is None:
        return None
    candidates = [*nodes[max(first, 1) :], error.validator_value]
    comments = [node["$comment"] for node in candidates if isinstance(node, dict) and "$comment" in node]
    return str(comments[-1]) if comments else None


def _spoken_of(error: _Error, nodes: list[Json]) -> tuple[str, ...]:
    """List the keys a failed rule speaks of: those of the part that failed, then those of its condition."""
    names = dict.fromkeys(_mentioned(nodes[-1]))
    for step, holder in zip(error.absolute_schema_path, nodes, strict=True):
        if step in ("then", "else"):
            names |= dict.fromkeys(_mentioned(holder.get("if")))
    return tuple(names)


def _mentioned(node: Json) -> tuple[str, ...]:
    """List the keys a subschema speaks of, in order."""
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
