"""The real command line, in a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.catalog import ROOT
from tests.torture.forks import running_zygote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.torture.forks import Zygote

COMMAND = (sys.executable, "-P", "-m", "runner")
KEYS = {
    "PIXAZO_API_KEY": "pixazo-secret-1f2e3d4c5b",
    "USEAPI_API_TOKEN": "user:1234-useapi-secret-6a7b8c",
    "VERBATIK_API_KEY": "vbt_secret-9d8e7f6a5b4c",
}
PATIENCE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended; nothing of it may ever hold a traceback or a key."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's bare environment with the package in reach, and `extra`."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **(extra or {})}


def vendors_at(url: str, *, keys: Mapping[str, str] = KEYS, poll_s: str = "0.05") -> dict[str, str]:
    """Return the environment in which every vendor is at `url`, with keys."""
    places = {f"SCOREFILE_{name}_BASE_URL": url for name in ("PIXAZO", "PIXVERSE", "VERBATIK")}
    polls = {f"SCOREFILE_{name}_POLL_S": poll_s for name in ("PIXAZO", "PIXVERSE", "VERBATIK")}
    return {**places, **polls, **keys}


def scorefile(*words: str, cwd: Path, env: Mapping[str, str] | None = None, wait_scale: float = 0.1) -> Done:
    """Run one command with its input closed and return how it ended, after holding it against traceback and keys.

    It is a process of its own, forked from one that has imported everything: what it does is the same, its start is not
    paid for each time. `COMMAND` is for tests that need the start too. Waits between tries are multiplied by `wait_scale`.
    """
    child = fork_server().start(words, cwd=cwd, env=environment(env), limits={"wait_scale": wait_scale})
    ended = child.wait(PATIENCE_S)
    done = Done(code=ended.code, out=ended.out, err=ended.err)
    assert "Traceback" not in done.out + done.err, done
    leaked = [name for name, key in KEYS.items() if key in done.out + done.err]
    assert not leaked, f"{leaked} printed by {words}"
    return done


def scorefile_from_its_start(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """Run one command as a person does, with the emulator and the audio that people get."""
    child = subprocess.run(
        [*COMMAND, *words], cwd=cwd, env=environment(env), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return Done(code=child.returncode, out=child.stdout, err=child.stderr)


@cache
def fork_server() -> Zygote:
    """Return the fork server of this process, one for all tests; it ends with it."""
    stack = ExitStack()
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    server = stack.enter_context(running_zygote(Path(folder)))
    atexit.register(stack.close)
    return server
