"""Every model, over HTTP, from the documented example to audio that decodes."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import av
import pytest

from runner.emulator.play import waiting_words
from runner.records.exchange import Verdict
from tests.support.catalog import ROOT, shipped_catalog

if TYPE_CHECKING:
    from tests.support.emulator import RunningEmulator

CATALOG = shipped_catalog()
HTTP_MODELS = sorted(model.id for model in CATALOG.models.values() if model.provider != "local")
CONTAINERS = {"audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/ogg": "ogg", "audio/mp4": "mov"}


def documented() -> list[Any]:
    """Return (model, params) of every example on a vendor's page."""
    files = sorted(ROOT.glob("tests/cases/protocol/*/requests.json"))
    cases = [case for file in files for case in json.loads(file.read_bytes())["cases"] if case.get("page_example")]
    return [pytest.param(case["model"], case["params"], id=f"{case['model']}: {case['name']}") for case in cases]


def sound(content: bytes) -> tuple[str, float]:
    """Decode a whole file; return its container and its length in seconds."""
    with av.open(io.BytesIO(content), "r") as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
        return file.format.name.split(",")[0], samples / file.streams.audio[0].rate


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("model", "params"), documented())
def test_a_documented_example_goes_through_its_states_and_becomes_audio(
    emulator: RunningEmulator, model: str, params: dict[str, Any]
) -> None:
    found = CATALOG.models[model]
    provider = CATALOG.providers[found.provider]
    response = emulator.submit(model, params)
    assert response.status_code == provider.replies["accepted" if provider.poll else "done"]["status"]
    reading, words = emulator.finish(model, response)
    assert reading.verdict is Verdict.DONE, reading.message
    order = [*waiting_words(provider), reading.word]
    assert list(dict.fromkeys(words)) == [word for word in order if word in words]
    assert len(set(words)) >= 2 or provider.poll is None
    asked_s = params.get("duration", found.typical_s)
    takes = emulator.download(reading)
    assert len(takes) == params.get("batch_size", params.get("num_songs", 1))
    assert len({take.content for take in takes}) == len(takes)
    kind = "audio/mpeg" if params.get("output_format") == "mp3" else found.media_types[0]
    container, seconds = sound(takes[0].content)
    assert takes[0].headers["content-type"] == kind
    assert int(takes[0].headers["content-length"]) == len(takes[0].content)
    assert container == CONTAINERS[kind]
    assert seconds == pytest.approx(asked_s, abs=0.1)


def test_every_model_has_a_documented_example() -> None:
    assert {case.values[0] for case in documented()} == set(HTTP_MODELS)


def test_a_job_is_waiting_at_its_first_poll_however_late(emulator: RunningEmulator) -> None:
    model = "pixazo/tracks"
    response = emulator.submit(model, {"prompt": "x", "duration": 1})
    job_id = response.json()["request_id"]
    first = emulator.poll(model, job_id).json()
    assert first["status"] in {"QUEUED", "PROCESSING"}
    assert first["output"] is None


@pytest.mark.parametrize(
    ("word", "media_type"),
    [("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("flac", "audio/flac"), ("ogg", "audio/ogg"), ("m4a", "audio/mp4")],
)
def test_the_requested_container_is_returned(emulator: RunningEmulator, word: str, media_type: str) -> None:
    response = emulator.submit("verbatik/text-to-music", {"prompt": "x", "output_format": word})
    take = emulator.download(emulator.read("verbatik/text-to-music", response))[0]
    container, seconds = sound(take.content)
    assert (container, take.headers["content-type"]) == (CONTAINERS[media_type], media_type)
    assert seconds == pytest.approx(30, abs=0.1)
    assert str(take.url).endswith(f".{word}")


def test_a_batch_counts_its_seed_up_and_every_take_differs(emulator: RunningEmulator) -> None:
    model = "verbatik/text-to-music"
    pair = emulator.read(model, emulator.submit(model, {"prompt": "x", "num_songs": 2, "seed": 9}))
    second = emulator.read(model, emulator.submit(model, {"prompt": "x", "seed": 10}))
    assert [take.seed for take in pair.media] == [9, 10]
    first_audio, second_audio = (take.content for take in emulator.download(pair))
    assert first_audio != second_audio
    assert emulator.download(second)[0].content == second_audio


def test_the_polling_url_of_an_answer_is_on_the_same_host(emulator: RunningEmulator) -> None:
    answer = emulator.submit("pixazo/lyria-2", {"prompt": "x"}).json()
    assert answer["polling_url"] == f"{emulator.url}/v2/requests/status/{answer['request_id']}"


def test_the_file_says_that_it_is_a_placeholder(emulator: RunningEmulator) -> None:
    model = "pixazo/tracks"
    reading, _ = emulator.finish(model, emulator.submit(model, {"prompt": "x", "duration": 2}))
    assert b"rehearsal placeholder" in emulator.download(reading)[0].content
