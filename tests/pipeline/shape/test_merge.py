"""Which value wins, where it comes from, and what a profile and --var do."""

from __future__ import annotations

import pytest

from runner.pipeline.shape.load import override_value
from runner.records.pipeline import Layer, Leaf
from runner.records.request import LeftOut
from tests.pipeline.conftest import check_text

BASE = """version: 1
vars: {bpm: 100}
profiles:
  night:
    vars: {bpm: 160}
    defaults: {model: local/sketch, params: {bpm: 70}}
  loud:
    jobs: {a: {params: {bpm: 200}}, b: {prompt: more}}
defaults:
  model: acme/band
  params: {bpm: 60, duration: 30}
  retries: 2
  labels: [all]
jobs:
  a: {prompt: x}
  b: {prompt: y, params: {bpm: 90}, retries: 0, labels: [own]}
  c: {prompt: z, params: {bpm: "{{ bpm }}"}}
"""


def bpm(job: str, **options: object) -> tuple[object, Layer]:
    request = check_text(BASE, **options).request(job)  # type: ignore[arg-type]
    return request.params["bpm"], request.origins["bpm"].layer


def test_a_default_applies_where_the_job_says_nothing() -> None:
    assert bpm("a") == (60, Layer.DEFAULTS)


def test_a_job_wins_over_the_defaults() -> None:
    assert bpm("b") == (90, Layer.JOB)


def test_a_profile_wins_over_the_files_defaults_but_not_over_a_job() -> None:
    assert bpm("a", profile="night") == (70, Layer.PROFILE)
    assert bpm("b", profile="night") == (90, Layer.JOB)


def test_a_profile_changes_jobs_of_the_file_and_makes_none_of_its_own() -> None:
    assert bpm("a", profile="loud") == (200, Layer.PROFILE)
    assert check_text(BASE, profile="loud").request("b").params["prompt"] == "more"
    text = BASE.replace("b: {prompt: more}", "bb: {prompt: more}")
    for profile in ("loud", "night", None):
        problem = check_text(text, profile=profile).only
        assert (problem.code, problem.help) == ("SF201", "did you mean b?")
        assert str(problem.mark) == "night.yaml:8:37"


def test_a_profile_changes_vars_and_is_named_in_the_origin() -> None:
    request = check_text(BASE, profile="night").request("c")
    assert request.params["bpm"] == 160
    assert [step.text for step in request.origins["bpm"].steps] == ["bpm = 160", "--profile night"]


def test_var_wins_over_everything() -> None:
    request = check_text(BASE, profile="night", overrides={"bpm": "180"}).request("c")
    assert request.params["bpm"] == 180
    assert [step.text for step in request.origins["bpm"].steps] == ["--var bpm=180"]


def test_the_seed_of_a_model_is_of_the_lowest_layer() -> None:
    assert check_text(BASE).request("a").origins["seed"].layer is Layer.MODEL


def test_a_default_that_the_model_does_not_take_is_left_out_and_reported() -> None:
    request = check_text(BASE, profile="night").request("a")
    assert "duration" not in request.params
    (left,) = request.left_out
    assert (left.param, left.why) == ("duration", "local/sketch has no duration")
    assert left.mark is not None
    assert left.mark.line == 11


def test_plain_fields_come_from_the_job_else_from_the_defaults() -> None:
    result = check_text(BASE)
    assert (result.request("a").retries, result.request("a").labels) == (2, ("all",))
    assert (result.request("b").retries, result.request("b").labels) == (0, ("own",))


def test_null_takes_a_default_away() -> None:
    text = BASE.replace("{prompt: x}", "{prompt: x, params: {bpm: null}}")
    assert "bpm" not in check_text(text).request("a").params


def test_model_defaults_are_not_sent() -> None:
    assert "batch_size" not in check_text(BASE).request("a").params


def test_a_job_var_wins_over_a_pipeline_var_and_an_axis_over_both() -> None:
    text = """version: 1
vars: {mood: calm}
jobs:
  a: {model: acme/solo, prompt: "{{ mood }}"}
  b: {model: acme/solo, prompt: "{{ mood }}", vars: {mood: tense}}
  c: {model: acme/solo, prompt: "{{ mood }}", vars: {mood: tense}, matrix: {mood: [dark]}}
"""
    result = check_text(text)
    assert [request.params["prompt"] for request in result.requests] == ["calm", "tense", "dark"]
    result = check_text(text.replace(", matrix: {mood: [dark]}", ""), overrides={"mood": "won"})
    assert [request.params["prompt"] for request in result.requests] == ["won", "won", "won"]


@pytest.mark.parametrize(
    ("written", "value"),
    [("96", 96), ("true", True), ('"96"', "96"), ("on", "on"), ("1.50", 1.5), ("a b", "a b"), ("", None)],
)
def test_var_values_are_read_like_unquoted_scalars(written: str, value: object) -> None:
    read = override_value(written)
    assert read == value
    assert type(read) is type(value)


def test_an_ambiguous_number_for_var_is_refused() -> None:
    text = "version: 1\nvars: {v: 0}\njobs: {a: {model: acme/solo, prompt: '{{ v }}x'}}\n"
    assert check_text(text, overrides={"v": "012"}).only.code == "SF213"


def test_profiles_of_others_are_checked_for_shape_only() -> None:
    text = BASE + "x-note: 1\n"
    assert check_text(text.replace("bpm: 200", "bpm: 900")).problems == ()
    assert check_text(text.replace("bpm: 200", "bpm: 900"), profile="loud").only.code == "SF401"


def test_a_wrong_value_in_a_profile_is_shown_in_the_profile() -> None:
    problem = check_text(BASE.replace("bpm: 200", "bpm: 900"), profile="loud").only
    assert problem.mark is not None
    assert problem.mark.line == 8
    assert problem.origin[-1].text == "--profile loud"


def test_numbers_that_are_whole_are_sent_as_integers() -> None:
    text = "version: 1\nvars: {b: 96}\njobs: {a: {model: acme/band, prompt: x, params: {bpm: '{{ b / 2 }}', duration: 1e1}}}\n"
    params = check_text(text).only_request.params
    assert (params["bpm"], params["duration"]) == (48, 10)
    assert isinstance(params["bpm"], int)
    assert isinstance(params["duration"], int)


def test_records_carry_what_the_report_needs() -> None:
    result = check_text(BASE, profile="night")
    assert result.pipeline is not None
    assert result.pipeline.profile == "night"
    assert isinstance(result.pipeline.jobs[0].params["bpm"], Leaf)
    assert isinstance(result.request("a").left_out[0], LeftOut)
