"""A catalog of four small models, written by hand: these tests do not change when a provider does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.diagnostics.order import by_place
from runner.pipeline.resolution.expand import expand
from runner.pipeline.resolution.resolve import resolve
from runner.pipeline.shape.load import load
from runner.pipeline.yaml.document import parse
from runner.records.catalog import LengthUnit, Model, Param, Price, Seed, Takes
from runner.records.provider import Mode, Provider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.pipeline import Pipeline
    from runner.records.request import Request
    from runner.records.source import Problem

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas/pipeline.schema.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class SmallCatalog:
    models: Mapping[str, Model]
    providers: Mapping[str, Provider]


def model(
    model: str,
    properties: dict[str, Any],
    *,
    seed: Seed | None = None,
    takes: Takes | None = None,
    required: tuple[str, ...] = ("prompt",),
    body: dict[str, Any] | None = None,
    rules: Mapping[str, Any] | None = None,
) -> Model:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **(rules or {}),
    }
    params = {
        name: Param(
            name=name,
            types=(p["type"],) if isinstance(p.get("type"), str) else tuple(p.get("type", ())),
            required=name in required,
        )
        for name, p in properties.items()
    }
    return Model(
        id=model,
        provider=model.partition("/")[0],
        title=model,
        path="/make",
        body=body or {},
        schema=schema,
        params=params,
        price=Price(usd=Decimal("0.08"), source="https://example.com", date="2026-11-21"),
        seed=seed,
        takes=takes or Takes(),
        media_types=("audio/wav",),
        format_param=None,
        duration_param="duration" if "duration" in properties else None,
        duration_unit=LengthUnit.SECONDS if "duration" in properties else None,
        channels=None,
        typical_s=20,
        notes=(),
    )


TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
ACE = model(
    "acme/band",
    {
        "prompt": TEXT,
        "lyrics": {"type": "string", "maxLength": 4000},
        "bpm": {"type": "integer", "minimum": 30, "maximum": 300},
        "duration": {"type": "number", "minimum": 1, "maximum": 600},
        "key": {"type": "string", "enum": ["C major", "D minor", "A minor"]},
        "batch_size": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
        "instrumental": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 10}, "maxItems": 3},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647},
    },
    seed=Seed(param="seed", minimum=1, maximum=2147483647, reproduces="similar"),
    takes=Takes(param="batch_size", default=1, maximum=4),
    body={"engine": "band-2"},
    rules={
        "allOf": [
            {
                "$comment": "lyrics do not go with instrumental: true; remove one of them",
                "not": {"required": ["lyrics", "instrumental"], "properties": {"instrumental": {"const": True}}},
            }
        ]
    },
)
SOLO = model(
    "acme/solo", {"prompt": {**TEXT, "pattern": "\\S"}, "duration": {"type": "integer", "minimum": 1, "maximum": 30}}
)
FORMATS = model(
    "vox/formats",
    {
        "prompt": TEXT,
        "format": {"enum": ["mp3", "wav"]},
        "bit_rate": {"type": "integer", "enum": [128, 320]},
        "level": {"anyOf": [{"type": "integer", "maximum": 10}, {"type": "string", "enum": ["loud"]}]},
        "store": {"type": "boolean", "enum": [True]},
    },
    body={"store": True},
    rules={
        "if": {"required": ["bit_rate"]},
        "then": {
            "required": ["format"],
            "properties": {"format": {"const": "mp3"}},
            "$comment": "bit_rate goes with format: mp3 only",
        },
    },
)
SKETCH = model(
    "local/sketch",
    {"prompt": TEXT, "bpm": {"type": "integer", "minimum": 30, "maximum": 300}, "seed": {"type": "integer"}},
    seed=Seed(param="seed", minimum=0, maximum=999, reproduces="exact"),
)


def provider(name: str) -> Provider:
    return Provider(
        name=name,
        title=name,
        mode=Mode.LOCAL,
        base_url="",
        auth=None,
        submit=None,
        accepted=(),
        id_path=None,
        id_is_private=False,
        poll=None,
        poll_s=5,
        status=None,
        result=None,
        echo=None,
        error_paths=(),
        errors=(),
        cancel=None,
        listing=None,
        webhook=None,
        max_in_flight=4,
        submits=None,
        submit_timeout_s=180,
        replies={},
        id_shape="{uuid}",
        notes=(),
    )


CATALOG = SmallCatalog(
    models={model.id: model for model in (ACE, SOLO, FORMATS, SKETCH)},
    providers={name: provider(name) for name in ("acme", "vox", "local")},
)


@dataclass(frozen=True)
class Checked:
    """The result of checking one text: everything that a test may need."""

    pipeline: Pipeline | None
    requests: tuple[Request, ...]
    problems: tuple[Problem, ...]

    def request(self, job: str) -> Request:
        return next(request for request in self.requests if request.job == job)

    @property
    def only_request(self) -> Request:
        assert self.problems == ()
        assert len(self.requests) == 1
        return self.requests[0]

    @property
    def only(self) -> Problem:
        assert len(self.problems) == 1, self.problems
        return self.problems[0]


def no_file(path: str) -> str:
    raise FileNotFoundError(path)


def check_text(
    text: str,
    *,
    profile: str | None = None,
    overrides: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    files: Mapping[str, str | bytes] | None = None,
    file: str = "night.yaml",
) -> Checked:
    def read_text(path: str) -> str:
        content = files[path] if files is not None and path in files else no_file(path)
        return content if isinstance(content, str) else content.decode()

    doc = parse(text, file)
    pipeline, problems = load(doc, schema=SCHEMA, profile=profile, overrides=overrides or {})
    if pipeline is None:
        return Checked(None, (), by_place(problems))
    cells, wrong = expand(pipeline)
    requests, more = resolve(pipeline, cells, CATALOG, env=env or {}, overrides=overrides or {}, read_text=read_text)
    return Checked(pipeline, requests, by_place((*problems, *wrong, *more)))
