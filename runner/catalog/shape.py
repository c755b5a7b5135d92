"""Hold model files and provider files against their meta-schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.catalog.problems import problem
from runner.errors import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.source import Json, Problem


def check_shape(data: Json, meta: Mapping[str, Json], name: str, file: str) -> None:
    """Raise InvalidFilesError with every fault of a file against the meta-schema `name`, when `meta` holds that."""
    if name not in meta:
        return
    from jsonschema import Draft7Validator  # 85 ms that a run of shipped models does not need

    faults = sorted(Draft7Validator(meta[name]).iter_errors(data), key=lambda fault: [str(step) for step in fault.path])
    found = [
        problem("SF301", _leaf(fault.message), file, path=tuple(fault.absolute_path), help=f"see schemas/{name}")
        for fault in faults
    ]
    if not found and name == "model.schema.json":
        found = list(_bad_defaults(data, file))
    if found:
        raise InvalidFilesError(tuple(found))


def _bad_defaults(data: Mapping[str, Json], file: str) -> Iterator[Problem]:
    from jsonschema import Draft7Validator  # the same

    for name, rules in data["properties"].items():
        if "default" in rules and not Draft7Validator(rules).is_valid(rules["default"]):
            message = f"the default of {name!r}, {rules['default']!r}, breaks the parameter's own rules"
            yield problem("SF305", message, file, path=("properties", name, "default"))


def _leaf(message: str) -> str:
    """Shorten a jsonschema message that quotes a whole file."""
    longest = 300
    return message if len(message) <= longest else f"{message[:longest]}…"
