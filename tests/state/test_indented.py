"""The text of a lock is that of Python's own encoder, to the byte: a diff in git shows what changed and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.state.indented import indented

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def own(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)


@given(VALUES)
def test_the_text_is_that_of_json_dumps(value: Any) -> None:
    assert indented(value) == own(value)


@pytest.mark.parametrize(
    "value", [(), (1, ("a",)), {"b": [], "a": {}, "\u2028": {"\ud800": 10**400}}, True, 1e22, -0.0]
)
def test_tuples_empty_ones_and_odd_numbers_are_written_as_json_dumps_does(value: Any) -> None:
    assert indented(value) == own(value)


def test_what_begins_further_to_the_right_goes_on_there() -> None:
    assert indented({"a": [1]}, "\n  ") == '{\n   "a": [\n    1\n   ]\n  }'


@pytest.mark.parametrize("value", [float("nan"), {"a": [float("inf")]}])
def test_what_json_has_no_word_for_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        indented(value)
