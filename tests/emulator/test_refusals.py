"""What the emulator refuses, with the recorded errors of each provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.records.exchange import Verdict
from tests.support.catalog import shipped_catalog
from tests.support.emulator import KEY

if TYPE_CHECKING:
    from tests.support.emulator import RunningEmulator

CATALOG = shipped_catalog()
HTTP_MODELS = sorted(model.id for model in CATALOG.models.values() if model.provider != "local")


@pytest.mark.parametrize("model", HTTP_MODELS)
def test_a_submit_without_a_key_is_refused(emulator: RunningEmulator, model: str) -> None:
    response = emulator.submit(model, {"prompt": "x"}, key="")
    provider = CATALOG.providers[CATALOG.models[model].provider]
    recorded = next(reply["json"] for reply in provider.replies["errors"] if reply["status"] == 401)
    assert (response.status_code, response.json()) == (401, recorded)
    assert emulator.read(model, response).group == "auth"


def test_an_empty_key_and_a_key_without_its_prefix_are_refused(emulator: RunningEmulator) -> None:
    url = f"{emulator.url}/api/v1/text-to-music"
    for header in ("Bearer", KEY, "Basic x"):
        assert emulator.http.post(url, headers={"Authorization": header}, json={"prompt": "x"}).status_code == 401


def test_a_poll_without_a_key_is_refused(emulator: RunningEmulator) -> None:
    assert emulator.poll("pixazo/tracks", "tracks_1", key="").status_code == 401


@pytest.mark.parametrize(
    ("model", "params", "message"),
    [
        ("pixazo/tracks", {"prompt": "x", "bpm": 301}, "bpm: 301 is greater than the maximum of 300"),
        ("pixazo/tracks", {"prompt": "x", "guidance_scale": 4.9}, "guidance_scale: 4.9 is less than the minimum of 5"),
        ("pixazo/ace-step-xl", {"prompt": "x", "batch_size": 5}, "batch_size: 5 is greater than the maximum of 4"),
        ("pixazo/lyria-2", {}, "'prompt' is a required property"),
        ("pixazo/lyria-2", {"prompt": "x", "bpm": 90}, "'bpm' was unexpected"),
        ("pixverse/music-2.6", {"prompt": "x", "lyrics": "la", "instrumental": True}, "lyrics cannot be combined with"),
        ("verbatik/text-to-music", {"lyrics": "la"}, "lyrics alone are not allowed; add a prompt or tags"),
    ],
)
def test_parameters_that_the_model_does_not_take_are_refused(
    emulator: RunningEmulator, model: str, params: dict[str, Any], message: str
) -> None:
    response = emulator.submit(model, params)
    reading = emulator.read(model, response)
    assert response.status_code == 400
    assert (reading.verdict, reading.group) == (Verdict.REJECTED, "invalid")
    assert message in reading.message


def test_an_unknown_pixverse_model_is_refused_with_the_known_ones(emulator: RunningEmulator) -> None:
    response = emulator.http.post(
        f"{emulator.url}/v2/pixverse/music/create",
        headers={"Authorization": f"Bearer {KEY}"},
        json={"prompt": "x", "model": "music-9"},
    )
    assert response.status_code == 400
    assert response.json() == {
        "error": 'model must be "lyria-3-pro-preview" or "music-2.6" or "music-v1".',
        "code": 400,
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"{", "The body is not JSON."), (b"[]", "The body is not a JSON object."), (b"\xff", "The body is not JSON.")],
)
def test_a_body_that_is_no_json_object_is_refused(emulator: RunningEmulator, body: bytes, message: str) -> None:
    headers = {"Ocp-Apim-Subscription-Key": KEY}
    response = emulator.http.post(f"{emulator.url}/tracks/v1/generate", headers=headers, content=body)
    assert (response.status_code, response.json()["message"]) == (400, message)


@pytest.mark.parametrize("model", ["pixazo/tracks", "pixverse/music-v1"])
def test_an_unknown_id_is_missing(emulator: RunningEmulator, model: str) -> None:
    response = emulator.poll(model, "nobody")
    assert response.status_code == 404
    provider = CATALOG.providers[CATALOG.models[model].provider]
    assert set(response.json()) <= {"error", "message"}, provider.name


def test_an_id_of_one_provider_is_unknown_to_another(emulator: RunningEmulator) -> None:
    job_id = emulator.submit("pixazo/tracks", {"prompt": "x", "duration": 1}).json()["request_id"]
    assert emulator.poll("pixverse/music-v1", job_id).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("POST", "/tracks/v1"), ("GET", "/tracks/v1/generate"), ("POST", "/tracks/v1/generate/")],
)
def test_a_path_of_no_provider_is_not_found_in_json(emulator: RunningEmulator, method: str, path: str) -> None:
    response = emulator.http.request(method, emulator.url + path)
    assert (response.status_code, response.json()) == (404, {"error": f"No provider has {method} {path}"})


def test_an_unknown_media_link_is_not_found(emulator: RunningEmulator) -> None:
    assert emulator.http.get(f"{emulator.url}/media/nobody/output.wav").status_code == 404
