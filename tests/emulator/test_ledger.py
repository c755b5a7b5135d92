"""The emulator's ledger of requests, and the operations besides submit and poll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.provider.protocol import cancel_call, list_call
from runner.records.exchange import Verdict
from runner.records.pipeline import Webhook
from tests.support.catalog import shipped_catalog
from tests.support.emulator import KEY

if TYPE_CHECKING:
    from tests.support.emulator import RunningEmulator

PIXVERSE = shipped_catalog().providers["pixverse"]
HOOK = "https://hooks.example.com/done"


def last(emulator: RunningEmulator) -> dict[str, Any]:
    """Return the ledger's newest submit."""
    entry: dict[str, Any] = emulator.ledger()["submits"][-1]
    return entry


def test_a_submission_is_recorded_as_it_was_received(emulator: RunningEmulator) -> None:
    before = len(emulator.ledger()["submits"])
    response = emulator.submit("pixverse/music-v1", {"prompt": "x"})
    entry = last(emulator)
    assert entry["nth"] == before + 1
    assert (entry["provider"], entry["model"]) == ("pixverse", "pixverse/music-v1")
    assert entry["body"] == {"prompt": "x", "model": "music-v1"}
    assert entry["id"] == response.json()["audio_id"]
    assert (entry["status"], entry["accepted"], entry["takes"], entry["webhook"]) == (200, True, 1, None)


def test_the_ledger_names_headers_and_contains_no_key(emulator: RunningEmulator) -> None:
    emulator.submit("pixazo/lyria-3", {"prompt": "x"})
    assert "ocp-apim-subscription-key" in last(emulator)["headers"]
    assert KEY not in str(emulator.ledger())


@pytest.mark.parametrize(
    ("model", "params", "charged"),
    [
        ("pixazo/tracks", {"prompt": "x", "duration": 1}, "0"),
        ("pixazo/lyria-3", {"prompt": "x"}, "0.04"),
        ("pixazo/ace-step", {"prompt": "x", "duration": 1}, None),
        ("verbatik/text-to-music", {"prompt": "x", "num_songs": 2}, "0.20"),
    ],
)
def test_the_charge_follows_the_price_of_the_model(
    emulator: RunningEmulator, model: str, params: dict[str, Any], charged: str | None
) -> None:
    emulator.submit(model, params)
    found = last(emulator)["charged_usd"]
    assert found is None if charged is None else float(found) == float(charged)


def test_a_refused_submit_is_written_down_and_free(emulator: RunningEmulator) -> None:
    emulator.submit("pixazo/lyria-3", {"prompt": "x"}, key="")
    keyless = last(emulator)
    emulator.submit("pixazo/lyria-3", {"prompt": "x", "bpm": 1})
    invalid = last(emulator)
    assert [(entry["status"], entry["accepted"], entry["charged_usd"]) for entry in (keyless, invalid)] == [
        (401, False, "0"),
        (400, False, "0"),
    ]


def test_polls_and_downloads_are_counted(emulator: RunningEmulator) -> None:
    before = emulator.ledger()
    reading, words = emulator.finish(
        "pixazo/ace-step-xl", emulator.submit("pixazo/ace-step-xl", {"prompt": "x", "duration": 1, "batch_size": 2})
    )
    emulator.download(reading)
    after = emulator.ledger()
    assert after["polls"] - before["polls"] == len(words)
    assert after["downloads"] - before["downloads"] == 2


def test_a_link_needs_no_key_and_a_key_that_is_sent_is_counted(emulator: RunningEmulator) -> None:
    reading = emulator.read("verbatik/text-to-music", emulator.submit("verbatik/text-to-music", {"prompt": "x"}))
    url = reading.media[0].url
    assert url is not None
    assert emulator.http.get(url).status_code == 200
    assert emulator.ledger()["keys_on_media"] == 0
    emulator.http.get(url, headers={"Authorization": f"Bearer {KEY}"})
    assert emulator.ledger()["keys_on_media"] == 1


def test_webhook_headers_are_recorded_and_no_webhook_is_called(emulator: RunningEmulator) -> None:
    emulator.submit("pixazo/lyria-3", {"prompt": "x"}, webhook=Webhook(url=HOOK, mode="sync"))
    assert last(emulator)["webhook"] == {"X-Webhook-URL": HOOK, "X-Webhook-Mode": "sync"}


def test_webhook_fields_are_written_down_and_are_no_parameters(emulator: RunningEmulator) -> None:
    response = emulator.submit("pixverse/music-v1", {"prompt": "x"}, webhook=Webhook(url=HOOK))
    assert response.status_code == 200
    assert last(emulator)["webhook"] == {"replyUrl": HOOK, "replyRef": "job"}


def test_the_list_shows_running_and_finished_jobs_newest_first(emulator: RunningEmulator) -> None:
    first = emulator.submit("pixverse/music-2.6", {"prompt": "the first"})
    emulator.finish("pixverse/music-2.6", first)
    second = emulator.submit("pixverse/music-v1", {"prompt": "the second"})
    call = list_call(replace(PIXVERSE, base_url=emulator.url))
    newest, older = emulator.send(PIXVERSE, call).json()["data"][:2]
    assert [(item["audio_id"], item["prompt"]) for item in (newest, older)] == [
        (second.json()["audio_id"], "the second"),
        (first.json()["audio_id"], "the first"),
    ]
    assert newest["audio_status_final"] is False
    assert older["audio_status_name"] == "COMPLETED"


def test_cancelling_pixverse_stops_the_tracking_and_not_the_job(emulator: RunningEmulator) -> None:
    response = emulator.submit("pixverse/music-2.6", {"prompt": "x"})
    call = cancel_call(replace(PIXVERSE, base_url=emulator.url), id=response.json()["audio_id"])
    assert emulator.send(PIXVERSE, call).status_code == 200
    reading, _ = emulator.finish("pixverse/music-2.6", response)
    assert reading.verdict is Verdict.DONE
    assert emulator.send(PIXVERSE, call).status_code == 404
