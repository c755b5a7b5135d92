"""Authors of model and provider files get the same diagnostics as authors of pipelines: place, field, what is allowed, remedy."""

from __future__ import annotations

import json
import random
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from runner.catalog.models import build_catalog
from runner.diagnostics.codes import CODES
from runner.diagnostics.json_document import parse_json
from runner.errors import InvalidFilesError
from tests.catalog.bad_schemas import CASES, GOOD, edited, problems_of, shown
from tests.catalog.shelf import FILES, META, own
from tests.support.long import sampled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL, PROVIDER = "models/acme/one.json", "providers/acme.json"
RAW = re.compile(
    r"is not valid under|oneOf|anyOf\b(?!\[)|is not of type|required property|does not match|Traceback|Error at"
)
REPLACEMENTS: tuple[Any, ...] = (None, True, 7, 0.5, "x", "", [], [None], {}, {"x": 1}, "^(", {"$ref": "#"})


def test_the_good_files_are_good() -> None:
    assert problems_of(GOOD) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_validate_prints_exactly_the_expected_text(case: Path) -> None:
    assert shown(edited(case.read_text("utf-8"))) == case.with_suffix(".expected").read_text("utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_problem_has_a_file_as_typed_a_place_and_a_remedy(case: Path) -> None:
    text = case.read_text("utf-8")
    for problem in problems_of(edited(text)):
        assert problem.help
        assert problem.mark is not None
        assert problem.mark.file == text.partition("\n")[0].removeprefix("# ")
        assert not RAW.search(f"{problem.message} {problem.help}")
        assert "schema.json" not in f"{problem.message} {problem.help}"


def test_there_are_enough_cases_and_every_code_has_one() -> None:
    assert len(CASES) >= 25
    told = {problem.code for case in CASES for problem in problems_of(edited(case.read_text("utf-8")))}
    assert told == {code for code in CODES if code.startswith("SF3")}


def test_a_number_for_a_price_is_reported_with_its_field_and_remedy() -> None:
    (problem,) = problems_of({**GOOD, MODEL: GOOD[MODEL].replace('"0.02"', "0.02")})
    assert problem.message == "x-scorefile.price.usd is 0.02, not text"
    assert problem.help == 'write "0.02"'
    assert str(problem.mark) == "schemas/models/acme/one.json:24:14"


def test_all_problems_of_all_files_are_reported_at_once() -> None:
    files = {MODEL: GOOD[MODEL].replace('"0.02"', "0.02").replace('"One"', "1"), PROVIDER: '{"name": "acme",}'}
    marks = [str(problem.mark) for problem in problems_of(files)]
    assert marks == [
        "schemas/models/acme/one.json:3:12",
        "schemas/models/acme/one.json:24:14",
        "schemas/providers/acme.json:1:16",
    ]


@pytest.mark.parametrize("text", ["{}", "[]", '{"x-scorefile": null}', '"x"', "null", "7"])
@pytest.mark.parametrize("file", [MODEL, PROVIDER])
def test_a_file_of_another_shape_is_reported(file: str, text: str) -> None:
    assert {problem.code for problem in problems_of({**GOOD, file: text})} == {"SF301"}


def test_a_file_in_a_place_that_is_not_read_is_reported() -> None:
    (problem,) = problems_of({**GOOD, "models/stray.json": "{}"})
    assert (problem.code, problem.message) == ("SF303", "the catalog reads no file in this place")


def _places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from _places(value, (*path, key))


def _changed(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    changed = deepcopy(data)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@pytest.mark.sampled
@pytest.mark.parametrize("file", [MODEL, PROVIDER])
def test_whatever_a_field_is_replaced_by_the_problem_is_reported(file: str) -> None:
    data = json.loads(GOOD[file])
    changes = [(path, value) for path in _places(data) for value in REPLACEMENTS]
    for path, value in random.Random(7).sample(changes, sampled(40, 250)):
        files = {**GOOD, file: json.dumps(_changed(data, path, value), indent=2)}
        for problem in problems_of(files):
            assert problem.code in CODES, (path, value)
            assert problem.mark is not None, (path, value)
            assert not RAW.search(problem.message), (path, value, problem.message)


@pytest.mark.parametrize(
    "text", ["", " ", "{", '{"a"', '{"a":', '{"a": 1', "[1,", '"', "-", "1e999", "nul", '"\\ud800"', "[" * 99]
)
def test_a_text_that_is_not_json_is_one_problem_with_a_place(text: str) -> None:
    document = parse_json(text, "x.json")
    assert document.data is None
    (problem,) = document.problems
    assert problem.code == "SF301"
    assert problem.help
    assert problem.mark is not None


@pytest.mark.parametrize("file", sorted(FILES))
def test_json_is_read_as_the_standard_library_reads_it(file: str) -> None:
    assert own(FILES)[file].data == FILES[file]


def test_a_shipped_file_costs_no_check() -> None:
    wrong = {**FILES["models/pixazo/tracks.json"], "colour": "red"}
    build_catalog({**FILES, "models/pixazo/tracks.json": wrong}, {}, {})
    with pytest.raises(InvalidFilesError, match=r"^\d+ problems?$"):
        build_catalog(FILES, own({"models/pixazo/tracks.json": {**wrong, "title": 1}}), META)
