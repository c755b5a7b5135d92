"""The page to listen on: `scorefile report` of jobs with three takes of a minute each, and the page in Chromium.

Built first, each take is decoded and drawn, on all cores; built again, pictures come from the state folder. A page is open when its first
takes are drawn. A frame is the processor time of the browser's main thread for it, while a page of 1,000 jobs scrolls at 14,000 pixels a second.
"""

from __future__ import annotations

import json
import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import ENV, ROOT, SCOREFILE, Row, Size, at_most, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPORT = (*SCOREFILE, "report", "-q", "--out", "page.html")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
KINDS = {"audio/wav": {"bar": 20.0}, "audio/mpeg": {}}


def rows(size: Size) -> Iterator[Row]:
    """Yield building, opening and scrolling."""
    jobs, seconds = size.of(200, 2), size.of(60, 2)
    for kind, bars in KINDS.items():
        place = made(jobs, seconds, kind)
        what = f"report of {jobs} jobs × 3 takes of {seconds} s, {kind.partition('/')[2]}"
        first = run(REPORT, place)
        yield Row(
            what=f"{what}, first",
            ours=f"{first.wall_s:.1f} s, {first.cpu_s:.0f} s of processor time",
            **(at_most(first.wall_s, bars["bar"], " s") if bars else {}),
        )
        again = min((run(REPORT, place) for _ in range(3)), key=lambda took: took.wall_s)
        yield Row(
            what=f"{what}, again",
            ours=f"{again.wall_s:.2f} s, {again.cpu_s:.2f} s of processor time",
            **at_most(again.wall_s, 1.0, " s"),
        )
        if kind == "audio/wav":
            yield from in_chromium(place / "page.html", f"{jobs} jobs × 3 takes", "open_s", size)
        shutil.rmtree(place)
    many = made(size.of(1000, 4), 2, "audio/mpeg")
    run(REPORT, many)
    yield from in_chromium(many / "page.html", f"{size.of(1000, 4):,} jobs × 3 takes", "frame_ms", size)


def made(jobs: int, seconds: float, media_type: str) -> Path:
    """Return a project with its takes."""
    place = projects.folder()
    run((sys.executable, "-P", "-m", "bench.heard", str(place), str(jobs), str(seconds), media_type), ROOT, ENV)
    return place


def in_chromium(file: Path, what: str, figure: str, size: Size) -> Iterator[Row]:
    """Yield what Chromium takes for a page; that there is none is a row, too."""
    told = f"page of {what}, {'to open' if figure == 'open_s' else 'longest frame'}"
    if CHROMIUM is None or find_spec("playwright") is None:
        yield Row(what=told, ours="no Chromium, or no playwright, on this machine")
        return
    command = (sys.executable, "-P", "-m", "bench.browser", str(file), CHROMIUM, str(size.of(5, 1)))
    found = json.loads(run(command, ROOT).out)[figure]
    if figure == "open_s":
        yield Row(what=told, ours=f"{found:.2f} s", **at_most(found, 1.5, " s"))
    else:
        yield Row(what=told, ours=f"{found:.0f} ms", **at_most(found, 50.0, " ms"))
