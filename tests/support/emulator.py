"""An emulator in a process of its own, forked from one that has imported everything, and a plain client that speaks to it as the catalogue says."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from msgspec.structs import replace

from runner.provider.protocol import poll_call, read_poll, read_submit, submit_call
from runner.records.exchange import Reply, Verdict
from tests.support.catalog import ROOT, SCHEMAS, shipped_catalog
from tests.support.command import fork_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from runner.records.catalog import Model
    from runner.records.exchange import Call, Reading
    from runner.records.pipeline import Webhook
    from runner.records.provider import Provider
    from tests.torture.forks import Child

KEY = "rehearsal-key"
PATIENCE_S = 30.0
ONE_REQUEST_EACH = httpx.Limits(max_keepalive_connections=0)
"""A server closes what was idle for some seconds, which a busy machine may let pass between two requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEmulator:
    """Where an emulator answers."""

    url: str
    http: httpx.Client = field(
        default_factory=lambda: httpx.Client(trust_env=False, timeout=PATIENCE_S, limits=ONE_REQUEST_EACH)
    )

    def ledger(self) -> dict[str, Any]:
        """Return what it was asked so far: `submits` in order, and counts."""
        book: dict[str, Any] = self.http.get(f"{self.url}/_emulator/ledger").json()
        return book

    def submit(
        self, model: str, params: Mapping[str, Any], *, key: str = KEY, webhook: Webhook | None = None
    ) -> httpx.Response:
        """Send the submit that the catalogue builds for `params`."""
        found, provider = self._known(model)
        call = submit_call(provider, found, params, job="job", webhook=webhook)
        return self.send(provider, call, key=key)

    def poll(self, model: str, job_id: str, *, key: str = KEY) -> httpx.Response:
        """Ask once where a job stands."""
        _, provider = self._known(model)
        return self.send(provider, poll_call(provider, id=job_id), key=key)

    def send(self, provider: Provider, call: Call, *, key: str = KEY) -> httpx.Response:
        """Send `call` with the provider's key header; an empty `key` leaves it out."""
        assert provider.auth is not None
        auth = {provider.auth.header: provider.auth.prefix + key} if key else {}
        return self.http.request(call.method, call.url, headers=dict(call.headers) | auth, content=call.body)

    def read(self, model: str, response: httpx.Response) -> Reading:
        """Return what the answer to a submit means."""
        found, provider = self._known(model)
        return read_submit(provider, found, _reply(response))

    def finish(self, model: str, response: httpx.Response, *, pause_s: float = 0.03) -> tuple[Reading, list[str]]:
        """Poll the job that `response` accepted until it is over; return its last reading and the words on the way."""
        found, provider = self._known(model)
        reading, words, until = self.read(model, response), [], time.monotonic() + PATIENCE_S
        while reading.verdict in (Verdict.ACCEPTED, Verdict.WAITING, Verdict.RETRY) and time.monotonic() < until:
            job_id = reading.id or self.read(model, response).id
            assert job_id is not None
            reading = read_poll(provider, found, _reply(self.poll(model, job_id)), id=job_id)
            words.append(reading.word or "")
            time.sleep(pause_s)
        return reading, words

    def download(self, reading: Reading) -> list[httpx.Response]:
        """Get every take of a reading, without a key."""
        return [self.http.get(take.url) for take in reading.media if take.url]

    def _known(self, model: str) -> tuple[Model, Provider]:
        found = shipped_catalog().models[model]
        return found, replace(shipped_catalog().providers[found.provider], base_url=self.url)


@contextmanager
def running_emulator(
    *, faults: Path | None = None, plain: bool = True, work_s: float = 0.0
) -> Iterator[RunningEmulator]:
    """Run the embedded providers with these planned faults; `plain` and `work_s` as in forked_emulator.serve."""
    arguments = ["--schemas", str(SCHEMAS), *(["--faults", str(faults)] if faults else [])]
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    child = fork_server().start(arguments, cwd=ROOT, env=bare, emulator={"plain": plain, "work_s": work_s})
    try:
        running = RunningEmulator(url=f"http://127.0.0.1:{_port(child)}")
        with running.http:
            yield running
    finally:
        child.signal(signal.SIGTERM)
        child.wait(PATIENCE_S)


def _port(child: Child) -> int:
    """Return the port that the emulator announces once it answers."""
    until = time.monotonic() + PATIENCE_S
    while not (line := child.out.read_text() if child.out.exists() else "").endswith("\n"):
        assert time.monotonic() < until, f"the emulator did not start: {child.err.read_text()}"
        time.sleep(0.002)
    return int(json.loads(line)["port"])


def _reply(response: httpx.Response) -> Reply:
    return Reply(status=response.status_code, headers=response.headers, body=response.content)
