"""schemas/lock.schema.json says what a lock is: every lock that is written fits it, and what is refused does not."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from runner.records.lock import Lock, ProviderJobId
from runner.records.media_types import EXTENSIONS
from runner.state.lockfile import parse_lock, render_lock
from runner.state.schemas import read_schema
from tests.support.command import scorefile, vendors_at
from tests.support.emulator import running_emulator
from tests.support.made import entry, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PIPELINE = """\
version: 1
name: night
profiles: {draft: {defaults: {model: local/sketch, params: {duration: 2}}}}
defaults: {model: pixazo/lyria-2, output: "audio/{{ job.id }}"}
jobs:
  title: {prompt: low brass}
  pair: {model: pixazo/ace-step-xl, prompt: choir, params: {batch_size: 2, duration: 3}, take: 2}
  dance: {model: pixverse/music-2.6, prompt: village dance}
  here: {model: local/sketch, prompt: calm, params: {duration: 2}}
  slow: {model: pixazo/lyria-2, prompt: long drone, timeout_s: 1}
  hidden: {model: pixverse/lyria-3-pro-preview, prompt: deep forest, timeout_s: 1}
"""
FAULTS = [
    {"do": "never-ends", "model": "pixazo/lyria-2", "nth": 2},
    {"do": "never-ends", "model": "pixverse/lyria-3-pro-preview", "nth": 1},
]
SOUND = replace(
    entry(None, take("one", path="audio/title.wav", lufs=-14.2, seed=11), take("two", media_type="audio/mpeg")),
    pending=replace(entry(request_id=str(ProviderJobId.of("user:1-music:2").hidden())), takes=()),
    paid=entry(None, take("three")),
)


@cache
def schema() -> Draft7Validator:
    return Draft7Validator(read_schema("lock.schema.json"))


def faults(lock: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in schema().iter_errors(lock)]


def written(**over: Any) -> Any:
    return json.loads(render_lock(Lock(jobs={"title": replace(SOUND, **over)})))


@pytest.fixture
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    played = tmp_path_factory.mktemp("faults") / "faults.json"
    played.write_text(json.dumps(FAULTS))
    with running_emulator(faults=played) as running:
        yield vendors_at(running.url)


def test_it_is_a_draft_07_schema() -> None:
    Draft7Validator.check_schema(read_schema("lock.schema.json"))


def test_locks_of_every_kind_that_runs_write_fit_it(tmp_path: Path, vendors: dict[str, str]) -> None:
    (tmp_path / "night.yaml").write_text(PIPELINE)
    words = ("night.yaml", "--yes", "-q", "-j", "1")
    scorefile("run", *words, cwd=tmp_path, env=vendors)
    scorefile("run", *words, "title", "--profile", "draft", cwd=tmp_path, env=vendors)
    lock = json.loads((tmp_path / "night.lock").read_text())
    assert faults(lock) == []
    jobs = lock["jobs"]
    assert {job: bool(block["takes"]) for job, block in jobs.items()} == {
        "title": True,
        "pair": True,
        "dance": True,
        "here": True,
        "slow": False,
        "hidden": False,
    }
    assert jobs["title"]["paid"]["receipt"]["request_id"].startswith("lyria-2_")
    assert [
        job for job, block in jobs.items() if ProviderJobId.parse(block["receipt"]["request_id"]).plain is None
    ] == ["dance", "hidden"]
    assert len(jobs["pair"]["takes"]) == 2


def test_a_receipt_that_waits_beside_a_finished_entry_fits_it(tmp_path: Path, vendors: dict[str, str]) -> None:
    once = "version: 1\njobs:\n  title: {model: pixazo/lyria-2, prompt: low brass, timeout_s: 6}\n"
    (tmp_path / "night.yaml").write_text(once)
    scorefile("run", "night.yaml", "--yes", "-q", cwd=tmp_path, env=vendors)
    scorefile("run", "night.yaml", "title", "--force", "--yes", "-q", cwd=tmp_path, env=vendors)
    lock = json.loads((tmp_path / "night.lock").read_text())
    assert "pending" in lock["jobs"]["title"], lock
    assert faults(lock) == []


def test_the_lock_of_a_rehearsal_fits_it(tmp_path: Path) -> None:
    (tmp_path / "night.yaml").write_text(PIPELINE)
    scorefile("run", "night.yaml", "title", "dance", "--rehearse", "-q", cwd=tmp_path)
    lock = json.loads((tmp_path / ".scorefile/rehearsal/night/night.lock").read_text())
    assert lock["rehearsal"] is True
    assert faults(lock) == []


def test_an_empty_lock_and_a_block_without_a_checksum_fit_it() -> None:
    assert faults(json.loads(render_lock(Lock()))) == []
    lock = written()
    del lock["jobs"]["title"]["receipt"]["sum"]
    assert faults(lock) == []
    assert parse_lock(json.dumps(lock)).jobs == {"title": SOUND}


@pytest.mark.parametrize("media_type", EXTENSIONS)
def test_every_kind_of_audio_fits_it_at_a_path_of_its_own_extension_only(media_type: str) -> None:
    own = take(media_type=media_type, path=f"a/b{EXTENSIONS[media_type]}")
    assert faults(written(takes=(own,))) == []
    assert faults(written(takes=(replace(own, path="a/b.txt"),))) != []


def _block(change: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda lock: change(lock["jobs"]["title"])


def _receipt(**over: Any) -> Callable[[Any], object]:
    return _block(lambda block: block["receipt"].update(over))


def _take(**over: Any) -> Callable[[Any], object]:
    return _block(lambda block: block["takes"][0].update(over))


@pytest.mark.parametrize(
    "change",
    [
        lambda lock: lock.update(version=2),
        lambda lock: lock.update(extra=1),
        lambda lock: lock.pop("jobs"),
        _block(lambda block: block.update(price=3)),
        _block(lambda block: block.update(take="1")),
        _block(lambda block: block.update(take=0)),
        _block(lambda block: block.pop("fingerprint")),
        _block(lambda block: block["pending"].update(take=0)),
        _block(lambda block: block["paid"]["receipt"].update(sum="0" * 16)),
        _block(lambda block: block["pending"]["receipt"].update(request_id="")),
        _receipt(request_id="a b"),
        _receipt(request_id="a\n"),
        _receipt(request_id="a" * 513),
        _receipt(price_usd="0,10"),
        _receipt(price_usd="NaN"),
        _receipt(price_usd="-1"),
        _receipt(submitted_at="20x6-11-20T12:00:00Z"),
        _receipt(submitted_at="2026-11-20T12:00:00"),
        _receipt(poll_url="file:///etc/passwd"),
        _receipt(poll_url=5),
        _receipt(sum=""),
        _receipt(summ="0"),
        _take(sha256="../../etc/passwd"),
        _take(bytes=-1),
        _take(bytes=1.5),
        _take(seconds=-1),
        _take(seconds="nan"),
        _take(lufs="inf"),
        _take(channels=0),
        _take(media_type="text/plain"),
        _take(path="thesis.txt"),
        _take(path="audio/title.mp3"),
        _take(path="/etc/title.wav"),
        _take(path="../.."),
        _take(path="../a/../../title.wav"),
        _take(path="a/../../title.wav"),
    ],
)
def test_what_the_reader_refuses_does_not_fit_it(change: Callable[[Any], object]) -> None:
    lock = written()
    change(lock)
    assert faults(lock) != []
    with pytest.raises(ValueError, match=r"."):
        parse_lock(json.dumps(lock))
