"""The values of templates: texts, lists and numbers within limits, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.source import Json

MAX_CHARACTERS: Final = 100_000
MAX_ITEMS: Final = 10_000
MAX_NUMBER: Final = 2**64
MAX_DEPTH: Final = 64
MAX_VALUES: Final = 100_000
MAX_WORK_IN_ALL: Final = 2_000_000
HIDDEN_NAMES: Final = frozenset({"self", "super", "caller", "varargs", "kwargs"})
"""The names that Jinja gives to templates of its own accord."""


class RefusedError(Exception):
    """A template does something that templates may not do; `code` is the kind of problem."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotTextError(RefusedError):
    """A list or mapping in a place where text needs a single value."""

    def __init__(self, value: Any) -> None:
        super().__init__("SF218", f"text needs a single value, not {kind(value)}")
        self.value = value


class MissingNameError(Exception):
    """A missing name or key was used; `owner` is the value it was looked up in, None for a plain name."""

    def __init__(self, message: str | None, name: str | None, owner: object) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner


class Absent:
    """An undefined value; using it, as text too, raises MissingNameError."""

    __slots__ = ()


class SharedWork:
    """The work that is left to all templates of a pipeline together."""

    left = MAX_WORK_IN_ALL

    def begin(self) -> None:
        """Give the templates of a pipeline the allowance that they share."""
        self.left = MAX_WORK_IN_ALL


SHARED_WORK: Final = SharedWork()


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def bounded(value: float) -> float:
    if not math.isfinite(value) or abs(value) >= MAX_NUMBER:
        raise RefusedError("SF219", "the number is too large")
    return value


def kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    return "a list" if isinstance(value, list | tuple) else "a mapping" if isinstance(value, Mapping) else "a number"


def as_text(value: Any) -> str:
    """Write a single value as YAML would; raise NotTextError for a list or mapping."""
    if isinstance(value, str):
        return value
    if isinstance(value, Absent):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_NUMBER:
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    raise NotTextError(value)


def as_list(value: Any) -> list[Any]:
    """List the items of a list, the keys of a mapping or the characters of a text, up to 10,000."""
    if isinstance(value, Absent):
        str(value)
    if not isinstance(value, Iterable):
        raise RefusedError("SF218", f"{kind(value)} has no items")
    items: list[Any] = []
    for item in value:
        items.append(item)
        if len(items) > MAX_ITEMS:
            raise RefusedError("SF219", f"more than {MAX_ITEMS:,} items")
    return items


def refuse_longer(characters: int) -> None:
    """Refuse a text of more than 100,000 characters before it is built."""
    if characters > MAX_CHARACTERS:
        raise RefusedError("SF219", f"more than {MAX_CHARACTERS:,} characters")


def concatenate(items: Iterable[Any], separator: str = "") -> str:
    """Join items as text; refused past 100,000 characters before the text is built."""
    parts = [as_text(item) for item in items]
    refuse_longer(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def bounded_range(*bounds: Any) -> list[int]:
    """Count like Python's range, up to 10,000 numbers."""
    if not all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds):
        raise RefusedError("SF218", "range takes whole numbers")
    numbers = range(*bounds)
    if len(numbers) > MAX_ITEMS:
        raise RefusedError("SF219", f"range gives more than {MAX_ITEMS:,} numbers")
    return list(numbers)


def limited(chunks: Iterable[str]) -> str:
    """Join the parts of a rendered text, up to 100,000 characters."""
    parts: list[str] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_CHARACTERS:
            raise RefusedError("SF219", f"the text grows past {MAX_CHARACTERS:,} characters")
        parts.append(chunk)
    return "".join(parts)


def plain_json(value: Any) -> Json:
    """Return `value` as JSON types, whole floats as integers; refuse what JSON cannot express."""
    return _plain(value, 0, None)


def computed(value: Any) -> Json:
    """Return what an expression gives as `plain_json` does; refuse more than 100,000 values in all."""
    return _plain(value, 0, iter(range(MAX_VALUES)))


def _plain(value: Any, depth: int, allowance: Iterator[int] | None) -> Json:
    if allowance is not None and next(allowance, None) is None:
        raise RefusedError("SF219", f"more than {MAX_VALUES:,} values")
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Absent):
        return str(value)
    if isinstance(value, int | float):
        number = bounded(value)
        return int(number) if float(number).is_integer() else number
    if depth > MAX_DEPTH:
        raise RefusedError("SF219", "this value nests too deeply")
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1, allowance) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, depth + 1, allowance) for key, inner in value.items()}
    raise RefusedError("SF219", "the expression gives nothing that can be a value")
