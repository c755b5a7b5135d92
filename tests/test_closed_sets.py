"""Closed sets are total: whatever is written down once a member is held against the set itself.

Where a member is matched, mypy names what was forgotten. Here is the rest: tables, schemas, and the sets of phases.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_args

import pytest
from msgspec.structs import replace

from runner.errors import ApiKeyError, PolicyError
from runner.plan.claims import Claims
from runner.records.catalog import LengthUnit
from runner.records.deviations import Deviation
from runner.records.ended import KEY_CODE, REFUSED_CODE
from runner.records.endings import Ending
from runner.records.lock import State
from runner.records.plan import Verb
from runner.records.provider import ErrorGroup, Mode, Transform
from runner.records.reasons import Reason
from runner.records.result import Result
from runner.records.submission import OPEN, PAYMENT_UNKNOWN, UNPAID, UNSETTLED, NextRun, Paid, Phase
from runner.report.verbs import SHOWN
from runner.state.lock_rules import entry_of
from runner.state.lock_validation import check_entry
from tests.support.catalog import ROOT, shipped_catalog
from tests.support.made import entry, known, request

if TYPE_CHECKING:
    from types import UnionType

JsonSchema = Any


def schema(name: str) -> JsonSchema:
    return json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))


PROVIDER, OUTPUT, LOCK = (schema(f"{name}.schema.json") for name in ("provider", "output", "lock"))


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
        (LOCK, "state", State),
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


# ---------------------------------------------------------------- the states of a submission in the lock


def with_dummy() -> type[StrEnum]:
    """Return the states with one more, for which nothing was written down."""
    members = {state.name: state.value for state in State} | {"DUMMY": "dummy"}
    dummy = StrEnum("State", members)  # type: ignore[misc]
    for name in ("rank", "is_live"):
        setattr(dummy, name, State.__dict__[name])
    return dummy


def test_a_state_that_nothing_was_written_down_for_breaks_what_reads_it() -> None:
    """So that it cannot be forgotten: of two copies it would win, or lose, by accident."""
    dummy = next(state for state in with_dummy() if state.name == "DUMMY")
    with pytest.raises(KeyError):
        _ = dummy.rank  # type: ignore[attr-defined]
    with pytest.raises(AssertionError):
        _ = dummy.is_live  # type: ignore[attr-defined]
    with pytest.raises(AssertionError):
        check_entry(replace(entry(), state=dummy, takes=(), output=None))
    assert set(with_dummy()) != set(enums(LOCK, "state")[0])


def test_every_state_has_its_place_in_the_order_in_which_knowledge_grows() -> None:
    assert sorted(State, key=lambda state: state.rank) == list(State)
    assert max(State, key=lambda state: state.rank) is State.DONE, "takes are there"
    assert State.UNKNOWN.rank < State.NOT_CHARGED.rank < State.PENDING.rank, (
        "an id beats a person's word that it was free"
    )
    assert State.PENDING.rank < min(state.rank for state in (State.LOST, State.FAILED, State.FAILED_CHARGED))


@pytest.mark.parametrize("state", State)
def test_a_submission_of_every_state_that_only_the_lock_knows_becomes_a_phase_that_pays_for_nothing_twice(
    state: State,
) -> None:
    known_id = None if state in {State.UNKNOWN, State.NOT_CHARGED} else "ace_1"
    held, attempts = known(entry(state=state, request_id=known_id))
    phase = attempts["a1"].phase
    assert entry_of(attempts["a1"]) == replace(held.entries["a1"], revision=0, output=None)
    if state.is_live:
        assert phase.next_run is not NextRun.START
    else:
        assert phase.next_run is NextRun.START
    claims = Claims((request(),), models=shipped_catalog().models, lock=held)
    assert (claims.of(request()) is not None) == state.is_live
