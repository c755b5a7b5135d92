"""Requests as the providers' pages document them are accepted, in every form that the pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.records.pipeline import Webhook
from tests.support.catalog import shipped_catalog
from tests.support.emulator import KEY

if TYPE_CHECKING:
    import httpx

    from tests.support.emulator import RunningEmulator

CREATE = "/v2/pixverse/music/create"
VERBATIK = "/api/v1/text-to-music"
PROMPT = "An upbeat synthwave track with a clear female vocal"


def post(emulator: RunningEmulator, path: str, body: dict[str, Any]) -> httpx.Response:
    return emulator.http.post(emulator.url + path, headers={"Authorization": f"Bearer {KEY}"}, json=body)


def last(emulator: RunningEmulator) -> dict[str, Any]:
    entry: dict[str, Any] = emulator.ledger()["submits"][-1]
    return entry


@pytest.mark.parametrize(("path", "name"), [(CREATE, "model"), (VERBATIK, "store_audio")])
def test_a_submit_carries_the_fixed_fields_of_a_model(emulator: RunningEmulator, path: str, name: str) -> None:
    response = post(emulator, path, {"prompt": "x"})
    assert response.status_code == 400
    assert response.json()["error"].startswith(f"{name} must be ")


@pytest.mark.parametrize("value", ["yes", 1, None, False])
def test_a_fixed_field_has_the_value_that_is_sent(emulator: RunningEmulator, value: Any) -> None:
    response = post(emulator, VERBATIK, {"prompt": "x", "store_audio": value})
    assert (response.status_code, response.json()) == (400, {"error": "store_audio must be true."})


def test_pixazo_rejects_a_plain_callback_address(emulator: RunningEmulator) -> None:
    params = {"prompt": "x", "duration": 1}
    response = emulator.submit("pixazo/tracks", params, webhook=Webhook(url="http://hooks.example.com/x"))
    assert response.status_code == 400
    assert response.json()["message"] == "X-Webhook-URL must be an https address."
    assert last(emulator)["accepted"] is False
    assert (
        emulator.submit("pixazo/tracks", params, webhook=Webhook(url="https://hooks.example.com/x")).status_code == 202
    )


def test_a_callback_on_this_machine_may_be_plain(emulator: RunningEmulator) -> None:
    near = Webhook(url="http://127.0.0.1:8000/x")
    assert emulator.submit("pixazo/tracks", {"prompt": "x", "duration": 1}, webhook=near).status_code == 202


@pytest.mark.parametrize("name", ["replyUrl", "replyRef"])
def test_pixverse_takes_1024_characters_of_a_callback(emulator: RunningEmulator, name: str) -> None:
    longest = "https://h.example/".ljust(1024, "x")
    assert post(emulator, CREATE, {"prompt": "x", "model": "music-2.6", name: longest}).status_code == 200
    response = post(emulator, CREATE, {"prompt": "x", "model": "music-2.6", name: f"{longest}x"})
    assert (response.status_code, response.json()["error"]) == (400, f"{name} is longer than 1024 characters.")


def test_what_the_pages_say_of_callbacks_is_data() -> None:
    rules = {name: provider.webhook for name, provider in shipped_catalog().providers.items()}
    assert rules["pixazo"] is not None
    assert rules["pixverse"] is not None
    assert (rules["pixazo"].https_only, rules["pixazo"].max_length) == (True, None)
    assert (rules["pixverse"].https_only, rules["pixverse"].max_length) == (False, 1024)
