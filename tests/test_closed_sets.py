"""Closed sets are total: whatever is written down once a member is held against the set itself.

Where a member is matched, mypy names what was forgotten. Here is the rest: tables, schemas, and the sets of phases.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, get_args

import pytest

from runner.errors import ApiKeyError, PolicyError
from runner.records.catalog import LengthUnit
from runner.records.deviations import Deviation
from runner.records.endings import KEY_CODE, REFUSED_CODE, Ending
from runner.records.plan import Verb
from runner.records.provider import ErrorGroup, Mode, Transform
from runner.records.reasons import Reason
from runner.records.result import Result
from runner.records.submission import OPEN, PAYMENT_UNKNOWN, UNPAID, UNSETTLED, NextRun, Paid, Phase
from runner.report.verbs import SHOWN
from tests.support.catalog import ROOT

if TYPE_CHECKING:
    from enum import StrEnum
    from types import UnionType

JsonSchema = Any


def schema(name: str) -> JsonSchema:
    return json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))


PROVIDER, OUTPUT = schema("provider.schema.json"), schema("output.schema.json")


def enums(found: JsonSchema, name: str) -> list[set[str]]:
    """Return the members of every `enum` that a schema allows for a property of this name."""
    if isinstance(found, list):
        return [each for item in found for each in enums(item, name)]
    if not isinstance(found, dict):
        return []
    here = found.get("properties", {}).get(name, {})
    own = [set(here["enum"]) - {None}] if isinstance(here, dict) and "enum" in here else []
    return own + [each for item in found.values() for each in enums(item, name)]


@pytest.mark.parametrize(
    ("document", "name", "members"),
    [
        (PROVIDER, "mode", Mode),
        (PROVIDER, "transform", Transform),
        (PROVIDER, "group", ErrorGroup),
        (OUTPUT, "verb", Verb),
        (OUTPUT, "result", Result),
    ],
)
def test_a_schema_knows_every_member_and_no_other(document: JsonSchema, name: str, members: type[StrEnum]) -> None:
    found = enums(document, name)
    assert found
    assert all(each == set(members) for each in found), found


def test_the_model_schema_knows_every_unit_of_length() -> None:
    assert enums(schema("model.schema.json"), "duration_unit") == [set(LengthUnit)]


@pytest.mark.parametrize(("name", "members"), [("reason", Reason), ("ending", Ending)])
def test_the_output_names_every_reason_and_ending(name: str, members: UnionType) -> None:
    told = {re.sub(r"(?<!^)(?=[A-Z])", "-", member.__name__).lower() for member in get_args(members)}
    assert set(OUTPUT["definitions"][name]["enum"]) == told


def test_the_output_names_every_deviation() -> None:
    told = {re.sub(r"(?<!^)(?=[A-Z])", "-", member.__name__).lower() for member in get_args(Deviation)}
    assert enums(OUTPUT["definitions"]["deviations"], "kind") == [told]


def test_exit_codes_are_those_of_the_errors() -> None:
    assert (PolicyError.exit_code, ApiKeyError.exit_code) == (REFUSED_CODE, KEY_CODE)


def test_every_verb_is_shown() -> None:
    assert set(SHOWN) == set(Verb)


def test_only_what_is_proven_to_be_over_or_done_is_taken_up_by_no_run() -> None:
    assert {phase for phase in Phase if phase not in UNSETTLED} == {
        Phase.PLANNED,
        Phase.NOT_SENT,
        Phase.REJECTED,
        Phase.FAILED,
        Phase.DONE,
    }
    assert set() == OPEN & PAYMENT_UNKNOWN


@pytest.mark.parametrize("phase", Phase)
def test_a_new_submission_is_made_only_after_one_that_is_over(phase: Phase) -> None:
    if phase.next_run is NextRun.START:
        assert phase in UNPAID or phase is Phase.FAILED, "the provider itself said that a failed one is over"
    if phase.paid is Paid.YES:
        assert phase.next_run in {NextRun.RESUME, NextRun.FETCH_AGAIN, NextRun.NOTHING}
