"""Scorefile beside its peers in one run: python -m bench [--size tiny|full] [--only NAME …].

A whole run of the full size writes bench/RESULTS.md. Figures of two tries are compared in the same run, one after the other in each
round; a time is the median of all rounds on the wall clock, a ratio the median of the ratios of the rounds.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path

from bench import peers
from bench.measure import ROOT, Row, Size

BENCHES = (
    "in_flight", "nothing", "startup", "validate", "lock", "cold", "storm", "download", "sketch", "variety", "page",
    "measuring", "mastering",
)  # fmt: skip
"""In this order: `in_flight` makes the jobs that those after it find made."""
HEAD = ("what", "scorefile", "peer", "ratio", "bar", "met")


def main() -> int:
    """Print each row as it comes; return 1 when a bench failed. A bar that is missed is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", choices=("tiny", "full"), default="full")
    parser.add_argument("--only", nargs="+", choices=BENCHES, metavar="NAME", help=", ".join(BENCHES))
    given = parser.parse_args()
    size, begun, machine = Size(given.size == "tiny"), time.monotonic(), described()
    if not size.tiny:
        peers.install()
    results: dict[str, list[Row]] = {}
    for name in given.only or BENCHES:
        results[name] = measured(name, size)
    took_s = time.monotonic() - begun
    print(f"{sum(map(len, results.values()))} rows in {took_s:.0f} s")
    if not (size.tiny or given.only):
        (ROOT / "bench" / "RESULTS.md").write_text(page(results, machine, took_s), encoding="utf-8")
    return 0 if all(results.values()) else 1


def measured(name: str, size: Size) -> list[Row]:
    """Return the rows of a bench, none when it fails."""
    rows = []
    try:
        for row in import_module(f"bench.{name}").rows(size):
            print(" | ".join(filter(None, row.cells()[: 3 if size.tiny else None])), flush=True)
            rows.append(row)
    except Exception:  # noqa: BLE001 - the others are measured all the same
        traceback.print_exc()
        return []
    return rows


def page(results: dict[str, list[Row]], machine: dict[str, str], took_s: float) -> str:
    """Return RESULTS.md."""
    lines = ["# Results", "", f"Written by `make bench` in {took_s / 60:.0f} min; each part says what is measured.", ""]
    lines += [f"- {what}: {said}" for what, said in (machine | {"peers": peers.versions()}).items()]
    for name, rows in results.items():
        lines += ["", f"## {name}", "", import_module(f"bench.{name}").__doc__.strip(), ""]
        lines += [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"] if rows else ["This bench failed."]
        lines += [f"| {' | '.join(row.cells())} |" for row in rows]
    return "\n".join(lines) + "\n"


def described() -> dict[str, str]:
    """Return what the figures depend on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    model = next(named, platform.processor() or platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    git = ("git", "describe", "--always", "--dirty", "--exclude=*")
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "machine": f"{cores} cores of {model}, {memory:.0f} GiB, {platform.platform()}",
        "load when it began": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "commit": commit or "unknown",
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    sys.exit(main())
