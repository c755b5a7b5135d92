"""The fork server, seen from a test: start a command line, signal it, wait for its end."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command line ended. `code` is its exit code, or minus the signal that killed it."""

    code: int
    seconds: float
    rss_kib: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Say whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL


@dataclass(slots=True, kw_only=True)
class Child:
    """A command line under way."""

    zygote: Zygote
    id: int
    pid: int
    out: Path
    err: Path

    def signal(self, number: int) -> None:
        """Send a signal, if it is still there."""
        self.zygote.order({"op": "signal", "id": self.id, "number": number})

    def wait_for(self, text: str, timeout_s: float = 20.0) -> None:
        """Wait until it has said `text` on stderr."""
        until = time.monotonic() + timeout_s
        while text not in _text(self.err):
            assert time.monotonic() < until, f"no {text!r} in {_text(self.err)}"
            time.sleep(0.002)

    def interrupt_once(self, text: str, timeout_s: float = 60.0) -> None:
        """Interrupt a server as soon as it has said `text` on stderr, unless it has ended before."""
        until = time.monotonic() + timeout_s
        while text not in _text(self.err) and not self.zygote.is_over(self.id) and time.monotonic() < until:
            time.sleep(0.002)
        self.signal(signal.SIGINT)

    def wait(self, timeout_s: float = 60.0) -> Done:
        """Wait for the end; after the timeout kill it and fail."""
        event = self.zygote.ended(self.id, timeout_s)
        if event is None:
            self.signal(signal.SIGKILL)
            self.zygote.ended(self.id, 10.0)
            raise AssertionError(f"not over after {timeout_s:g} s:\n{_text(self.out)}{_text(self.err)}")
        code = os.waitstatus_to_exitcode(event["status"])
        return Done(code=code, seconds=event["s"], rss_kib=event["rss_kib"], out=_text(self.out), err=_text(self.err))


class Zygote:
    """A running fork server."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process, self._folder = process, folder
        self._events: dict[int, dict[str, Any]] = {}
        self._pids: dict[int, int] = {}
        self._rest = b""
        self._count = 0

    def start(
        self,
        args: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        out: Path | None = None,
        err: Path | None = None,
        **more: Any,
    ) -> Child:
        """Start a command line. `more` are further fields of an order: see zygote._prepare."""
        self._count += 1
        number = self._count
        out, err = out or self._folder / f"{number}.out", err or self._folder / f"{number}.err"
        self.order(
            {"op": "start", "id": number, "args": list(args), "cwd": str(cwd), "env": dict(env)}
            | {"out": str(out), "err": str(err)}
            | more
        )
        while number not in self._pids:
            assert self._listen(30.0), "the fork server does not answer"
        return Child(zygote=self, id=number, pid=self._pids[number], out=out, err=err)

    def order(self, order: Mapping[str, Any]) -> None:
        """Send one order."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def is_over(self, number: int) -> bool:
        """Say whether the last event of a child is here."""
        self._listen(0.0)
        return number in self._events

    def ended(self, number: int, timeout_s: float) -> dict[str, Any] | None:
        """Return the last event of a child, or None when it is not over in time."""
        until = time.monotonic() + timeout_s
        while number not in self._events:
            left = until - time.monotonic()
            if left <= 0 or not self._listen(left):
                return None
        return self._events.pop(number)

    def _listen(self, timeout_s: float) -> bool:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], timeout_s)[0]:
            return False
        data = os.read(self._process.stdout.fileno(), 1 << 16)
        assert data, "the fork server has ended"
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if "pid" in event:
                self._pids[event["id"]] = event["pid"]
            else:
                self._events[event["id"]] = event
        return True


@contextmanager
def running_zygote(folder: Path) -> Iterator[Zygote]:
    """Run a fork server; what its children print goes to files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    env = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.torture.zygote"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield Zygote(process, folder)


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
