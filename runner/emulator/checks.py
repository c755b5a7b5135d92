"""What a provider refuses before it accepts a submission. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from referencing import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.provider import Provider
    from runner.records.source import Json

MAX_SENTENCE = 300
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def parse_body(raw: bytes) -> dict[str, Json] | str:
    """Return the JSON object in `raw`, or the sentence that refuses it."""
    try:
        body = json.loads(raw)
    except ValueError:
        return "The body is not JSON."
    return body if isinstance(body, dict) else "The body is not a JSON object."


def unknown_model(models: tuple[Model, ...]) -> str:
    """Return the sentence that refuses a body which has the fixed fields of none of `models`."""
    names = dict.fromkeys(name for model in models for name in model.body)
    values = {name: [json.dumps(model.body[name]) for model in models if name in model.body] for name in names}
    return " ".join(f"{name} must be {' or '.join(dict.fromkeys(allowed))}." for name, allowed in values.items())


def webhook_problem(provider: Provider, headers: Mapping[str, str], body: Mapping[str, Json]) -> str | None:
    """Return why the provider refuses the webhook, in one sentence, or None."""
    rules = provider.webhook
    if rules is None:
        return None
    sent = [(name, form, headers.get(name)) for name, form in rules.headers.items()]
    sent += [(name, form, body.get(name)) for name, form in rules.body.items()]
    for name, form, value in sent:
        if value is None:
            continue
        if rules.max_length is not None and len(str(value)) > rules.max_length:
            return f"{name} is longer than {rules.max_length} characters."
        if rules.https_only and form == "{url}" and not _may_be_called(str(value)):
            return f"{name} must be an https address."
    return None


def _may_be_called(url: str) -> bool:
    """Say whether an address has TLS, or is on this machine, where a rehearsal listens."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def params_of(provider: Provider, model: Model, body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the model's parameters in `body`: without its fixed fields and without the webhook's."""
    webhook = provider.webhook.body if provider.webhook else {}
    return {name: value for name, value in body.items() if name not in model.body and name not in webhook}


def params_problem(model: Model, params: Mapping[str, Json]) -> str | None:
    """Return why the model refuses `params`, in one sentence, or None."""
    error = best_match(Draft7Validator(model.schema, registry=Registry()).iter_errors(params))
    if error is None:
        return None
    comment = error.schema.get("$comment") if isinstance(error.schema, dict) else None
    place = ".".join(str(step) for step in error.absolute_path)
    text = str(comment or error.message)
    return f"{place}: {text}"[:MAX_SENTENCE] if place and not text.startswith(place) else text[:MAX_SENTENCE]
