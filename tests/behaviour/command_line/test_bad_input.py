"""Whatever is wrong: one clear message, the right exit code, no traceback, nothing half-written."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

import pytest

from runner.audio.encode import encode
from tests.behaviour.conftest import files
from tests.support.command import KEYS, Done, scorefile, vendors_at
from tests.support.recorder import Recorder, Says

if TYPE_CHECKING:
    from pathlib import Path

ONE = (
    "version: 1\njobs:\n  title: {{model: {model}, prompt: low brass, output: audio/title, params: {{duration: 4}}}}\n"
)
FREE = ONE.format(model="pixazo/tracks")
PRICED = "version: 1\njobs:\n  title: {model: pixazo/lyria-2, prompt: low brass, output: audio/title}\n"


def write(folder: Path, text: str) -> None:
    (folder / "scorefile.yaml").write_text(text)


# ---------------------------------------------------------------- the files are wrong


WRONG = {
    "broken YAML": ("version: 1\njobs: {a: [}\n", "scorefile.yaml:2:", "SF101"),
    "an unknown key": (
        "version: 1\njobs:\n  a: {model: local/sketch, prompt: x, output: a, promt: y}\n",
        "scorefile.yaml:3:",
        "prompt",
    ),
    "an unknown model": (
        "version: 1\njobs:\n  a: {model: pixazo/trucks, prompt: x, output: a}\n",
        "scorefile.yaml:3:14",
        "pixazo/tracks",
    ),
    "an unknown parameter": (
        "version: 1\njobs:\n  a: {model: local/sketch, prompt: x, output: a, params: {bmp: 90}}\n",
        "scorefile.yaml:3:",
        "bpm",
    ),
    "a value out of range": (
        "version: 1\njobs:\n  a: {model: local/sketch, prompt: x, output: a, params: {bpm: 900}}\n",
        "scorefile.yaml:3:",
        "30 to 300",
    ),
    "an undefined variable": (
        'version: 1\nvars: {game: Ember}\njobs:\n  a: {model: local/sketch, prompt: "of {{ gane }}", output: a}\n',
        "scorefile.yaml:4:",
        "game",
    ),
    "a cycle in needs": (
        (
            "version: 1\ndefaults: {model: local/sketch, output: '{{ job.id }}'}\njobs:\n"
            "  a: {prompt: x, needs: [b]}\n  b: {prompt: x, needs: [a]}\n"
        ),
        "scorefile.yaml:4:",
        "a → b → a",
    ),
    "two jobs writing one file": (
        "version: 1\ndefaults: {model: local/sketch}\njobs:\n  a: {prompt: x, output: one}\n  b: {prompt: x, output: one}\n",
        "scorefile.yaml:5:",
        "one",
    ),
    "an output outside the folder": (
        "version: 1\njobs:\n  a: {model: local/sketch, prompt: x, output: ../a}\n",
        "scorefile.yaml:3:",
        "folder",
    ),
    "a text file that is not there": (
        "version: 1\njobs:\n  a: {model: local/sketch, prompt: {file: lost.txt}, output: a}\n",
        "scorefile.yaml:3:",
        "lost.txt",
    ),
    "an empty file": ("", "scorefile.yaml:1:1", "the file is empty"),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("verb", ["validate", "plan", "run", "render"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_say_where_what_is_allowed_and_what_to_do(tmp_path: Path, name: str, verb: str) -> None:
    text, place, word = WRONG[name]
    write(tmp_path, text)
    done = scorefile(verb, *(["--yes"] if verb == "run" else []), cwd=tmp_path)
    said = done.out + done.err
    assert done.code == 3, done
    assert place in said
    assert word in said
    assert "found" in done.err
    assert files(tmp_path) == []
    assert not (tmp_path / ".scorefile").exists()


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        "version: 1\ndefaults: {model: local/sketch, output: '{{ job.id }}'}\njobs:\n"
        "  a: {prompt: x, params: {bpm: 900}}\n  b: {prompt: x, params: {duration: 9999}}\n  c: {prompt: '{{ nothing }}'}\n",
    )
    done = scorefile("validate", cwd=tmp_path)
    assert done.code == 3
    assert [f"scorefile.yaml:{line}:" in done.out for line in (4, 5, 6)] == [True] * 3
    assert "3 problems found" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run",), "there is no scorefile.yaml in /"),
        (("run", "lost.yaml"), "there is no lost.yaml"),
        (("plan", "lost.yaml"), "there is no lost.yaml"),
        (("status",), "there is no scorefile.yaml"),
        (("verify",), "there is no scorefile.yaml"),
        (("validate", "."), ""),
        (("models", "pixazo/trucks"), "did you mean pixazo/tracks?"),
        (("rum",), "did you mean run?"),
        (("run", "--no-such-flag"), "no such option"),
        (("run", "--jobs", "0"), "0 is not in the range"),
        (("run", "--format", "xml"), "is not one of"),
        (("emulator", "--host", "192.0.2.1"), "loopback only"),
    ],
)
def test_a_wrong_command_line_is_usage(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = scorefile(*words, cwd=tmp_path)
    assert done.code == 2, done
    assert message in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "titel"), "did you mean title?"),
        (("run", "--target", "zzz*"), "no job matches zzz*"),
        (("run", "--label", "comba"), "did you mean combat?"),
        (("run", "--shard", "3/2"), "--shard 3/2 is not I/N"),
        (("run", "--max-cost", "lots"), "--max-cost lots is not an amount"),
        (("run", "--max-cost", "nan"), "is not an amount"),
        (("run", "--var", "novalue"), "is not K=V"),
    ],
)
def test_a_wrong_name_says_the_nearest_one(night: Path, words: tuple[str, ...], message: str) -> None:
    done = scorefile(*words, "--yes", cwd=night)
    assert done.code == 2, done
    assert message in done.err
    assert files(night) == []


def test_an_unknown_profile_is_said_with_the_known_ones(showcase: Path) -> None:
    done = scorefile("plan", "game.yaml", "--profile", "draff", cwd=showcase)
    assert done.code in (2, 3)
    assert "draft" in done.err


@pytest.mark.parametrize(
    "content",
    ["{", '{"version": 1, "jobs": {"title": {}}}', '{"version": 2, "jobs": {"title": {}}}'],
)
def test_a_damaged_lock_stops_everything_that_reads_it(night: Path, content: str) -> None:
    (night / "scorefile.lock").write_text(content)
    for verb in ("plan", "status", "verify", "run"):
        done = scorefile(verb, *(["--yes"] if verb == "run" else []), cwd=night)
        assert done.code not in (0, 5), done
        assert "scorefile.lock cannot be read" in done.err
    assert (night / "scorefile.lock").read_text() == content


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said(night: Path) -> None:
    night.chmod(0o500)
    done = scorefile("run", "--rehearse", "-q", cwd=night)
    night.chmod(0o700)
    assert done.code == 1
    assert "Permission denied" in done.err or "cannot" in done.err


# ---------------------------------------------------------------- keys


def test_a_missing_key_is_said_before_anything_is_sent(night: Path, vendor: Recorder) -> None:
    env = vendors_at(vendor.url, keys={})
    done = scorefile("run", "--yes", "-q", cwd=night, env=env)
    assert done.code == 7
    assert "PIXAZO_API_KEY is not set" in done.err
    assert "--rehearse" in done.err
    assert vendor.seen == []
    assert files(night) == []


@pytest.mark.parametrize("key", [KEYS["PIXAZO_API_KEY"] + "\n", "half " + KEYS["PIXAZO_API_KEY"], "ключ"])
def test_a_malformed_key_is_refused_and_not_shown(night: Path, vendor: Recorder, key: str) -> None:
    done = scorefile("run", "--yes", "-q", cwd=night, env=vendors_at(vendor.url, keys={"PIXAZO_API_KEY": key}))
    assert done.code == 7
    assert key.strip() not in done.out + done.err
    assert vendor.seen == []


def test_a_key_that_a_vendor_says_back_prints_as_three_stars(tmp_path: Path, vendor: Recorder) -> None:
    write(tmp_path, FREE)
    key = KEYS["PIXAZO_API_KEY"]
    vendor.say("*", Says.of(401, {"error": "Unauthorized", "message": f"the key {key} is not active"}))
    done = scorefile("run", "--yes", cwd=tmp_path, env=vendors_at(vendor.url))
    assert done.code == 7
    assert "the key *** is not active" in done.out
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert kept == []


@pytest.mark.parametrize("url", ["http://vendor.example.com", "https://[::1", "emulator", "https://a.example.com/v1"])
def test_an_address_that_is_none_is_said_before_anything_is_sent(night: Path, url: str) -> None:
    done = scorefile("run", "--yes", "-q", cwd=night, env={**vendors_at(url)})
    assert done.code == 2, done
    assert "SCOREFILE_PIXAZO_BASE_URL" in done.err
    assert files(night) == []


# ---------------------------------------------------------------- vendors


def run_against(folder: Path, vendor: Recorder, text: str = PRICED) -> Done:
    write(folder, text)
    return scorefile("run", "--yes", "-q", cwd=folder, env=vendors_at(vendor.url))


def test_an_unreachable_vendor_is_said_and_nothing_is_charged(tmp_path: Path) -> None:
    write(tmp_path, PRICED)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    done = scorefile("run", "--yes", "-q", cwd=tmp_path, env=vendors_at(url))
    assert done.code == 5
    assert "cannot be reached" in done.out
    assert "nothing was sent or charged" in done.out
    assert files(tmp_path) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("status", "code", "submits"),
    [(400, 5, 1), (401, 7, 1), (402, 5, 1), (403, 7, 1), (404, 8, 1), (422, 8, 1), (500, 8, 1), (503, 8, 1)],
)
def test_a_refusal_has_its_exit_code_and_is_never_sent_twice(
    tmp_path: Path, vendor: Recorder, status: int, code: int, submits: int
) -> None:
    vendor.say("*", Says.of(status, {"error": "x", "message": "the vendor's own words"}))
    done = run_against(tmp_path, vendor)
    assert (done.code, len(vendor.seen)) == (code, submits), done
    assert "the vendor's own words" in done.out
    assert "help: " in done.out
    assert files(tmp_path) == (["scorefile.lock"] if code == 8 else []), "an unknown payment is in the lock"


def test_an_unknown_payment_stays_unknown_until_somebody_decides(tmp_path: Path, vendor: Recorder) -> None:
    vendor.say("*", Says(hang_up=True))
    assert run_against(tmp_path, vendor).code == 8
    again = run_against(tmp_path, vendor)
    assert again.code == 8
    assert "payment status unknown" in again.out
    assert len(vendor.seen) == 1, "it is never sent again by itself"
    assert scorefile("status", "--format", "json", cwd=tmp_path).json["jobs"][0]["unfinished"]


def accepted(vendor: Recorder, media: Says) -> None:
    vendor.say("/lyria-2/v1/generate", Says.of(202, {"request_id": "lyria-2_1", "status": "QUEUED"}))
    vendor.say("/lyria2/v1/generate", Says.of(202, {"request_id": "lyria-2_1", "status": "QUEUED"}))
    vendor.say("*", Says.of(202, {"request_id": "lyria-2_1", "status": "QUEUED"}))
    done = {"request_id": "lyria-2_1", "status": "COMPLETED", "output": {"media_url": [f"{vendor.url}/cdn/a.wav"]}}
    vendor.say("/v2/requests/status/lyria-2_1", Says.of(200, done))
    vendor.say("/cdn/a.wav", media)


def test_a_failed_job_says_so_and_whether_it_was_charged(tmp_path: Path, vendor: Recorder) -> None:
    accepted(vendor, Says(status=404))
    failed = {"request_id": "lyria-2_1", "status": "FAILED", "error": "the model gave up"}
    vendor.say("/v2/requests/status/lyria-2_1", Says.of(200, failed))
    done = run_against(tmp_path, vendor)
    assert done.code == 5
    assert "the model gave up" in done.out
    assert "charged" in done.out
    assert files(tmp_path) in ([], ["scorefile.lock"])


def cut_audio() -> bytes:
    import numpy as np

    whole = encode(np.zeros((48_000 * 3, 2), dtype=np.int16), 48_000, "audio/wav")
    return whole[: len(whole) // 2]


@pytest.mark.parametrize(
    ("media", "word"),
    [
        (Says.file(b"<!DOCTYPE html><title>Sign in</title>" + b" " * 2000, "text/html"), "not audio"),
        (Says.file(cut_audio(), "audio/wav"), "quarantine"),
    ],
    ids=["a page", "a truncated file"],
)
def test_what_is_no_audio_is_never_an_output_and_the_receipt_stays(
    tmp_path: Path, vendor: Recorder, media: Says, word: str
) -> None:
    accepted(vendor, media)
    done = run_against(tmp_path, vendor)
    assert done.code == 5, done
    assert word in done.out
    assert not (tmp_path / "audio").exists()
    submits = [seen for seen in vendor.seen if seen.method == "POST"]
    assert len(submits) == 1


def test_no_key_goes_to_the_place_of_the_audio(tmp_path: Path, vendor: Recorder) -> None:
    accepted(vendor, Says.file(b"<html>", "text/html"))
    run_against(tmp_path, vendor)
    headers = {name.lower() for seen in vendor.to("/cdn/a.wav") for name, _ in seen.headers}
    assert "ocp-apim-subscription-key" not in headers
    assert vendor.to("/cdn/a.wav")


def test_a_bad_schema_beside_the_pipeline_is_said_with_its_place(night: Path) -> None:
    folder = night / "schemas" / "models" / "acme"
    folder.mkdir(parents=True)
    (folder / "song.json").write_text('{"title": "x",}')
    done = scorefile("validate", cwd=night)
    assert done.code == 3
    assert "schemas/models/acme/song.json:1:" in done.out + done.err
    (folder / "song.json").write_text(json.dumps({"title": "Song", "type": "object"}))
    assert scorefile("validate", cwd=night).code == 3


@pytest.mark.parametrize("stray", ["models/song.json", "models/acme/old/song.json", "providers/acme/api.json"])
def test_a_schema_in_a_place_where_none_is_read_is_reported(night: Path, stray: str) -> None:
    file = night / "schemas" / stray
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    done = scorefile("validate", cwd=night)
    assert done.code == 3
    assert f"schemas/{stray}:1:1" in done.out
    assert "error[SF303]: the catalog reads no file in this place" in done.out
