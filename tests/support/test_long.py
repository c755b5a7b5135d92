"""What `make test` leaves out or samples is what `make torture` runs whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.catalog import ROOT
from tests.support.long import LONG, sampled

TESTS = sorted(path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))


def test_a_sample_is_taken_in_make_test_alone() -> None:
    assert sampled("some", "whole") == ("whole" if LONG else "some")


def test_every_module_that_samples_is_found_by_make_torture() -> None:
    """Every module, since a sample may be taken where a test is not: in a setting or a list that several share."""
    texts = {path: path.read_text(encoding="utf-8") for path in TESTS}
    samples = {path for path, text in texts.items() if re.search(r"import .*\bsampled\b", text)}
    marked = {path for path, text in texts.items() if re.search(r"mark\.sampled\b(?!\()", text)}
    assert samples == marked
    assert samples


@pytest.mark.sampled(2)
@pytest.mark.parametrize("inner", range(2))
@pytest.mark.parametrize("outer", range(4))
def test_one_case_of_two_is_run_and_each_value_of_each_parameter_is_met(
    request: pytest.FixtureRequest, outer: int, inner: int
) -> None:
    assert LONG or inner == outer % 2
    cases = [item for item in request.session.items if item.nodeid.startswith(request.node.nodeid.partition("[")[0])]
    assert len(cases) == sampled(4, 8)


@pytest.mark.parametrize("words", ["LONG_TESTS=1", '-m "long or sampled"', "-m tests.torture"])
def test_make_torture_runs_them(words: str) -> None:
    recipe = re.search(r"^torture:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    assert words in recipe[1]
