"""What a vendor refuses before it takes a submit. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records import Card, Json, Provider

LONGEST = 300


def parse_body(raw: bytes) -> dict[str, Json] | str:
    """Return the JSON object in `raw`, or the sentence that refuses it."""
    try:
        body = json.loads(raw)
    except ValueError:
        return "The body is not JSON."
    return body if isinstance(body, dict) else "The body is not a JSON object."


def unknown_model(cards: tuple[Card, ...]) -> str:
    """Return the sentence that refuses a body which fits the fixed fields of none of `cards`."""
    names = dict.fromkeys(name for card in cards for name in card.body)
    values = {name: [json.dumps(card.body[name]) for card in cards if name in card.body] for name in names}
    return " ".join(f"{name} must be {' or '.join(dict.fromkeys(allowed))}." for name, allowed in values.items())


def params_of(provider: Provider, card: Card, body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the model's parameters in `body`: without its fixed fields and without the webhook's."""
    webhook = provider.webhook.body if provider.webhook else {}
    return {name: value for name, value in body.items() if name not in card.body and name not in webhook}


def complaint(card: Card, params: Mapping[str, Json]) -> str | None:
    """Return why the model refuses `params`, in one sentence, or None."""
    fault = best_match(Draft7Validator(card.schema).iter_errors(params))
    if fault is None:
        return None
    said = fault.schema.get("$comment") if isinstance(fault.schema, dict) else None
    place = ".".join(str(step) for step in fault.absolute_path)
    text = str(said or fault.message)
    return f"{place}: {text}"[:LONGEST] if place and not text.startswith(place) else text[:LONGEST]
