"""A pipeline of scripted jobs in a folder of its own, and the command line that runs it."""

from __future__ import annotations

import itertools
import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.catalog import SCHEMAS
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.canary import Canary
    from tests.support.vendor.process import RunningVendor
    from tests.torture.forks import Child, Done, Zygote

MODEL = "pixazo/lyria-3-pro"
PRICE_USD = "0.08"
LIMITS = {"wait_scale": 0.01, "max_poll_wait_s": 0.05, "stop_check_s": 0.05}
"""Waits are short: those between tries are multiplied, later polls are as close as the first; how many there are stays as it is."""
_SERIAL = itertools.count()


@dataclass(kw_only=True)
class Project:
    """One pipeline. `tag` makes its names unique at the vendor, which serves many tests."""

    folder: Path
    vendor: RunningVendor
    zygote: Zygote
    canary: Canary
    tag: str = field(default_factory=lambda: f"p{next(_SERIAL)}")
    settings: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._runs = 0

    def write(self, jobs: Mapping[str, str], **job_settings: Any) -> None:
        """Write the pipeline: job → script. `job_settings` are keys of every job."""
        named = {name: {"prompt": self.prompt(name, script)} | job_settings for name, script in jobs.items()}
        self.write_jobs(named)

    def write_jobs(self, jobs: Mapping[str, Any]) -> None:
        """Write the pipeline with these jobs as they are; YAML reads JSON."""
        data = {"version": 1, "name": "trial", "defaults": {"model": MODEL}} | self.settings | {"jobs": jobs}
        (self.folder / "trial.yaml").write_text(json.dumps(data, indent=1))

    def prompt(self, job: str, script: str = "") -> str:
        """Return a job's prompt: its name at the vendor, and its script."""
        return f"name={self.name(job)} {script}".strip()

    def name(self, job: str) -> str:
        """Return what the vendor knows a job as."""
        return f"{self.tag}-{job}"

    def start(self, *args: str, **more: Any) -> Child:
        """Start a verb; `more` as in zygote._prepare."""
        limits = LIMITS | more.pop("limits", {})
        self._runs += 1
        logs = self.folder.with_name(f"{self.folder.name}-logs")
        logs.mkdir(exist_ok=True)
        out, err, log = (logs / f"{self._runs}.{kind}" for kind in ("out", "err", "log"))
        verb, *rest = args or ("run", "--yes")
        return self.zygote.start(
            [verb, "trial.yaml", *rest],
            cwd=self.folder,
            env=self.environ(),
            out=out,
            err=err,
            **({"log": str(log), "limits": limits} | more),
        )

    def wait_for_poll(self, job: str, *, nth: int = 1, timeout_s: float = 20.0) -> str:
        """Wait until the vendor was asked about the `nth` charge of a job; return its id."""
        until = time.monotonic() + timeout_s
        while len(charges := self.vendor.charges(self.name(job))) < nth:
            assert time.monotonic() < until, f"no charge for {job}"
            time.sleep(0.002)
        id_ = str(charges[nth - 1]["id"])
        self.vendor.wait_for(id_, method="GET", timeout_s=timeout_s)
        return id_

    def wait_for_audio(self, job: str, *, timeout_s: float = 20.0) -> None:
        """Wait until there is a file at a job's output."""
        until = time.monotonic() + timeout_s
        while self.audio(job) is None:
            assert time.monotonic() < until, f"no audio of {job}"
            time.sleep(0.002)

    def wait_for_log(self, text: str, *, timeout_s: float = 20.0) -> None:
        """Wait until the command that was started last has written `text` into its log."""
        log = self.folder.with_name(f"{self.folder.name}-logs") / f"{self._runs}.log"
        until = time.monotonic() + timeout_s
        while not (log.exists() and text in log.read_text()):
            assert time.monotonic() < until, f"no {text!r} in {log}"
            time.sleep(0.002)

    def environ(self) -> dict[str, str]:
        """Return the whole environment of a command."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "NO_PROXY", "no_proxy")}
        vendor = {
            f"SCOREFILE_{name}_{setting}": value
            for name in ("PIXAZO", "PIXVERSE")
            for setting, value in (("BASE_URL", self.vendor.url), ("POLL_S", "0.02"))
        }
        return kept | self.canary.environ | vendor | self.env

    def run(self, *args: str, timeout_s: float = 60.0, **more: Any) -> Done:
        """Run a verb to its end; `run --yes` when none is named."""
        return self.start(*args, **more).wait(timeout_s)

    def charges(self, *jobs: str) -> list[dict[str, Any]]:
        """Return what the vendor charged for these jobs, once it has dealt with all that came."""
        self.vendor.settle()
        mine = self.vendor.charges()
        names = {self.name(job) for job in jobs}
        return [row for row in mine if (row["name"] in names if jobs else row["name"].startswith(f"{self.tag}-"))]

    def submits(self) -> list[dict[str, Any]]:
        """Return every submit of this pipeline that reached the vendor, at any door, charged or not."""
        return self.vendor.requests(f"name={self.tag}-", method="POST")

    def heard(self, *, id: str = "") -> list[dict[str, Any]]:
        """Return all polls and downloads of one id."""
        return self.vendor.requests(id, method="GET")

    def audio(self, job: str) -> bytes | None:
        """Return the bytes at a job's output, whatever its extension; None when there is no file."""
        found = sorted((self.folder / "audio").glob(f"{job}.*"))
        assert len(found) <= 1, found
        return found[0].read_bytes() if found else None

    def is_right(self, job: str) -> bool:
        """Say whether a job's output is exactly what the vendor made for its one charge."""
        (charge,) = self.charges(job)
        return self.audio(job) == song(charge["id"])

    def litter(self) -> list[str]:
        """Return temporary files that were left behind, wherever they are."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        incoming = [path for path in paths if "incoming" in path.parts]
        return sorted(str(path.relative_to(self.folder)) for path in {*incoming, *self.folder.rglob("*.tmp")})

    def use_schemas(
        self, *, provider: Mapping[str, Any] | None = None, model: Mapping[str, Any] | None = None, name: str = MODEL
    ) -> None:
        """Put changed copies of the provider and the model `name` beside the pipeline."""
        vendor = f"{name.partition('/')[0]}.json"
        for kind, path, changes in (("providers", vendor, provider), ("models", f"{name}.json", model)):
            if changes is not None:
                data = json.loads((SCHEMAS / kind / path).read_text())
                target = self.folder / "schemas" / kind / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(json.dumps(_merged(data, changes)))


def _merged(data: Any, changes: Mapping[str, Any]) -> Any:
    both = dict(data)
    for key, value in changes.items():
        both[key] = _merged(data[key], value) if isinstance(value, dict) and isinstance(data.get(key), dict) else value
    return both
