"""Cells: their ids, what is left out, what is added."""

from __future__ import annotations

import pytest

from runner.pipeline.shape.matrix import slug
from tests.pipeline.conftest import check_text


def ids(matrix: str, needs: str = "") -> list[str]:
    text = f"version: 1\njobs:\n  j:\n    model: acme/solo\n    prompt: x\n    matrix: {matrix}\n{needs}"
    result = check_text(text)
    assert result.problems == ()
    return [request.job for request in result.requests]


def test_cells_are_in_axis_order_with_values_or_labels() -> None:
    assert ids("{biome: [forest, ash], heat: {calm: 100, hot: 150}}") == [
        "j@forest-calm",
        "j@forest-hot",
        "j@ash-calm",
        "j@ash-hot",
    ]


def test_exclude_matches_some_axes_by_label_or_value() -> None:
    axes = "biome: [forest, ash], heat: {calm: 100, hot: 150}"
    assert ids(f"{{{axes}, exclude: [{{biome: ash, heat: calm}}]}}") == ["j@forest-calm", "j@forest-hot", "j@ash-hot"]
    assert ids(f"{{{axes}, exclude: [{{heat: 150}}]}}") == ["j@forest-calm", "j@ash-calm"]


def test_include_adds_cells_with_known_and_new_values() -> None:
    axes = "biome: [forest], heat: {calm: 100, hot: 150}"
    assert ids(f"{{{axes}, include: [{{biome: ice, heat: hot}}, {{biome: ice, heat: 170}}]}}")[2:] == [
        "j@ice-hot",
        "j@ice-170",
    ]


def test_include_alone_names_cells_by_its_own_keys() -> None:
    assert ids("{include: [{mood: calm, n: 1}, {mood: dark, n: 2}]}") == ["j@calm-1", "j@dark-2"]


def test_an_included_cell_sees_the_labels_value_and_its_extra_keys() -> None:
    text = """version: 1
jobs:
  j:
    model: acme/band
    matrix:
      heat: {calm: 100, hot: 150}
      include: [{heat: hot2, mood: 7}, {heat: 120, mood: x}]
      exclude: [{heat: calm}, {heat: hot}]
    prompt: "{{ heat }} {{ mood }}"
"""
    result = check_text(text)
    assert [request.params["prompt"] for request in result.requests] == ["hot2 7", "120 x"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Dark Forest", "dark-forest"),
        ("pixazo/ace-step", "pixazo-ace-step"),
        (1.5, "1.5"),
        (True, "true"),
        ("Лес", "лес"),
        ("ＡＢ", "ab"),
        ("--x--", "x"),
        ("..", ""),
        (None, ""),
        ([1], ""),
        ("{{ x }}", ""),
    ],
)
def test_slugs(value: object, written: str) -> None:
    assert slug(value) == written


def test_a_templated_axis_value_needs_a_label_and_then_works() -> None:
    text = "version: 1\nvars: {b: 60}\njobs: {j: {model: acme/band, prompt: x, matrix: {heat: AXIS}, params: {bpm: '{{ heat }}'}}}\n"
    assert check_text(text.replace("AXIS", "['{{ b }}']")).only.code == "SF209"
    request = check_text(text.replace("AXIS", "{hot: '{{ b * 2 }}'}")).only_request
    assert request.params["bpm"] == 120
    assert [step.text for step in request.origins["bpm"].steps] == ["heat = 120", "b = 60"]


def test_a_label_of_an_include_names_the_point_and_false_is_not_zero() -> None:
    assert ids("{n: [0, 1], f: {off: false, on: true}, exclude: [{f: false}]}") == ["j@0-on", "j@1-on"]


def test_a_group_may_be_needed_whole_or_by_cell() -> None:
    needs = (
        "  k:\n    model: acme/solo\n    prompt: x\n    needs: [j]\n  l: {model: acme/solo, prompt: x, needs: j@ash}\n"
    )
    text = (
        f"version: 1\njobs:\n  j:\n    model: acme/solo\n    prompt: x\n    matrix: {{biome: [forest, ash]}}\n{needs}"
    )
    result = check_text(text)
    assert result.request("k").needs == ("j@forest", "j@ash")
    assert result.request("l").needs == ("j@ash",)


def test_cells_in_all_jobs_together_are_limited() -> None:
    axis = ", ".join(str(n) for n in range(150))
    job = f"{{model: acme/solo, prompt: x, matrix: {{a: [{axis}], b: [{axis}]}}}}"
    problem = check_text(f"version: 1\njobs:\n  j: {job}\n").only
    assert (problem.code, problem.allowed) == ("SF211", "up to 20,000 cells")


def test_a_wrong_axis_value_is_reported_once_with_its_cells() -> None:
    text = """version: 1
jobs:
  j:
    model: acme/band
    matrix: {a: [x, y, z], heat: [100, 320, 90]}
    prompt: "{{ a }}"
    params: {bpm: "{{ heat }}"}
"""
    result = check_text(text)
    assert result.only.cells == ("j@x-320", "j@y-320", "j@z-320")
    assert [step.text for step in result.only.origin] == ["{{ heat }}", "heat = 320"]
    assert len(result.requests) == 6
