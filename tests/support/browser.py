"""A real Chromium, one for each worker of the tests, and a page of a project with everything on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runner.commands.report import page_assets
from runner.page.data import Before, Change, Command, PageWord, Value, as_json
from runner.page.html import page
from tests.support.chromium import CHROMIUM
from tests.support.heard import HOSTILE, heard_take, page_data, page_job, pictures_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

PLAYABLE = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required")


def running_browser() -> Iterator[Browser]:
    """Run Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(PLAYABLE))
        yield browser
        browser.close()


class Opened:
    """A page that is open, with all that went wrong in it."""

    def __init__(self, page: Page, *, served: str = "file:") -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on(
            "request",
            lambda request: (
                self.wrong.append(request.url) if not request.url.startswith((served, "data:", "blob:")) else None
            ),
        )
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective}`))"
        )

    def goto(self, file: Path) -> None:
        """Open a file, and wait until the page is there."""
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")

    def at(self) -> float:
        """Return where the player is, in seconds."""
        return float(self.page.locator(".player input[type=range]").input_value())

    def playing(self) -> str:
        """Return what the player says it plays."""
        return self.page.locator(".playing").inner_text()

    def focused(self) -> str:
        """Return the name of what has the focus."""
        return str(
            self.page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
        )


def write_page(folder: Path) -> Path:
    """Write a page with takes, versions, models, unplayable audio and hostile words; return its file."""
    one, two, three = (
        heard_take(
            folder, name, seconds=6, number=number, lufs=lufs, true_peak_dbtp=-1.5, seed=7, price_usd="0.08",
            commands=(
                Command(does="pick it", line=f"scorefile pick title {number}"),
                Command(does="approve it", line=f"scorefile approve title --take {number}"),
            ),
            rate=f"scorefile rate title --take {number}",
        )
        for number, (name, lufs) in enumerate({"one": -14.0, "two": -20.0, "three": -17.0}.items(), start=1)
    )  # fmt: skip
    old = heard_take(folder, "old", seconds=6, lufs=-16.0, is_earlier=True, attempt="a0")
    other, loud = (
        heard_take(
            folder,
            name,
            seconds=seconds,
            lufs=lufs,
            model="pixazo/tracks",
            attempt="a7",
            is_placed=True,
            is_mastered=is_mastered,
        )
        for name, seconds, lufs, is_mastered in (("other", 6, -18.0, False), ("loud", 5, -16.0, True))
    )
    said = tuple(
        PageWord(by=by, at="2026-11-21T12:00:00Z", note=note, stars=4, name="0" * 16)
        for by, note in zip(HOSTILE, reversed(HOSTILE), strict=True)
    )
    hostile = heard_take(
        folder, "hostile", attempt="a9", failed=HOSTILE[:2], ratings=said, approvals=said, stars=4.0, rate=HOSTILE[0]
    )
    title = page_job(
        labels=("menu",),
        texts=(Value(name="prompt", value="low brass and choir", origin="job night.yaml:4:20"),),
        params=(Value(name="duration", value=6),),
        asked_s=6.0,
        takes=(one, two, three, old),
        before=Before(takes=(old,), changes=(Change(name="prompt", old="low brass", new="low brass and choir"),)),
    )
    jobs = (
        title,
        page_job(id="title2", model="pixazo/tracks", labels=("menu",), takes=(other, loud)),
        page_job(
            id=HOSTILE[1], cue="c", model=HOSTILE[0], labels=HOSTILE[2:5], state="changed", why=HOSTILE[3],
            texts=tuple(Value(name="prompt", value=text, origin=text) for text in HOSTILE), output=HOSTILE[2],
            notes=HOSTILE[:3], takes=(hostile,), commands=(Command(does=HOSTILE[0], line=HOSTILE[1]),),
        ),
        page_job(
            id="gone", cue="g", state="to-restore", why="audio/gone.wav is missing", labels=("combat",),
            takes=(
                heard_take(folder, "gone", url=None, problem="its audio is not on this machine", attempt="a8"),
                heard_take(folder, "lost", url="nowhere/lost.wav", attempt="a10"),
            ),
        ),
        page_job(id="new", cue="n", state="to-make", why="not made yet", has_next_cost=True, labels=("combat",)),
    )  # fmt: skip
    data = page_data(
        *jobs,
        title=f"night {HOSTILE[0]}",
        against="main",
        notices=(HOSTILE[0],),
        pictures=pictures_of(folder, one, two, three, old, other, loud, hostile),
    )
    file = folder / "page.html"
    file.write_text(page(page_assets(), as_json(data), title=data.title), encoding="utf-8")
    return file


def write_many(folder: Path, jobs: int) -> Path:
    """Write a page of many jobs of three takes, all with one sound; return its file."""
    takes = tuple(
        heard_take(folder, "many", number=number, attempt=f"a{number}", rate="scorefile rate job")
        for number in (1, 2, 3)
    )
    found = [
        page_job(
            id=f"job{number:04}", cue=f"{number}", takes=takes, texts=(Value(name="prompt", value=f"cue {number}"),)
        )
        for number in range(jobs)
    ]
    file = folder / "many.html"
    data = page_data(*found, pictures=pictures_of(folder, takes[0]))
    file.write_text(page(page_assets(), as_json(data), title="many"), encoding="utf-8")
    return file


def loudness(opened: Opened) -> Any:
    """Return the volume of each sound that the page has made, in the order made."""
    return json.loads(opened.page.evaluate("JSON.stringify(window.sounds.map((sound) => sound.volume))"))


SOUNDS = "window.sounds = []; const Sound = Audio; window.Audio = function () { const s = new Sound(); sounds.push(s); return s; }"
"""Run before the page: its sounds can be looked at."""
