"""What an answer says that a job was made from: another request is found, and the same one is never taken for another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.provider.echo import another_request
from runner.records.exchange import Reply
from tests.catalog.shelf import CATALOG

PROMPT = "low brass, a slow build " * 20


def found(model_id: str, document: Any, *, prompt: Any = PROMPT) -> str:
    model = CATALOG.models[model_id]
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    params = {} if prompt is None else {"prompt": prompt}
    return another_request(CATALOG.providers[model.provider], model, params, Reply(status=200, headers={}, body=body))


@pytest.mark.parametrize("model_id", [name for name, model in CATALOG.models.items() if model.provider == "pixazo"])
def test_the_name_of_each_model_is_its_own_and_no_other_ones(model_id: str) -> None:
    own = model_id.partition("/")[2]
    others = [name.partition("/")[2] for name in CATALOG.models if name.startswith("pixazo/") and name != model_id]
    assert found(model_id, {"model_id": own}) == ""
    assert found(model_id, {"model_id": own.upper()}) == ""
    for other in others:
        assert found(model_id, {"model_id": other}) == f"its model is {other}, not {own}"


@pytest.mark.parametrize(
    "said",
    [
        PROMPT,
        f"  {PROMPT}\n",
        PROMPT.replace(" ", "\n"),
        PROMPT[:100],
        PROMPT[:99] + "…",
        PROMPT[:97] + "...",
        "",
        None,
        4711,
        ["low brass"],
    ],
)
def test_a_prompt_that_was_cut_or_has_other_blanks_is_the_same(said: Any) -> None:
    assert found("pixverse/music-2.6", {"prompt": said, "model": "music-2.6"}) == ""


def test_another_prompt_is_shown_by_its_start() -> None:
    assert found("pixverse/music-2.6", {"prompt": "high\x1b[31m strings"}) == "its prompt is 'high [31m strings'"
    long = found("pixverse/music-2.6", {"prompt": "strings " * 60})
    assert long == f"its prompt is {('strings ' * 60)[:59] + '…'!r}"


def test_the_name_that_fixed_fields_send_is_a_models_own() -> None:
    assert found("pixverse/music-v1", {"model": "music-v1"}) == ""
    assert found("pixverse/music-v1", {"model": "music-2.6"}) == "its model is music-2.6, not music-v1"


@pytest.mark.parametrize("document", [b"", b"<html>", b'{"model_id": "tra', [], {"model_id": None}, {"model_id": 7}])
def test_an_answer_that_names_nothing_is_of_no_other_request(document: Any) -> None:
    assert found("pixazo/tracks", document) == ""


def test_a_request_without_a_prompt_and_a_provider_that_names_nothing_are_not_compared() -> None:
    assert found("pixverse/music-2.6", {"prompt": "strings"}, prompt=None) == ""
    assert found("verbatik/text-to-music", {"model": "strings", "prompt": "strings"}) == ""
