"""A model's schema, split so that ten thousand requests are checked quickly: each parameter alone, each distinct
value once, and the rules between parameters only on the parameters that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.diagnostics.fits import Fitting
from runner.diagnostics.json_schema import validator
from runner.diagnostics.schema_errors import violations

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from jsonschema import ValidationError

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
        self.order = {name: index for index, name in enumerate(model.params)}
        self.required: tuple[str, ...] = tuple(model.schema.get("required", ()))
        rest = {key: value for key, value in model.schema.items() if key in BETWEEN}
        self.rest = rest
        self.fitting = Fitting(model.schema)
        self.fitting_rest = Fitting(rest)
        self.spoken_of = frozenset(_strings(rest)) & frozenset(self.properties)
        self.values: dict[Hashable, list[Violation]] = {}
        self.sets: dict[Hashable, list[Violation]] = {}

    def of_value(self, name: str, value: Json, key: Hashable) -> list[Violation]:
        """Return what is wrong with one parameter alone; `key` identifies the value.

        Raises TimeoutError that names the parameter when the caller's limit on processor time ends while it is checked.
        """
        known = self.values.get((name, key))
        if known is None:
            try:
                fits = self.fitting.surely(value, self.properties[name])
                known = [] if fits else violations(self._property_errors(name, value), self.schema)
            except TimeoutError as error:
                raise TimeoutError(f"the rules of {name} in {self.file}") from error
            self.values[name, key] = known
        return known

    def _property_errors(self, name: str, value: Json) -> Iterator[ValidationError]:
        for error in validator(self.schema).descend(value, self.properties[name], path=name, schema_path=name):
            error.schema_path.appendleft("properties")
            yield error

    def of_set(self, params: Mapping[str, Json], keys: Mapping[str, Hashable]) -> list[Violation]:
        """Return what is wrong between parameters; missing required ones are checked elsewhere. Raises as `of_value` does."""
        if not self.spoken_of:
            return []
        key = tuple((name, keys.get(name)) for name in params if name in self.spoken_of)
        known = self.sets.get(key)
        if known is None:
            together = dict(params)
            try:
                fits = self.fitting_rest.surely(together, self.rest)
                known = [] if fits else violations(validator(self.rest).iter_errors(together), self.rest)
            except TimeoutError as error:
                raise TimeoutError(f"the rules between parameters in {self.file}") from error
            self.sets[key] = known
        return known


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
