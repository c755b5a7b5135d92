"""What the vendor writes down: each charge, durably, and each request as it came."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LEDGER, REQUESTS = "ledger.jsonl", "requests.jsonl"
GATE_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One HTTP request. `where` is the host and port that it reached."""

    where: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Job:
    """One charged submit."""

    id: str
    name: str
    script: dict[str, list[str]]
    prompt: str
    at: float
    polls: int = 0
    links: int = 0
    downloads: int = 0


@dataclass(kw_only=True)
class Book:
    """All that this vendor knows, behind one lock."""

    folder: Path
    jobs: dict[str, Job] = field(default_factory=dict)
    busy: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Condition()
        self._submits: Counter[str] = Counter()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._ledger = os.open(self.folder / LEDGER, flags, 0o600)
        self._requests = os.open(self.folder / REQUESTS, flags, 0o600)

    def hear(self, heard: Heard) -> None:
        """Note a request, whatever becomes of it."""
        row = {
            "at": time.time(),
            "where": heard.where,
            "method": heard.method,
            "path": heard.path,
            "headers": heard.headers,
            "body": heard.body.decode("utf-8", "replace"),
        }
        os.write(self._requests, json.dumps(row).encode() + b"\n")

    def nth_submit(self, name: str) -> int:
        """Count a submit of this name, from 0."""
        with self.lock:
            self._submits[name] += 1
            return self._submits[name] - 1

    def charge(self, job: Job, body: bytes, where: str) -> None:
        """Write a charge to disk; only then does the job exist."""
        row = {
            "at": job.at,
            "name": job.name,
            "id": job.id,
            "where": where,
            "body_sha256": hashlib.sha256(body).hexdigest(),
            "prompt": job.prompt,
        }
        with self.lock:
            os.write(self._ledger, json.dumps(row).encode() + b"\n")
            os.fsync(self._ledger)
            self.jobs[job.id] = job


def gate(folder: Path, name: str) -> Path:
    """Return the file that opens the gate of a job: while it is missing, what is held for this job waits."""
    return folder / f"gate-{name}"


def wait_at_gate(folder: Path, name: str) -> None:
    """Wait until a gate is open; a test that ended without opening it holds nobody for ever."""
    until = time.monotonic() + GATE_S
    while not gate(folder, name).exists() and time.monotonic() < until:
        time.sleep(0.002)


class Lines:
    """The rows of a ledger or a list of requests, each parsed once; a line that is being written is none yet."""

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, 0
        self._rows: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        """Return all rows so far; the list is the same each time and only grows."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._rows += map(json.loads, whole.splitlines())
            self._read += len(whole)
        return self._rows
