"""What all benches share: rows, sizes, and processes that are timed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
SCOREFILE = (sys.executable, "-P", "-m", "runner")
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the results. `ratio` is what the bar judges where there is a peer."""

    what: str
    ours: str
    peer: str = ""
    ratio: float | None = None
    bar: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the line's cells as text."""
        met = "" if self.met is None else "yes" if self.met else "**no**"
        return self.what, self.ours, self.peer, "" if self.ratio is None else f"{self.ratio:.2f}", self.bar, met


def at_most(figure: float, bar: float, unit: str = "") -> dict[str, Any]:
    """Return `bar` and `met` of a row whose figure has an upper bound."""
    return {"bar": f"at most {bar}{unit}", "met": figure <= bar}


def at_least(figure: float, bar: float, unit: str = "") -> dict[str, Any]:
    """Return `bar` and `met` of a row whose figure has a lower bound."""
    return {"bar": f"at least {bar}{unit}", "met": figure >= bar}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. The bars are meant for the full size."""

    tiny: bool

    def of(self, full: int, tiny: int) -> int:
        """Return the number for this size."""
        return tiny if self.tiny else full


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a process took: wall time and processor time in seconds, its largest memory, what it printed."""

    wall_s: float
    cpu_s: float
    mib: float
    out: str


def run(command: Sequence[str], folder: Path, env: Mapping[str, str] = ENV, *, code: int = 0) -> Cost:
    """Run a process to its end. Raises RuntimeError when its exit code is another than `code`.

    The memory is not less than that of this process, so nothing large is imported here.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s, process.returncode = time.perf_counter() - begun, os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode != code:
            raise RuntimeError(
                f"{' '.join(command)[:200]} ended with {process.returncode}: {out.read()[-1000:]} {errors.read()[-1000:]}"
            )
        per_mib = 1 << 20 if sys.platform == "darwin" else 1 << 10
        mib, cpu_s = usage.ru_maxrss / per_mib, usage.ru_utime + usage.ru_stime
        return Cost(wall_s=wall_s, cpu_s=cpu_s, mib=mib, out=out.read())


def interleaved(rounds: int, tries: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Return the seconds that each try said, one after another in each round."""
    took: dict[str, list[float]] = {name: [] for name in tries}
    for _ in range(rounds):
        for name, again in tries.items():
            took[name].append(again())
    return took


def ratio(ours: Iterable[float], its: Iterable[float]) -> float:
    """Return the median of the ratios of all rounds."""
    return statistics.median(one / other for one, other in zip(ours, its, strict=True))


def shown(seconds: Iterable[float]) -> str:
    """Return the median of some times, to be read."""
    median = statistics.median(seconds)
    return f"{median:.2f} s" if median >= 1 else f"{median * 1000:.0f} ms"
