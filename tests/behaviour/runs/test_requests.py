"""With keys set, `scorefile run` sends for every vendor model exactly the request its page documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.catalog.shelf import cases
from tests.support.catalog import shipped_catalog
from tests.support.command import KEYS, scorefile, vendors_at
from tests.support.recorder import Says, Seen, recording

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = {"Host", "Accept", "Connection", "Content-Length", "Accept-Encoding", "User-Agent"}
"""What every HTTP client sends."""
CASES = [case for case in cases("call") if "forbidden" not in case]
EXAMPLES = [case for case in CASES if case.get("page_example")]
AUTH = {
    "pixazo": ("Ocp-Apim-Subscription-Key", KEYS["PIXAZO_API_KEY"]),
    "pixverse": ("Authorization", f"Bearer {KEYS['USEAPI_API_TOKEN']}"),
    "verbatik": ("Authorization", f"Bearer {KEYS['VERBATIK_API_KEY']}"),
}
REFUSAL = Says.of(400, {"error": "invalid", "message": "recorded"})


def job_of(case: dict[str, Any]) -> dict[str, Any]:
    model = shipped_catalog().models[case["model"]]
    params = dict(case["params"])
    if model.seed is not None:
        params.setdefault(model.seed.param, None)
    job = {"model": case["model"], "params": params}
    return job | ({"webhook": case["webhook"]} if "webhook" in case else {})


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Run a pipeline of all examples against a server that records and refuses; return what came, by example."""
    folder = tmp_path_factory.mktemp("requests")
    jobs = {case.get("job", f"job-{number}"): job_of(case) for number, case in enumerate(CASES)}
    jobs = {name: job | {"output": f"audio/{name}"} for name, job in jobs.items()}
    text = yaml.safe_dump({"version": 1, "jobs": jobs}, allow_unicode=True, sort_keys=False)
    (folder / "scorefile.yaml").write_text(text)
    with recording() as vendor:
        vendor.say("*", REFUSAL)
        done = scorefile("run", "--yes", "-q", "-j", "1", cwd=folder, env=vendors_at(vendor.url))
        assert (done.code, len(vendor.seen)) == (5, len(CASES)), done
    seen: dict[str, Seen] = {}
    for name, (header, value) in AUTH.items():
        came = [one for one in vendor.seen if one.header(header) == value]
        asked = [case["id_"] for case in CASES if case["provider"] == name]
        seen |= dict(zip(asked, came, strict=True))
    return seen


def test_every_vendor_model_has_an_example() -> None:
    remote = {name for name, model in shipped_catalog().models.items() if model.provider != "local"}
    assert {case["model"] for case in EXAMPLES} == remote
    assert len(remote) == 10


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id_"])
def test_the_request_is_exactly_the_documented_one(case: dict[str, Any], sent: dict[str, Seen]) -> None:
    came, documented = sent[case["id_"]], case["call"]
    provider = shipped_catalog().providers[case["provider"]]
    assert (came.method, came.path) == (documented["method"], documented["url"].removeprefix(provider.base_url))
    assert json.loads(came.body) == documented["body"]
    name, value = AUTH[case["provider"]]
    headers = dict(came.headers)
    own = {key: text for key, text in headers.items() if key not in PLAIN or key in documented["headers"]}
    assert own == {**documented["headers"], name: value}
    assert headers["Content-Length"] == str(len(came.body))
    assert headers["User-Agent"] == "scorefile"


def test_no_key_of_another_vendor_is_ever_sent(sent: dict[str, Seen]) -> None:
    for case in CASES:
        came = sent[case["id_"]]
        text = repr(came)
        others = [value for vendor, (_, value) in AUTH.items() if vendor != case["provider"]]
        assert not any(value.removeprefix("Bearer ") in text for value in others)


def test_a_job_that_says_nothing_about_its_seed_sends_one_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\njobs:\n  a: {model: pixazo/tracks, prompt: x, output: a}\n  b: {model: pixazo/tracks, prompt: x, output: b}\n"
    )
    with recording() as vendor:
        vendor.say("*", REFUSAL)
        scorefile("run", "--yes", "-q", cwd=tmp_path, env=vendors_at(vendor.url))
        seeds = [json.loads(seen.body)["seed"] for seen in vendor.seen]
    assert len(set(seeds)) == 2
    assert all(1 <= seed <= 2147483647 for seed in seeds)


def test_an_id_with_an_address_in_it_is_encoded_and_kept_out_of_the_lock(tmp_path: Path) -> None:
    audio_id = "user:1234-pixverse:me@example.com-music:99"
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\njobs:\n  a: {model: pixverse/music-v1, prompt: x, output: a, timeout_s: 1}\n"
    )
    with recording() as vendor:
        vendor.say("*", Says.of(404, {"error": "not yet"}))
        vendor.say("/v2/pixverse/music/create", Says.of(200, {"audio_id": audio_id}))
        done = scorefile("run", "--yes", "-q", cwd=tmp_path, env=vendors_at(vendor.url))
        polls = [seen for seen in vendor.seen if seen.method == "GET"]
    assert done.code == 5
    assert {seen.path for seen in polls} == {"/v2/pixverse/music/user%3A1234-pixverse%3Ame%40example.com-music%3A99"}
    lock = (tmp_path / "scorefile.lock").read_text()
    assert "example.com" not in lock
    assert '"request_id": "sha256:' in lock
    assert "me@example.com" not in done.out + done.err


def test_a_polling_address_on_another_host_gets_neither_call_nor_key(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\njobs:\n  a: {model: pixazo/tracks, prompt: x, output: a, timeout_s: 1}\n"
    )
    with recording() as vendor, recording() as elsewhere:
        accepted = {
            "request_id": "tracks_1",
            "status": "QUEUED",
            "polling_url": f"{elsewhere.url}/v2/requests/status/tracks_1",
        }
        vendor.say("*", Says.of(200, {"request_id": "tracks_1", "status": "QUEUED"}))
        vendor.say("/tracks/v1/generate", Says.of(202, accepted))
        scorefile("run", "--yes", "-q", cwd=tmp_path, env=vendors_at(vendor.url))
        assert elsewhere.seen == []
        assert vendor.to("/v2/requests/status/tracks_1")
