"""A model's schema, split so that ten thousand requests are checked quickly: each parameter alone, each distinct
value once, and the rules between parameters only on the parameters that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

<<<<<<< HEAD
from runner.diagnostics.json_schema import validator
=======
from runner.diagnostics.fits import surely_fits
>>>>>>> main
from runner.diagnostics.schema_errors import violations

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from jsonschema import Draft7Validator, ValidationError

    from runner.diagnostics.violation import Violation
    from runner.records.catalog import Model
    from runner.records.source import Json

BETWEEN = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies", "definitions"})


class ParamSchema:
    """The rules of one model's schema."""

    def __init__(self, model: Model) -> None:
        self.schema: Mapping[str, Json] = model.schema
        self.file = model.file
        self.properties: Mapping[str, Json] = model.schema.get("properties", {})
        self.required: tuple[str, ...] = tuple(model.schema.get("required", ()))
<<<<<<< HEAD
        self.validator = validator(model.schema)
        rest = {key: value for key, value in model.schema.items() if key in BETWEEN}
        self.between = validator(rest)
=======
        rest = {key: value for key, value in model.schema.items() if key in BETWEEN}
>>>>>>> main
        self.rest = rest
        self.spoken_of = frozenset(_strings(rest)) & frozenset(self.properties)
        self.values: dict[Hashable, list[Violation]] = {}
        self.sets: dict[Hashable, list[Violation]] = {}

    def of_value(self, name: str, value: Json, key: Hashable) -> list[Violation]:
        """Return what is wrong with one parameter alone; `key` identifies the value.

        Raises TimeoutError that names the parameter when the caller's limit on processor time ends while it is checked.
        """
        known = self.values.get((name, key))
        if known is None:
<<<<<<< HEAD
            try:
                found = violations(self._property_errors(name, value), self.schema)
            except TimeoutError as error:
                raise TimeoutError(f"the rules of {name} in {self.file}") from error
            known = self.values[name, key] = found
=======
            fits = surely_fits(value, self.properties[name], self.schema)
            known = [] if fits else violations(self._property_errors(name, value), self.schema)
            self.values[name, key] = known
>>>>>>> main
        return known

    def _property_errors(self, name: str, value: Json) -> Iterator[ValidationError]:
        for error in _validator(self.schema).descend(value, self.properties[name], path=name, schema_path=name):
            error.schema_path.appendleft("properties")
            yield error

    def of_set(self, params: Mapping[str, Json], keys: Mapping[str, Hashable]) -> list[Violation]:
        """Return what is wrong between parameters; missing required ones are checked elsewhere. Raises as `of_value` does."""
        if not self.spoken_of:
            return []
        key = tuple((name, keys.get(name)) for name in params if name in self.spoken_of)
        known = self.sets.get(key)
        if known is None:
<<<<<<< HEAD
            try:
                known = self.sets[key] = violations(self.between.iter_errors(dict(params)), self.rest)
            except TimeoutError as error:
                raise TimeoutError(f"the rules between parameters in {self.file}") from error
=======
            together = dict(params)
            fits = surely_fits(together, self.rest)
            known = [] if fits else violations(_validator(self.rest).iter_errors(together), self.rest)
            self.sets[key] = known
>>>>>>> main
        return known


def _validator(schema: Mapping[str, Json]) -> Draft7Validator:
    """Return what says why a value is wrong."""
    from jsonschema import Draft7Validator  # 40 ms that a sound pipeline does not need

    return Draft7Validator(schema)


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
