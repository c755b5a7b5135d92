"""One line a request, and never a key, a query, a body or a private id."""

from __future__ import annotations

import json
import re
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from runner.cli.logs import logging_to
from runner.provider.access import ProviderAccess
from runner.provider.downloads import DownloadRules, HttpFetcher, LinkDead
from runner.provider.keys import Key
from runner.provider.request_log import public_path_parts, readable
from runner.provider.transport import HttpTransport
from runner.records.exchange import Call, Media
from runner.records.provider import Auth
from runner.state.blobs.incoming import Incoming
from tests.support.catalog import shipped_catalog
from tests.support.command import KEYS, scorefile, vendors_at
from tests.support.recorder import Says, recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

FIELDS = {"at", "level", "event", "method", "host", "path", "status", "ms", "attempt", "bytes_out", "bytes_in"}


def pipeline(folder: Path, model: str, more: str = "x-none: 0") -> None:
    text = f"version: 1\njobs:\n  a: {{model: {model}, prompt: a secret melody, output: a, {more}}}\n"
    (folder / "scorefile.yaml").write_text(text)


def test_the_log_file_has_a_line_a_request(tmp_path: Path) -> None:
    pipeline(tmp_path, "pixazo/tracks", "params: {duration: 2}")
    done = scorefile("run", "--rehearse", "--log-file", "run.log", cwd=tmp_path)
    assert done.code == 0, done
    lines = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
    assert all(set(line) == FIELDS for line in lines)
    assert [lines[0]["method"], lines[0]["status"], lines[0]["attempt"]] == ["POST", 202, 1]
    polls = [line["attempt"] for line in lines if "/requests/status/" in line["path"]]
    assert polls == list(range(1, len(polls) + 1))
    assert lines[-1]["bytes_in"] > 1000, "the download is there too"
    assert "POST" not in done.err, "the file alone was asked for"


def test_verbose_says_it_on_stderr(tmp_path: Path) -> None:
    pipeline(tmp_path, "pixazo/tracks", "params: {duration: 2}")
    done = scorefile("run", "--rehearse", "-v", cwd=tmp_path)
    assert re.search(r"^POST 127\.0\.0\.1:\d+ /\S+ 202 \d+ ms attempt 1$", done.err, re.MULTILINE), done.err
    again = scorefile("run", "--rehearse", "--force", "--target", "*", "-vv", cwd=tmp_path)
    assert re.search(r"attempt 1 sent \d+ B, got \d+ B$", again.err, re.MULTILINE), again.err


def test_a_private_id_is_a_digest(tmp_path: Path) -> None:
    pipeline(tmp_path, "pixverse/music-2.6")
    done = scorefile("run", "--rehearse", "-vv", "--log-file", "run.log", cwd=tmp_path)
    assert done.code == 0, done
    logged = (tmp_path / "run.log").read_text()
    paths = [json.loads(line)["path"] for line in logged.splitlines()]
    assert any(re.fullmatch(r"/v2/pixverse/music/sha256:[0-9a-f]{12}", path) for path in paths), paths
    for text in (logged, done.err):
        assert not re.search(r"@|%40|user(:|%3A)|melody", text)


def test_no_key_no_query_and_no_body_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = KEYS["USEAPI_API_TOKEN"]
    auth, model = Auth(header="Authorization", prefix="Bearer ", env="X"), shipped_catalog().models["pixazo/tracks"]
    with recording() as vendor, logging_to(str(tmp_path / "run.log"), verbose=2):
        vendor.say("*", Says.of(404, {"echo": key}))
        provider = replace(shipped_catalog().providers["pixazo"], base_url=vendor.url, auth=auth)
        access = ProviderAccess(provider=provider, key=Key(key))
        transport, fetcher = HttpTransport(), HttpFetcher(Incoming(tmp_path / "blobs"), Event(), shown=("pixazo",))
        call = Call(method="POST", url=f"{vendor.url}/make/{key}?token={key}", body=b"a secret melody")
        transport.submit(call, access, before=lambda: None, timeout_s=5)
        transport.submit(call, access, before=lambda: None, timeout_s=5)
        transport.query(Call(method="GET", url=f"{vendor.url}/jobs/1?token={key}"), access)
        media = Media(url=f"{vendor.url}/cdn/out.mp3?Signature=s3cr3t")
        with pytest.raises(LinkDead):
            fetcher.download(media, DownloadRules(provider=model.provider, provider_url=vendor.url, within_s=900))
        transport.close()
        fetcher.close()
        sent = [dict(seen.headers) for seen in vendor.seen]
    assert any(key in str(headers) for headers in sent), "the key did travel"
    logged, shown = (tmp_path / "run.log").read_text(), capsys.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [(line["path"], line["attempt"]) for line in lines] == [
        ("/make/***", 1),
        ("/make/***", 2),
        ("/jobs/1", 1),
        ("/cdn/out.mp3", 1),
    ]
    for text in (logged, shown):
        assert len(text.splitlines()) == 4
        for secret in (key, quote(key, safe=""), "s3cr3t", "Signature", "token", "melody", "Bearer"):
            assert secret not in text, secret


def test_a_request_that_fails_is_logged(tmp_path: Path) -> None:
    pipeline(tmp_path, "pixazo/tracks", "params: {duration: 2}")
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
    assert public_path_parts(providers["pixazo"]) is None
    assert public_path_parts(providers["pixverse"]) == frozenset({"v2", "pixverse", "music", "scheduler"})
