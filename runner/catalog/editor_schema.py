"""One draft-07 schema of pipelines for editors: what a job's parameters may be depends on its model.

An editor sees the text, not the run: a value may be a template, a `{file: PATH}`, or null, and a job's parameters are
spread over defaults, profile and job. So each value is held against its own rules, what must be there is left to
`scorefile validate`, and nothing that `validate` accepts is refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.records.catalog import SEED_WORDS
from runner.records.pipeline import BESIDE_PARAMS, TEXT_PARAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.catalog.models import Catalog
    from runner.records.catalog import Model, Param
    from runner.records.source import Json

TEMPLATE: Final = r"\{\{|\{%|\{#"
FLAT: Final = frozenset(
    {"type", "description", "default", "examples", "title", "format", "$comment", "enum", "pattern", "allOf", "items"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"}
    | {"minItems", "maxItems", "uniqueItems", "not"}
)
"""Words of a parameter's schema that can be widened one by one; a schema with others is taken whole."""


EXACT: Final = ("enum", "minLength", "maxLength", "anyOf", "format")
"""Words that a template's own text may break."""
KINDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
}


def editor_schema(pipeline: Mapping[str, Json], catalog: Catalog) -> dict[str, Json]:
    """Return pipeline.schema.json with the parameters of every model of the catalog in it, chosen by if/then."""
    models = [catalog.models[name] for name in sorted(catalog.models)]
    shared: dict[str, Json] = {name: dict(rules) for name, rules in pipeline["definitions"].items()}
    for holder in ("defaults", "job"):
        shared[holder] = {**_choosing(shared[holder], models, holder), "title": ""}
    for model in models:
        name = _name(model)
        shared[f"params:{name}"] = _params(model, strict=True)
        shared[f"defaults:{name}"] = _params(model, strict=False)
        shared[f"job:{name}"] = _job(model)
    shared["params:any"] = _any_model(models)
    by_default = [_if_default(model) for model in models]
    return {**pipeline, "definitions": shared, "allOf": [*by_default, _if_no_default(models)]}


def _name(model: Model) -> str:
    """Name a model's definition: a reference cannot contain the slash of the model's name."""
    return model.id.replace("/", ".")


def _ref(name: str) -> dict[str, Json]:
    return {"$ref": f"#/definitions/{name}"}


# ---------------------------------------------------------------- where a model is chosen


def _choosing(holder: Mapping[str, Json], models: list[Model], kind: str) -> dict[str, Json]:
    """Return the schema of `defaults` or of a job, with `params` by its own `model`."""
    params = {name: value for name, value in holder["properties"].items() if name not in BESIDE_PARAMS}
    loose = {"type": "object", "description": "Parameters of the model; null sends none."}
    texts = {name: True for name in BESIDE_PARAMS if name in holder["properties"]}
    branches = []
    for model in models:
        then = (
            _ref(f"job:{_name(model)}")
            if kind == "job"
            else {"properties": {"params": _ref(f"defaults:{_name(model)}")}}
        )
        branches.append({"if": _has_model({"const": model.id}), "then": then})
    known = [model.id for model in models]
    branches.append({"if": _has_model({"not": {"enum": known}}), "then": _free(kind)})
    return {
        **holder,
        "properties": {**texts, **params, "model": _model(holder["properties"]["model"], models), "params": loose},
        "allOf": branches,
    }


def _has_model(rules: Mapping[str, Json]) -> dict[str, Json]:
    return {"required": ["model"], "properties": {"model": rules}}


def _free(kind: str) -> dict[str, Json]:
    """Return the rules for an unknown model: any parameter, with each model's description of it."""
    texts = {name: {"$ref": "#/definitions/text"} for name in TEXT_PARAMS} if kind == "job" else {}
    return {"properties": {**texts, "params": _ref("params:any")}}


def _if_default(model: Model) -> dict[str, Json]:
    """Apply the model of `defaults` to jobs without one."""
    chosen = {"required": ["defaults"], "properties": {"defaults": _has_model({"const": model.id})}}
    return {"if": chosen, "then": _jobs_without_model(_ref(f"job:{_name(model)}"))}


