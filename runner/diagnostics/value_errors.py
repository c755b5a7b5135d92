"""Messages for values of the wrong type, out of range, not among the choices or of the wrong form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import kind, listing, nearest, show
from runner.diagnostics.sensitive import hidden
from runner.diagnostics.violation import TYPE_WORDS, Violation, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.diagnostics.violation import Language, ValidationError
    from runner.records.source import DocPath, Json

BOOLEANS: Final = dict.fromkeys(("yes", "y", "on"), "write true") | dict.fromkeys(("no", "n", "off"), "write false")
FEW: Final = 3
WITH_UNIT: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?\s*[A-Za-z%]+")
GROUPED: Final = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
CLOCK: Final = re.compile(r"[0-9]{1,3}:[0-5][0-9]")
NAME_PARTS: Final = re.compile(r"[A-Za-z0-9]+")


def wrong_type(error: ValidationError, path: DocPath, language: Language) -> Violation:
    """Build the finding that a value has the wrong type."""
    types = error.validator_value
    names = [types] if isinstance(types, str) else list(types)
    return expected(path, [TYPE_WORDS[name] for name in names], error.instance, language)


def expected(path: DocPath, types: Iterable[str], value: Json, language: Language) -> Violation:
    """Build the finding that a value has none of `types`, and how to write it."""
    known, value = list(dict.fromkeys(types)), hidden(path, value)
    wanted = " or ".join([word for word in known if word != "null"] or known)
    empty = "empty" if language == "yaml" else "null"
    got = empty if value is None else kind(value) if isinstance(value, list | dict) else show(value)
    return Violation(
        sort="type",
        path=path,
        message=f"{name_of(path, language)} is {got}, not {wanted}",
        allowed=f"{wanted} or null" if "null" in known and wanted != "null" else wanted,
        help=_as_wanted(path, wanted, value, language) or f"write {wanted}",
        wanted=wanted,
    )


def _as_wanted(path: DocPath, wanted: str, value: Json, language: Language) -> str | None:
    """Return how to write the value with the wanted type."""
    match value:
        case None:
            return "give it a value, or remove it"
        case str() if "number" in wanted:
            return _as_number(value)
        case str() if wanted == "true or false":
            return BOOLEANS.get(value.lower())
        case bool() | int() | float() if wanted.startswith("text"):
            return f'write "{show(value)}"'
        case float() if wanted == "a whole number":
            return f"write {round(value)}"
        case list() if wanted.startswith("text") and all(isinstance(item, str) for item in value):
            return f'write "[{", ".join(value)}]"'
        case str() | int() | float() if wanted == "a list":
            return f"write [{value if language == 'yaml' else show(value)}]"
        case _ if wanted == "a mapping" and language == "yaml":
            return _as_mapping(path, value)
        case list():
            return "write one value, without brackets"
        case _:
            return None


def _as_number(text: str) -> str | None:
    if text.strip().replace(".", "", 1).removeprefix("-").isdecimal():
        return f"write {text.strip()} without quotes"
    if GROUPED.fullmatch(text):
        return f"write {text.replace(',', '')}"
    if CLOCK.fullmatch(text):
        minutes, _, seconds = text.partition(":")
        return f"write {60 * int(minutes) + int(seconds)}"
    return "write the number without its unit" if WITH_UNIT.fullmatch(text) else None


def _as_mapping(path: DocPath, value: Json) -> str | None:
    """Return how to write a mapping, for a list or a missing space after a colon."""
    if isinstance(value, list):
        is_entries = all(isinstance(item, dict) and len(item) == 1 for item in value)
        return "remove the dashes" if is_entries and path != ("jobs",) else "write a name and a colon for each dash"
    name, colon, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    return f"put a space after the colon: {name}: {rest}" if colon and " " not in name else None


def choice(error: ValidationError, path: DocPath, language: Language) -> Violation:
    """Build the finding that a value is not among the choices."""
    choices = [error.validator_value] if error.validator == "const" else list(error.validator_value)
    value = hidden(path, error.instance)
    words = [item for item in choices if isinstance(item, str)]
    remedy = nearest(value, words) if isinstance(value, str) else None
    if isinstance(value, str) and value in [show(item) for item in choices]:
        remedy = f"write {value} without quotes"
    if remedy is None and len(choices) <= FEW:
        written = [show(item) if language == "json" else show(item).strip('"') for item in choices]
        remedy = f"write {' or '.join(written)}"
    return Violation(
        sort="choice",
        path=path,
        message=f"{name_of(path, language)} is {kind(value) if isinstance(value, list | dict) else show(value)}",
        allowed=listing(choices),
        help=remedy or "write one of these",
    )


def out_of_range(error: ValidationError, path: DocPath, language: Language) -> Violation:
    """Build the finding that a number is out of range."""
    return Violation(
        sort="range",
        path=path,
        message=f"{name_of(path, language)} is {show(hidden(path, error.instance))}",
        allowed=_range(error.schema),
        help=error.schema.get("$comment") or _into_range(error.instance, error.schema),
    )


def _into_range(value: Json, schema: Mapping[str, Json]) -> str | None:
    """Return the remedy for a number out of range."""
    low, high = _plain_number(schema.get("minimum")), _plain_number(schema.get("maximum"))
    if high is not None and value > high:
        return f"write {show(high)} or less"
    if low is not None and value < low:
        return f"write {show(low)} or more"
    above = schema.get("exclusiveMinimum")
    return f"write more than {show(_plain_number(above))}" if above is not None and value <= above else None


def _plain_number(limit: Json) -> Json:
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _range(schema: Mapping[str, Json]) -> str:
    """Describe the range of a number: `30 to 300`, `at least 1`, `above 0`, in steps where there are any."""
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


def form(error: ValidationError, path: DocPath, language: Language) -> Violation:
    """Build the finding that a text or a list has the wrong length or form."""
    value, limit = error.instance, error.validator_value
    seen = hidden(path, value)
    is_name = "propertyNames" in error.absolute_schema_path
    subject = f"the name {show(value)}" if is_name else name_of(path, language)
    meant: str | None = None
    remedy: str | None
    match error.validator:
        case "maxLength":
            message, allowed = f"{subject} has {len(value):,} characters", f"up to {limit:,} characters"
            remedy = f"shorten it by {_count(len(value) - limit, 'character')}"
        case "minLength":
            message = f"{subject} has {len(value):,} characters" if value else f"{subject} is empty"
            allowed = f"at least {limit:,} characters" if limit > 1 else "some text"
            remedy = "write a longer text" if value else "write a text, or remove the key"
        case "maxItems":
            message, allowed = f"{subject} has {len(value):,} items", f"up to {limit:,} items"
            remedy = f"remove {_count(len(value) - limit, 'item')}"
        case "minItems" | "minProperties":
            message = f"{subject} has {len(value):,} items" if value else f"{subject} is empty"
            allowed = f"at least {_count(limit, 'item')}"
            remedy = "add one" if value else "add one, or remove the key"
        case "uniqueItems":
            message, allowed = f"{subject} has the same item twice", "each item once"
            remedy = "remove the second one"
        case _:
            message = f"{subject} has the wrong form" if is_name else f"{subject} is {show(seen)}"
            allowed = error.schema.get("$comment") or _pattern(error.schema)
            meant = _renamed(value, limit) if is_name else None
            remedy = f"write {meant}" if meant else _example(error.schema)
    key = value if is_name else None
    return Violation(sort="form", path=path, key=key, message=message, allowed=allowed, help=remedy, meant=meant)


def _example(schema: Mapping[str, Json]) -> str | None:
    return (
        f"write a value such as {show(schema['examples'][0])}"
        if "$comment" in schema and "examples" in schema
        else None
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _renamed(name: str, pattern: str) -> str | None:
    """Suggest a name that fits: in lower case, with dashes or underscores."""
    if not name.isascii():
        return None
    candidates = [joint.join(NAME_PARTS.findall(text)) for text in (name, name.lower()) for joint in ("-", "_")]
    return next((candidate for candidate in candidates if candidate and re.search(pattern, candidate)), None)


def _pattern(schema: Mapping[str, Json]) -> str:
    examples = schema.get("examples") or ()
    return f"for example {show(examples[0])}" if examples else f"text that matches {schema.get('pattern')}"
