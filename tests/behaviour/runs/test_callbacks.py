"""`run --listen`: a vendor's callback ends the waiting at once."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import httpx

from tests.engine.test_callbacks import free_port
from tests.support.command import COMMAND, environment, vendors_at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator import RunningEmulator

PIPELINE = """\
version: 1
jobs:
  title:
    model: pixazo/tracks
    prompt: "Calm theme"
    params: {duration: 3}
"""


def test_a_callback_makes_the_job_be_polled_at_once(emulator: RunningEmulator, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    where = f"127.0.0.1:{free_port()}"
    env = environment(vendors_at(emulator.url, poll_s="300"))
    started = time.monotonic()
    command = [*COMMAND, "run", "--yes", "--listen", where, "--progress", "none"]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        url = _callback_url(emulator)
        assert url.startswith(f"http://{where}/")
        _until_done(emulator)
        forged = url.rsplit("/", 2)[0] + "/forged/" + url.rsplit("/", 1)[1]
        assert httpx.post(forged, json={"status": "COMPLETED"}, trust_env=False).status_code == 404
        assert httpx.post(url, json={"status": "a lie"}, trust_env=False).status_code == 200
        output = child.communicate(timeout=30)[0].decode()
    assert child.returncode == 0, output
    assert time.monotonic() - started < 60
    assert (tmp_path / "audio" / "title.wav").stat().st_size > 1000


def _callback_url(emulator: RunningEmulator) -> str:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        submits = emulator.ledger()["submits"]
        if submits:
            return str(submits[-1]["webhook"]["X-Webhook-URL"])
        time.sleep(0.05)
    raise AssertionError("nothing was submitted")


def _until_done(emulator: RunningEmulator) -> None:
    """Ask the vendor, as anybody with a key may, until the job is over."""
    job_id = emulator.ledger()["submits"][-1]["id"]
    end = time.monotonic() + 20
    while emulator.poll("pixazo/tracks", job_id).json()["status"] != "COMPLETED":
        assert time.monotonic() < end
        time.sleep(0.05)
