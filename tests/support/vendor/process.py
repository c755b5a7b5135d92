"""The vendor as a process, seen from a test."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.vendor.book import LEDGER, REQUESTS, Lines, gate

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(slots=True, kw_only=True)
class RunningVendor:
    """Where a vendor answers, and what it wrote down. `folder` is also where `media=file:NAME` looks."""

    folder: Path
    url: str
    port: str
    host: str
    tls: str
    _ledger: Lines = field(init=False)
    _requests: Lines = field(init=False)

    def __post_init__(self) -> None:
        self._ledger, self._requests = Lines(self.folder / LEDGER), Lines(self.folder / REQUESTS)

    def charges(self, *names: str) -> list[dict[str, Any]]:
        """Return the charges, all or those of these names, in order."""
        return [row for row in self._ledger.read() if not names or row["name"] in names]

    def requests(self, text: str = "", *, method: str = "") -> list[dict[str, Any]]:
        """Return the requests that hold `text` in path or body, at all doors."""
        return [row for row in self._requests.read() if _is_asked_for(row, text, method)]

    def elsewhere(self) -> list[dict[str, Any]]:
        """Return the requests that reached a door that is not the vendor's own."""
        own = self.url.removeprefix("http://")
        return [row for row in self.requests() if row["where"] != own]

    def wait_for(self, text: str, *, method: str = "", count: int = 1, timeout_s: float = 20.0) -> None:
        """Wait until `count` such requests have come."""
        until, looked_at, found = time.monotonic() + timeout_s, 0, 0
        while True:
            rows = self._requests.read()
            found += sum(_is_asked_for(row, text, method) for row in rows[looked_at:])
            if found >= count:
                return
            looked_at = len(rows)
            assert time.monotonic() < until, f"no {method} request with {text} came"
            time.sleep(0.002)

    def open_gate(self, name: str) -> None:
        """Let everything go on that is held for the job `name`, now and later."""
        gate(self.folder, name).touch()

    def settle(self) -> None:
        """Wait until every request that has reached the vendor is dealt with."""
        with _OPENER.open(f"{self.url}/_vendor/idle", timeout=40) as answer:
            assert json.load(answer)["idle"]


@contextmanager
def running_vendor(folder: Path) -> Iterator[RunningVendor]:
    """Run a vendor that keeps its books in `folder`. It ends with this process, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.vendor", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        places = json.loads(process.stdout.readline())
        try:
            yield RunningVendor(folder=folder, url=places.pop("same"), **places)
        finally:
            process.terminate()


def _is_asked_for(row: dict[str, Any], text: str, method: str) -> bool:
    return method in ("", row["method"]) and (text in row["path"] or text in row["body"])
