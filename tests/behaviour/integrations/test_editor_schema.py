"""The editor's schema: it knows each model's parameters, and refuses nothing that `validate` accepts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from runner.catalog.editor_schema import editor_schema
from runner.pipeline.yaml.document import parse
from runner.state.schemas import read_catalog, read_schema, shipped_schemas
from tests.support.catalog import ROOT
from tests.support.command import scorefile

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = read_catalog((shipped_schemas(),))
SCHEMA = editor_schema(read_schema("pipeline.schema.json"), CATALOG)
VALIDATOR = Draft7Validator(SCHEMA)


def wrong(text: str, validator: Draft7Validator = VALIDATOR) -> list[str]:
    """Return the places in a pipeline that the schema refuses."""
    document = parse("version: 1\n" + text, "x")
    assert not document.problems, document.problems
    return sorted({error.json_path for error in validator.iter_errors(document.data)})


def params(model: str, written: str) -> list[str]:
    return wrong(f"jobs: {{a: {{model: {model}, params: {{{written}}}}}}}")


def test_it_is_a_draft_07_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("path", sorted((ROOT / "pipelines").glob("*.yaml")), ids=lambda path: path.name)
def test_nothing_in_the_shipped_pipelines_is_refused(path: Path) -> None:
    assert not list(VALIDATOR.iter_errors(parse(path.read_text(encoding="utf-8"), path.name).data))


@pytest.mark.parametrize("model", sorted(CATALOG.models))
def test_every_parameter_takes_null_a_template_and_its_own_default(model: str) -> None:
    found = CATALOG.models[model]
    for name, param in found.params.items():
        assert not params(model, f"{name}: null"), name
        assert not params(model, f'{name}: "{{{{ x }}}}"'), name
        assert param.default is None or not params(model, f"{name}: {json.dumps(param.default)}"), name
        for example in found.schema["properties"][name].get("examples", ()):
            assert not params(model, f"{name}: {json.dumps(example)}"), name
        if "string" in param.types:
            assert not params(model, f"{name}: {{file: x.txt}}"), name
            assert params(model, f"{name}: {{fil: x.txt}}"), name
        shown = SCHEMA["definitions"][f"params:{model.replace('/', '.')}"]["properties"][name]
        assert param.description in shown["markdownDescription"]
    assert params(model, "no_such: 1")


@pytest.mark.parametrize(
    ("model", "written"),
    [
        ("pixazo/ace-step-xl", "bpm: 500"),
        ("pixazo/ace-step-xl", "bpm: fast"),
        ("pixazo/ace-step-xl", "key: H minor"),
        ("pixazo/ace-step-xl", "batch_size: 1.5"),
        ("pixazo/ace-step-xl", "seed: 0"),
        ("pixazo/ace-step-xl", "seed: often"),
        ("local/sketch", "output_format: ogv"),
        ("local/sketch", "instrumental: maybe"),
        ("verbatik/text-to-music", "bpm: fast"),
        ("pixverse/music-2.6", f"prompt: {'x' * 2001}"),
        ("pixazo/lyria-3", f"images: [{', '.join(['https://x.example/a'] * 11)}]"),
    ],
)
def test_a_value_that_the_model_does_not_take_is_refused(model: str, written: str) -> None:
    assert params(model, written)


@pytest.mark.parametrize("written", ["seed: auto", "seed: random", "seed: 5", "key: Eb major"])
def test_words_for_a_seed_and_texts_in_form_pass(written: str) -> None:
    assert not params("pixazo/ace-step-xl", written)


def test_a_job_without_a_model_has_that_of_the_defaults() -> None:
    assert wrong("defaults: {model: local/sketch}\njobs: {a: {params: {bpm: 500}}}") == ["$.jobs.a.params.bpm"]
    assert wrong("defaults: {model: local/sketch}\njobs: {a: {params: {typo: 1}}}") == ["$.jobs.a.params"]
    other = "defaults: {model: local/sketch}\njobs: {a: {model: pixazo/lyria-3, params: {bpm: 90}}}"
    assert wrong(other) == ["$.jobs.a.params"]


def test_defaults_may_hold_what_only_other_models_take() -> None:
    assert not wrong("defaults: {model: local/sketch, params: {maxJobs: 2, bpm: 90}}\njobs: {a: {}}")
    assert wrong("defaults: {model: local/sketch, params: {bpm: 500}}\njobs: {a: {}}") == ["$.defaults.params.bpm"]


def test_without_a_known_model_anything_may_stand_there() -> None:
    assert not wrong('jobs: {a: {model: "{{ model }}", matrix: {model: [x]}, params: {bpm: 500, what: 1}}}')
    assert not wrong("jobs: {a: {params: {bpm: 500}}}")
    assert wrong("jobs: {a: {model: pixazo/none}}") == ["$.jobs.a.model"]


def test_texts_beside_params_follow_the_model() -> None:
    assert wrong("jobs: {a: {model: pixazo/tracks, prompt: x, negative_prompt: y}}") == ["$.jobs.a.negative_prompt"]
    assert not wrong("jobs: {a: {model: pixazo/lyria-2, prompt: {file: x}, negative_prompt: y}}")
    assert wrong("jobs: {a: {model: pixazo/lyria-2, prompt: 5}}") == ["$.jobs.a.prompt"]


OWN = {
    "title": "Own",
    "description": "Ours.",
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "description": "Text."},
        "level": {"type": ["integer", "string"], "description": "Level.", "anyOf": [{"$ref": "#/definitions/number"}, {"const": "loud"}]},
    },
    "definitions": {"number": {"type": "integer", "maximum": 10}},
    "additionalProperties": False,
    "x-scorefile": {
        "provider": "local",
        "path": "",
        "price": {"usd": "0", "source": "ours", "date": "2026-01-01"},
        "media_types": ["audio/wav"],
    },
}  # fmt: skip


def test_models_beside_the_pipeline_are_in_it_and_init_writes_it(tmp_path: Path) -> None:
    model = tmp_path / "schemas/models/local/own.json"
    model.parent.mkdir(parents=True)
    model.write_text(json.dumps(OWN))
    assert scorefile("init", cwd=tmp_path).code == 0
    written = (tmp_path / "scorefile.schema.json").read_text()
    assert scorefile("schema", cwd=tmp_path).out == written
    assert (
        (tmp_path / "scorefile.yaml").read_text().startswith("# yaml-language-server: $schema=scorefile.schema.json\n")
    )
    validator: Any = Draft7Validator(json.loads(written))
    own = "jobs: {{a: {{model: local/own, params: {{level: {}}}}}}}"
    for good in ("5", "loud", "'{{ x }}'", "null"):
        assert not wrong(own.format(good), validator), good
    for bad in ("11", "soft", "true"):
        assert wrong(own.format(bad), validator), bad
    assert not list(validator.iter_errors(parse((tmp_path / "scorefile.yaml").read_text(), "x").data))


def test_one_models_schema_is_that_of_its_file(tmp_path: Path) -> None:
    found = scorefile("schema", "--model", "pixazo/tracks", cwd=tmp_path).json
    assert found["properties"].keys() == CATALOG.models["pixazo/tracks"].params.keys()
    assert "x-scorefile" not in found