def _if_no_default(models: list[Model]) -> dict[str, Json]:
    known = _has_model({"enum": [model.id for model in models]})
    chosen = {"required": ["defaults"], "properties": {"defaults": known}}
    no_model = {"required": ["defaults"], "properties": {"defaults": {"not": {"required": ["model"]}}}}
    defaults = {"if": no_model, "then": {"properties": {"defaults": _free("defaults")}}}
    return {"if": chosen, "else": {**_jobs_without_model(_free("job")), "allOf": [defaults]}}


def _jobs_without_model(then: Mapping[str, Json]) -> dict[str, Json]:
    each = {"if": {"not": {"required": ["model"]}}, "then": then}
    return {"properties": {"jobs": {"additionalProperties": each}}}


def _model(rules: Mapping[str, Json], models: list[Model]) -> dict[str, Json]:
    """Return the rules of `model`: one of the catalog's, each with its description, or a template."""
    names = {
        "enum": [model.id for model in models],
        "markdownEnumDescriptions": [f"**{model.title}**: {model.schema.get('description', '')}" for model in models],
    }
    return {"description": rules["description"], "anyOf": [names, {"type": "string", "pattern": TEMPLATE}]}


# ---------------------------------------------------------------- one model's parameters


def _params(model: Model, *, strict: bool) -> dict[str, Json]:
    """Return the parameters of a model; in `defaults` there may be others beside them, for jobs of other models."""
    shown: dict[str, Json] = {
        "type": "object",
        "description": f"Parameters of {model.id}. null sends none.",
        "properties": {name: _param(model, param) for name, param in model.params.items()},
    }
    if "definitions" in model.schema:
        shown["definitions"] = _moved(model.schema["definitions"], model)
    return {**shown, **({"additionalProperties": False} if strict else {})}


def _job(model: Model) -> dict[str, Json]:
    """Return the rules of a model for a job: its parameters, and those that may be written beside `params`."""
    texts: dict[str, Json] = {}
    for name in BESIDE_PARAMS:
        if name in model.params:
            texts[name] = _param(model, model.params[name])
        else:
            texts[name] = {"type": "null", "errorMessage": f"{model.id} takes no {name}.", "doNotSuggest": True}
    return {"properties": {**texts, "params": _ref(f"params:{_name(model)}")}}


def _param(model: Model, param: Param) -> dict[str, Json]:
    """Return the rules of one parameter, widened by templates, files and null, which are resolved before it is sent."""
    rules = model.schema["properties"][param.name]
    is_seed = model.seed is not None and model.seed.param == param.name
    own = rules if set(rules) <= FLAT else {"type": rules["type"], "anyOf": [rules]}
    widened = _widened(_moved(own, model), SEED_WORDS if is_seed else ())
    if "pattern" in widened:
        widened["patternErrorMessage"] = _hint(param, rules, seed=is_seed)
    about = [rules.get("description", ""), _allowed(param, seed=is_seed), f"`{model.id}`"]
    examples = [*(SEED_WORDS if is_seed else ()), *rules.get("examples", ())]
    return {
        "title": param.name,
        **widened,
        "markdownDescription": "\n\n".join(text for text in about if text),
        **({"examples": examples} if examples else {}),
    }


