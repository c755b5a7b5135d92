"""The emulator as a process: how it starts, where it serves, how it ends."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import soundfile

from runner.emulator.serve import rehearsal_emulator, serve
from runner.errors import EmulatorError, UsageError
from runner.records.exchange import Verdict
from tests.support.catalog import ROOT, SCHEMAS, shipped_catalog
from tests.support.emulator import RunningEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator

PARENT = """
import sys, time
from pathlib import Path
from runner.emulator.serve import rehearsal_emulator
with rehearsal_emulator((Path(sys.argv[1]),)) as url:
    print(url, flush=True)
    time.sleep(60)
"""


def answers(url: str) -> bool:
    """Tell whether anything still answers at `url`."""
    try:
        return httpx.get(f"{url}/_emulator/ledger", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def gone(url: str) -> bool:
    """Wait a little for nothing to answer at `url` any more."""
    until = time.monotonic() + 5
    while answers(url) and time.monotonic() < until:
        time.sleep(0.02)
    return not answers(url)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Run the real process once for the tests that only ask it something."""
    with rehearsal_emulator((SCHEMAS,)) as base_url:
        yield base_url


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_a_host_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match=f"serves on loopback only, not on '{host}'"):
        serve(shipped_catalog(), host=host, ready=lambda _: None)


def test_a_port_in_use_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"cannot serve on 127\.0\.0\.1:"):
        serve(shipped_catalog(), port=int(url.rpartition(":")[2]), ready=lambda _: None)


def test_it_is_up_within_a_second_and_gone_at_the_end() -> None:
    took_s: list[float] = []
    while len(took_s) < 5 and min(took_s, default=3) >= 3:
        begun = time.monotonic()
        with rehearsal_emulator((SCHEMAS,)) as url:
            took_s.append(time.monotonic() - begun)
            assert answers(url)
        assert gone(url)
    assert min(took_s) < 3, "under a second on an idle machine"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_parent(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(SCHEMAS)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert answers(url)
        parent.send_signal(number)
    assert gone(url)


@pytest.mark.long
def test_it_works_from_any_folder_whatever_lies_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a file of the user was imported')")
    monkeypatch.chdir(tmp_path)
    with rehearsal_emulator((SCHEMAS,)) as url:
        assert answers(url)


def test_its_worker_processes_make_the_audio(url: str) -> None:
    running = RunningEmulator(url=url)
    with running.http:
        reading, _ = running.finish("pixazo/tracks", running.submit("pixazo/tracks", {"prompt": "x", "duration": 1}))
        (response,) = running.download(reading)
    assert reading.verdict is Verdict.DONE
    assert response.headers["content-type"] == "audio/wav"
    assert soundfile.info(io.BytesIO(response.content)).duration == pytest.approx(1, abs=0.1)


def test_it_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXAZO_API_KEY", "canary")
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("the environment of a process is read from /proc")
    before = set(children.read_text().split())
    with rehearsal_emulator((SCHEMAS,)):
        started = set(children.read_text().split()) - before
        assert started
        assert not any(b"canary" in Path(f"/proc/{child}/environ").read_bytes() for child in started)


@pytest.mark.long
def test_a_schema_folder_of_the_project_adds_a_provider(tmp_path: Path) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "models" / "acme").mkdir(parents=True)
    provider = (SCHEMAS / "providers" / "verbatik.json").read_text().replace('"verbatik"', '"acme"', 1)
    (tmp_path / "providers" / "acme.json").write_text(provider)
    model = (SCHEMAS / "models" / "verbatik" / "text-to-music.json").read_text()
    model = model.replace('"provider": "verbatik"', '"provider": "acme"').replace("/api/v1/text-to-music", "/make")
    (tmp_path / "models" / "acme" / "song.json").write_text(model)
    with rehearsal_emulator((SCHEMAS, tmp_path)) as url:
        answer = httpx.post(
            f"{url}/make", headers={"Authorization": "Bearer k"}, json={"store_audio": True}, trust_env=False
        )
        assert (answer.status_code, answer.json()) == (400, {"error": "give a prompt, or tags together with lyrics"})


def test_schemas_that_are_wrong_end_it_with_the_reason(tmp_path: Path) -> None:
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    (tmp_path / "schemas" / "providers" / "pixazo.json").write_text('{"name": "pixazo"}')
    with (
        pytest.raises(EmulatorError, match="the rehearsal emulator did not start") as raised,
        rehearsal_emulator((tmp_path / "schemas",)),
    ):
        pass
    assert "provider" in (raised.value.help or "")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_page_of_a_foreign_host_that_leads_here_gets_nothing(url: str, host: str) -> None:
    assert httpx.get(f"{url}/_emulator/ledger").status_code == 200
    refused = httpx.get(f"{url}/_emulator/ledger", headers={"host": host})
    assert (refused.status_code, refused.text) == (403, "the emulator answers on this machine only\n")
