"""Where a job's block begins in a lock, however the file is laid out."""

from __future__ import annotations

import json

import pytest

from runner.report.verify import places_in

LOCK = {"jobs": {"title": {"take": 1, "deep": {"jobs": {}}}, 'a "quoted" job': {"takes": [{"x": "}"}]}}, "version": 1}


@pytest.mark.parametrize("indent", [None, 0, 1, 2, 4])
def test_a_block_is_found_whatever_the_indentation(indent: int | None) -> None:
    text = json.dumps(LOCK, indent=indent)
    places = places_in(text, "night.lock")
    assert list(places) == ["title", 'a "quoted" job']
    for name, mark in places.items():
        line = text.split("\n")[mark.line - 1]
        assert mark.end_column is not None
        assert json.loads(line[mark.column - 1 : mark.end_column - 1]) == name


@pytest.mark.parametrize("text", ["{}", '{"version": 1}', '{"jobs": {}}'])
def test_a_lock_without_jobs_has_no_places(text: str) -> None:
    assert places_in(text, "night.lock") == {}
