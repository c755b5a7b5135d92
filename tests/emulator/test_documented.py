"""What the vendors' pages document as a request is taken, in each form that they show."""

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


def form(emulator: RunningEmulator, path: str, fields: dict[str, str]) -> httpx.Response:
    parts = {name: (None, text) for name, text in fields.items()}
    return emulator.http.post(emulator.url + path, headers={"Authorization": f"Bearer {KEY}"}, files=parts)


def last(emulator: RunningEmulator) -> dict[str, Any]:
    entry: dict[str, Any] = emulator.ledger()["submits"][-1]
    return entry


def test_the_samples_of_the_pixverse_page_name_no_model_and_get_the_default_one(emulator: RunningEmulator) -> None:
    response = post(emulator, CREATE, {"prompt": PROMPT})
    assert response.status_code == 200, response.text
    assert last(emulator)["model"] == "pixverse/music-2.6"
    assert last(emulator)["body"] == {"prompt": PROMPT}


def test_without_a_model_the_rules_of_the_default_one_hold(emulator: RunningEmulator) -> None:
    assert post(emulator, CREATE, {"prompt": "x" * 2001}).status_code == 400
    assert post(emulator, CREATE, {"prompt": "x", "image_path_1": "a"}).status_code == 400


@pytest.mark.parametrize("more", [{}, {"store_audio": False}, {"store_audio": True}])
def test_store_audio_is_optional_as_verbatiks_page_says(emulator: RunningEmulator, more: dict[str, Any]) -> None:
    response = post(emulator, VERBATIK, {"prompt": "x", **more})
    assert response.status_code == 200, response.text
    assert last(emulator)["model"] == "verbatik/text-to-music"


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_store_audio_is_a_boolean(emulator: RunningEmulator, value: Any) -> None:
    response = post(emulator, VERBATIK, {"prompt": "x", "store_audio": value})
    assert (response.status_code, response.json()) == (400, {"error": "store_audio must be true or false."})


def test_a_form_is_taken_where_the_page_shows_one(emulator: RunningEmulator) -> None:
    fields = {"prompt": "träumen\r\nzwei", "instrumental": "true", "maxJobs": "3", "replyRef": "mine"}
    response = form(emulator, CREATE, fields)
    assert response.status_code == 200, response.text
    entry = last(emulator)
    assert entry["body"] == {**fields, "instrumental": True, "maxJobs": 3}
    assert entry["webhook"] == {"replyRef": "mine"}


def test_the_fields_of_a_form_are_held_to_the_same_rules(emulator: RunningEmulator) -> None:
    assert "maximum of 8" in form(emulator, CREATE, {"prompt": "x", "maxJobs": "9"}).text
    assert form(emulator, CREATE, {"prompt": "x", "maxJobs": "many"}).status_code == 400
    assert form(emulator, CREATE, {"prompt": "x", "instrumental": "true", "lyrics": "la"}).status_code == 400
    assert (
        form(emulator, CREATE, {"prompt": "x", "model": "lyria-3-pro-preview", "image_path_2": "a"}).status_code == 400
    )


def test_a_form_without_a_boundary_is_refused(emulator: RunningEmulator) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "multipart/form-data"}
    response = emulator.http.post(emulator.url + CREATE, headers=headers, content=b"prompt=x")
    assert (response.status_code, response.json()["error"]) == (400, "The body is not a form.")


def test_a_form_is_refused_where_the_page_shows_none(emulator: RunningEmulator) -> None:
    assert form(emulator, VERBATIK, {"prompt": "x"}).json() == {"error": "The body is not JSON."}


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
    assert post(emulator, CREATE, {"prompt": "x", name: longest}).status_code == 200
    response = post(emulator, CREATE, {"prompt": "x", name: f"{longest}x"})
    assert (response.status_code, response.json()["error"]) == (400, f"{name} is longer than 1024 characters.")


def test_what_the_pages_say_of_callbacks_is_data() -> None:
    rules = {name: provider.webhook for name, provider in shipped_catalog().providers.items()}
    assert rules["pixazo"] is not None
    assert rules["pixverse"] is not None
    assert (rules["pixazo"].https_only, rules["pixazo"].max_length) == (True, None)
    assert (rules["pixverse"].https_only, rules["pixverse"].max_length) == (False, 1024)
