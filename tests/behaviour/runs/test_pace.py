"""A provider that says by 429 alone how many jobs it allows: the vendor of the benches, over loopback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.catalog import ROOT
from tests.support.command import Done, scorefile, vendors_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALLOWED = 1
PACE = ".scorefile/pipelines/scorefile/pace.json"


@contextmanager
def vendor() -> Iterator[str]:
    command = [sys.executable, str(ROOT / "bench/vendor.py"), "--latency", "0.5", "--allowed", str(ALLOWED)]
    with subprocess.Popen([*command, "--bytes", "40000"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def run(folder: Path, url: str, *, jobs: int) -> Done:
    pipeline = {
        "version": 1,
        "providers": {"pixazo": {"max_in_flight": 16}},
        "defaults": {"model": "pixazo/ace-step"},
        "jobs": {f"job-{number}": {"prompt": f"low brass, {number}"} for number in range(jobs)},
    }
    (folder / "scorefile.yaml").write_text(json.dumps(pipeline))
    env = vendors_at(url)
    return scorefile("run", "--yes", "-j", "16", "--progress", "plain", cwd=folder, env=env, wait_scale=1)


def refused(url: str) -> int:
    with urllib.request.urlopen(f"{url}/stats") as answer:
        return int(json.loads(answer.read())["refused"])


def test_a_run_learns_how_many_jobs_its_provider_allows_and_the_next_one_knows(tmp_path: Path) -> None:
    with vendor() as url:
        first = run(tmp_path, url, jobs=4)
        assert (first.code, len(list((tmp_path / "audio").iterdir()))) == (0, 4), first
        assert re.search(r"Pixazo is busy with [1-3] other jobs? of this run", first.err), first
        told = refused(url)
        assert told >= 2, "four are submitted at once where nothing is known"
        assert json.loads((tmp_path / PACE).read_text())["pixazo"]["slots"] == ALLOWED
        second = run(tmp_path, url, jobs=6)
        assert (second.code, len(list((tmp_path / "audio").iterdir()))) == (0, 6), second
        assert refused(url) - told <= 2, "one job more than is known is tried"
