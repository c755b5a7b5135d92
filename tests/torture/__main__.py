"""python -m tests.torture --kills 10000: random SIGKILLs, then a kill at every system call; exit 1 when anything is found."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.torture import real, simulated
from tests.torture.damage import every_damage
from tests.torture.mutants import MUTANTS
from tests.torture.syscalls import every_call, strace
from tests.torture.trial import Figures, running_bench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.torture.simulated import Broke
    from tests.torture.syscalls import Calls


def main(args: Sequence[str] | None = None) -> int:
    """Torture as asked and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3600.0, help="start no further trial after this long")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--mutant", choices=sorted(MUTANTS))
    parser.add_argument("--syscalls", action="store_true", help="also kill at every system call of one job")
    parser.add_argument("--damage", action="store_true", help="also try every cut and bit flip of lock and journal")
    parser.add_argument("--checkouts", type=int, default=0, metavar="N", help="also play N histories of checkouts")
    parser.add_argument("--checkouts-real", type=int, default=0, metavar="N", help="also play N with real processes")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(args)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as folder:
        figures = _random_kills(asked, Path(folder)) if asked.kills else Figures()
        seconds = time.monotonic() - begun
        calls = _every_call(Path(folder) / "calls") if asked.syscalls and strace() else None
        damages = every_damage(Path(folder) / "damage") if asked.damage else {}
        checkouts = _checkouts(asked, Path(folder))
    found = figures.findings.all() + (calls.findings.all() if calls else [])
    found += [str(broke) for _, broken in checkouts.values() for broke in broken]
    found += [line for damage in damages.values() for line in (*damage.paid, *damage.broke)]
    if asked.json:
        print(json.dumps(_as_data(figures, seconds) | {"found": found}))
    else:
        print(f"seed {asked.seed}" + (f", mutant {asked.mutant}" if asked.mutant else ""))
        print(table(figures, seconds))
        if calls:
            print(calls.table())
        for name, damage in damages.items():
            print(
                f"Damaged the {name} {damage.tried:,} times: refused {damage.refused:,}, harmless {damage.harmless:,}."
            )
        for name, (played, broken) in checkouts.items():
            kinds = Counter(broke.finding for broke in broken)
            print(f"Played {played:,} histories of checkouts {name}: {dict(kinds) or 'nothing found'}.")
        print("\n".join(found[:40]))
    return 1 if found else 0


def _checkouts(asked: argparse.Namespace, folder: Path) -> dict[str, tuple[int, list[Broke]]]:
    """Play histories of checkouts: where → how many, and what broke."""
    until = time.monotonic() + asked.seconds
    played = {}
    if asked.checkouts:
        played["in one process"] = simulated.many(asked.checkouts, seed=asked.seed, workers=asked.workers, until=until)
    if asked.checkouts_real:
        played["with real processes and real git"] = real.many(
            asked.checkouts_real, seed=asked.seed, workers=asked.workers, folder=folder / "checkouts", until=until
        )
    return played


def _every_call(folder: Path) -> Calls:
    with running_bench(folder, seed="calls") as bench:
        return every_call(bench)


def _random_kills(asked: argparse.Namespace, folder: Path) -> Figures:
    each = -(-asked.kills // asked.workers)
    until = time.monotonic() + asked.seconds

    def work(number: int) -> Figures:
        with running_bench(folder / f"w{number}", seed=f"{asked.seed}-{number}", mutant=asked.mutant) as bench:
            while bench.figures.kills < each and time.monotonic() < until:
                bench.trial()
        return bench.figures

    total = Figures()
    with ThreadPoolExecutor(asked.workers) as pool:
        for figures in pool.map(work, range(asked.workers)):
            total.add(figures)
    return total


def _as_data(figures: Figures, seconds: float) -> dict[str, object]:
    counts = {kind: len(texts) for kind, texts in vars(figures.findings).items()}
    facts = {name: value for name, value in vars(figures).items() if isinstance(value, int)}
    return (
        facts
        | {"where": dict(figures.where), "stages": dict(figures.stages), "seconds": round(seconds, 1)}
        | {"counts": counts}
    )


def table(figures: Figures, seconds: float) -> str:
    """Return the figures as a Markdown table."""
    found = figures.findings
    rows = [
        ("kills", figures.kills),
        ("pipelines", figures.trials),
        ("runs", figures.runs),
        ("charges", figures.charges),
        ("charged twice", len(found.double)),
        ("receipts lost", len(found.lost)),
        ("bad files", len(found.bad)),
        ("temporary files left", len(found.litter)),
        ("pipelines that did not finish", len(found.stuck)),
        ("submits in doubt after a kill", figures.doubts),
        ("… of these charged", figures.charged_doubts),
        ("most in doubt after one kill", figures.most_doubts),
        ("seconds", round(seconds)),
    ]
    lines = ["| what | how many |", "|---|---:|", *(f"| {name} | {value:,} |" for name, value in rows)]
    places = ", ".join(f"{phase} {count:,}" for phase, count in figures.where.most_common())
    stages = ", ".join(f"{stage} {count:,}" for stage, count in figures.stages.most_common())
    stood = f"Where jobs stood when they were killed: {places}. Killed in each stage: {stages}."
    return "\n".join([*lines, "", stood])


if __name__ == "__main__":
    sys.exit(main())
