"""One finding of a JSON Schema, and the name of a place in the language of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.records.source import DocPath

Sort: TypeAlias = Literal["unknown", "missing", "type", "range", "choice", "form", "rule"]
Language: TypeAlias = Literal["yaml", "json"]
"""The language of the file: names of places and remedies depend on it."""
ValidationError: TypeAlias = Any
"""A jsonschema ValidationError, whose stubs call every field possibly unset."""

TYPE_WORDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing wrong at `path`; `key` is the unknown, missing or misnamed key, `meant` the known key that it resembles;
    `wanted` the type that a value should have; `names` the keys in a rule."""

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


def name_of(path: DocPath, language: Language = "yaml") -> str:
    """Name a place: by its last key in YAML (`bpm`, `images[2]`), by all of them in JSON (`x-scorefile.price.usd`)."""
    keys = [index for index, part in enumerate(path) if isinstance(part, str)]
    first = keys[-1] if keys and language == "yaml" else 0
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path[first:])
    return name.removeprefix(".") or "the file"
