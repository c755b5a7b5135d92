"""The real command line, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.catalog import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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


def scorefile(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """Run one command with its input closed and return how it ended, after holding it against traceback and keys."""
    child = subprocess.run(
        [*COMMAND, *words],
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    done = Done(code=child.returncode, out=child.stdout, err=child.stderr)
    assert "Traceback" not in done.out + done.err, done
    leaked = [name for name, key in KEYS.items() if key in done.out + done.err]
    assert not leaked, f"{leaked} printed by {words}"
    return done