def _widened(rules: Mapping[str, Json], words: Iterable[str]) -> dict[str, Json]:
    """Let a template, one of `words`, a {file: PATH} where text is meant, and null pass besides what `rules` allow."""
    other = "|".join([*(f"^{word}$" for word in words), TEMPLATE])
    types = [rules["type"]] if isinstance(rules["type"], str) else list(rules["type"])
    is_text = "string" in types
    wide: dict[str, Json] = {
        **rules,
        "type": [*dict.fromkeys([*types, "string", "null", *(["object"] if is_text else [])])],
    }
    exact = {word: wide.pop(word) for word in EXACT if word in wide}
    if exact.get("minLength") == 1:
        wide["minLength"] = exact.pop("minLength")
    if "pattern" in wide or not is_text:
        wide["pattern"] = f"{rules['pattern']}|{other}" if "pattern" in rules else other
    if "allOf" in wide:
        wide["allOf"] = [_widened_part(part, other) for part in rules["allOf"]]
    if "items" in wide:
        wide["items"] = {
            "anyOf": [rules["items"], {"type": "string", "pattern": TEMPLATE}, {"$ref": "#/definitions/file"}]
        }
    if is_text:
        wide |= {
            "required": ["file"],
            "additionalProperties": False,
            "properties": {"file": {"type": "string", "minLength": 1}},
        }
    passing: list[Json] = [
        {"type": "null"},
        {"type": "string", "pattern": other},
        *([{"type": "object"}] if is_text else []),
    ]
    if exact:
        inner = exact.pop("anyOf", [])
        wide["anyOf"] = [*inner, *([exact] if exact else []), *passing]
    return wide


def _widened_part(part: Mapping[str, Json], other: str) -> dict[str, Json]:
    if "pattern" in part:
        message = {"patternErrorMessage": part["$comment"]} if "$comment" in part else {}
        return {**part, **message, "pattern": f"{part['pattern']}|{other}"}
    if "enum" not in part and "const" not in part:
        return dict(part)
    return {"anyOf": [part, {"type": "null"}, {"type": "string", "pattern": other}]}


def _allowed(param: Param, *, seed: bool) -> str:
    """Describe in one line what a parameter may be."""
    low, high = param.minimum, param.maximum
    parts = []
    if low is not None and high is not None:
        parts.append(f"**{_number(low)} to {_number(high)}**")
    elif low is not None:
        parts.append(f"**from {_number(low)}**")
    elif high is not None:
        parts.append(f"**up to {_number(high)}**")
    if param.max_length is not None:
        parts.append(f"**up to {param.max_length:,} characters**")
    if param.max_items is not None:
        parts.append(f"**up to {param.max_items} items**")
    if seed:
        parts.append("`auto` (the default) or `random`")
    elif param.default not in (None, ""):
        parts.append(f"default `{param.default}`")
    return ", ".join(parts)


def _number(value: float) -> str:
    """Write a number in full: 2147483647, not 2.14748e+09."""
    return str(int(value)) if value == int(value) else str(value)


def _hint(param: Param, rules: Mapping[str, Json], *, seed: bool) -> str:
    """Describe what a text that is not a template should be."""
    examples = rules.get("examples", ())
    kinds = " or ".join(KINDS.get(kind, kind) for kind in param.types)
    wanted = f"text such as {examples[0]}" if examples else kinds
    words = ", auto, random" if seed else ""
    return f'{param.name} is {wanted}{words}, or a template such as "{{{{ {param.name} }}}}".'


def _moved(node: Json, model: Model) -> Json:
    """Return a part of a model's schema with its references adjusted to its place in this one."""
    if isinstance(node, list):
        return [_moved(item, model) for item in node]
    if not isinstance(node, dict):
        return node
    moved = {key: _moved(value, model) for key, value in node.items()}
    if isinstance(node.get("$ref"), str):
        moved["$ref"] = node["$ref"].replace("#/", f"#/definitions/params:{_name(model)}/", 1)
    return moved


def _any_model(models: list[Model]) -> dict[str, Json]:
    """Return the parameters of all models, with each model's description and no rules."""
    described: dict[str, dict[str, str]] = {}
    for model in models:
        for name, param in model.params.items():
            line = f"- `{model.id}`: {param.description} {_allowed(param, seed=False)}".rstrip()
            described.setdefault(name, {})[model.id] = line
    properties = {name: {"markdownDescription": "\n".join(lines.values())} for name, lines in described.items()}
    description = "Parameters of the job's model; one that it has not is left out of `defaults`. null sends none."
    return {"type": "object", "description": description, "properties": properties}
