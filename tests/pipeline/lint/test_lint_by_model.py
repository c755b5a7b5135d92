"""Lint reports what has no effect on a shipped model, and nothing that the model's page promises."""

from __future__ import annotations

import pytest

from runner.pipeline.lint import LintContext, lint
from runner.pipeline.resolution.expand import expand
from runner.pipeline.resolution.resolve import resolve
from runner.pipeline.shape.load import load
from runner.pipeline.yaml.document import parse
from runner.state.schemas import read_catalog, shipped_schemas
from tests.pipeline.conftest import SCHEMA, no_file

CATALOG = read_catalog((shipped_schemas(),))


def warned(text: str) -> list[str]:
    """Return what is warned of in a sound pipeline of shipped models."""
    document = parse(text, "night.yaml")
    pipeline, problems = load(document, schema=SCHEMA, profile=None, overrides={})
    assert pipeline is not None, problems
    cells, wrong = expand(pipeline)
    requests, more = resolve(pipeline, cells, CATALOG, env={}, overrides={}, read_text=no_file)
    assert (*problems, *wrong, *more) == ()
    return [
        f"{problem.code} {problem.message}"
        for problem in lint(LintContext(document=document, pipeline=pipeline, requests=requests, is_whole=True))
    ]


def job(model: str, more: str) -> str:
    return f"version: 1\njobs:\n  a: {{model: {model}, prompt: low brass, {more}}}\n"


@pytest.mark.parametrize("model", ["pixazo/tracks", "pixazo/ace-step-xl", "pixazo/lyria-2", "verbatik/text-to-music"])
def test_any_positive_seed_pins_what_its_page_says_it_pins(model: str) -> None:
    assert warned(job(model, "params: {seed: 99999999999}")) == []


def test_a_seed_that_asks_for_a_draw_pins_nothing() -> None:
    said = "SF601 the seed -1 fixes nothing: pixazo/tracks draws one of its own"
    assert warned(job("pixazo/tracks", "params: {seed: -1}")) == [said]
