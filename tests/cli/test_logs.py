"""One line a request, and never a key, a query, a body or a private id."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from runner.engine.noted import plain_words, readable
from tests.support.catalog import shipped_catalog
from tests.support.command import KEYS, scorefile, vendors_at
from tests.support.recorder import Says, recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Said

    Say = Callable[..., Said]

FIELDS = {"at", "level", "event", "method", "host", "path", "status", "ms", "attempt", "bytes_out", "bytes_in"}
PRIVATE = "user:1-pixverse:someone@example.com-music:7"


def pipeline(folder: Path, model: str, job: str = "a") -> None:
    text = f"version: 1\njobs:\n  {job}: {{model: {model}, prompt: a secret melody, output: a}}\n"
    (folder / "scorefile.yaml").write_text(text)


def test_the_log_file_has_a_line_a_request(tmp_path: Path) -> None:
    pipeline(tmp_path, "pixazo/tracks")
    done = scorefile("run", "--rehearse", "--log-file", "run.log", cwd=tmp_path)
    assert done.code == 0, done
    lines = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
    assert all(set(line) == FIELDS for line in lines)
    assert [lines[0]["method"], lines[0]["status"], lines[0]["attempt"]] == ["POST", 202, 1]
    polls = [line["attempt"] for line in lines if "/requests/status/" in line["path"]]
    assert polls == list(range(1, len(polls) + 1))
    assert lines[-1]["bytes_in"] > 1000, "the download is there too"
    assert "POST" not in done.err, "the file alone was asked for"


def test_verbose_says_it_on_stderr(say: Say, tmp_path: Path) -> None:
    pipeline(tmp_path, "pixazo/tracks")
    done = say("run", "--rehearse", "-v")
    assert re.search(r"^POST 127\.0\.0\.1:\d+ /\S+ 202 \d+ ms attempt 1$", done.err, re.MULTILINE), done.err
    again = say("run", "--rehearse", "--force", "-vv")
    assert re.search(r"attempt 1 sent \d+ B, got \d+ B$", again.err, re.MULTILINE), again.err


def test_no_key_no_query_no_body_and_no_private_id_is_logged(tmp_path: Path) -> None:
    key = KEYS["USEAPI_API_TOKEN"]
    with recording() as vendor:
        media = f"{vendor.url}/cdn/{quote(PRIVATE)}/out.mp3?Signature=s3cr3t&key={quote(key)}"
        answer = {"audio_id": PRIVATE, "audio_status_name": "COMPLETED", "audio_status_final": True, "url": media}
        vendor.say("*", Says.of(201, answer))
        vendor.say(f"/cdn/{quote(PRIVATE)}/out.mp3", Says.of(404, {}))
        pipeline(tmp_path, "pixverse/music-2.6")
        done = scorefile(
            "run",
            "--yes",
            "-vv",
            "--log-file",
            "run.log",
            cwd=tmp_path,
            env=vendors_at(vendor.url),
        )
    logged = (tmp_path / "run.log").read_text()
    assert len(logged.splitlines()) >= 2, done
    lines = [json.loads(line) for line in logged.splitlines()]
    assert any(re.fullmatch(r"/v2/pixverse/music/sha256:[0-9a-f]{12}", line["path"]) for line in lines), lines
    for text in (logged, done.err):
        for secret in (key, quote(key), "s3cr3t", "Signature", "melody", "example.com", quote(PRIVATE), PRIVATE):
            assert secret not in text, secret


def test_a_request_that_fails_is_logged(tmp_path: Path) -> None:
    pipeline(tmp_path, "pixazo/tracks")
    env = vendors_at("http://127.0.0.1:9")
    scorefile("run", "--yes", "-q", "--log-file", "run.log", cwd=tmp_path, env=env)
    lines = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
    assert [line["attempt"] for line in lines] == [1, 2, 3]
    assert all(line["error"] == "ConnectError" and "status" not in line for line in lines)


def test_a_log_file_that_cannot_be_written_is_said_before_anything_is_done(say: Say) -> None:
    said = say("run", "--rehearse", "--log-file", "no/such/file")
    assert said.code == 2
    assert "--log-file no/such/file cannot be written" in said.err


@pytest.mark.parametrize(
    ("path", "shown", "said"),
    [
        ("/v2/music/abc", None, "/v2/music/abc"),
        ("/v2/music/", frozenset({"v2", "music"}), "/v2/music/"),
        ("/v2/music/abc", frozenset({"v2", "music"}), "/v2/music/sha256:ba7816bf8f01"),
        ("/abc", frozenset(), "/sha256:ba7816bf8f01"),
    ],
)
def test_what_may_not_be_read_is_a_digest(path: str, shown: frozenset[str] | None, said: str) -> None:
    assert readable(path, shown) == said


def test_only_the_words_of_its_file_are_shown_of_a_private_provider() -> None:
    providers = shipped_catalog().providers
    assert plain_words(providers["pixazo"]) is None
    assert plain_words(providers["pixverse"]) == frozenset({"v2", "pixverse", "music", "scheduler"})
