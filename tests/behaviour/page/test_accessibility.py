"""The page in all its states, light and dark, wide and narrow: what axe-core finds in it, its contrast, and its focus."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest

from runner.commands.report import page_assets
from runner.page.data import as_json
from runner.page.html import page as page_text
from tests.support.accessibility import barriers, unseen_focus
from tests.support.browser import Opened, write_page
from tests.support.chromium import CHROMIUM
from tests.support.heard import page_data
from tests.support.long import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
WINDOWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1440, "light"), (390, "dark"))
"""Colors are the same at each width; the contrast of all four is checked in test_browser.py."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("page"))


@contextmanager
def opened(browser: Browser, file: Path, width: int, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    found = Opened(context.new_page())
    found.goto(file)
    yield found.page
    assert [said for said in found.wrong if "ERR_FILE_NOT_FOUND" not in said] == []
    context.close()


def in_torture(page: Page) -> list[str]:
    """Return the barriers in `make torture`; `make test` looks at a list and a comparison."""
    return barriers(page) if LONG else []


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_no_state_of_the_page_keeps_anybody_out(
    browser: Browser, file: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    with opened(browser, file, width, scheme) as page:
        page.wait_for_function("() => document.querySelectorAll('.card .about').length > 2")
        for fold in page.locator("summary").all():
            fold.click()
        states = {}
        page.get_by_role("button", name="play take 1 of title", exact=True).click()
        states["a list whose folds are open, while a take plays"] = barriers(page)
        page.keyboard.press("?")
        states["the keys"] = in_torture(page)
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        states["the totals"] = in_torture(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="compare 3 takes").click()
        states["a comparison"] = barriers(page)
        page.keyboard.press("b")
        states["a blind comparison"] = in_torture(page)
        page.keyboard.press("x")
        states["a blind comparison, chosen"] = in_torture(page)
        page.keyboard.press("Escape")
        page.locator(".card", has_text="gone").get_by_role("button", name="play take 1 of gone").last.click()
        page.get_by_text("gone: its audio is not where this page expects it").wait_for()
        states["an error"] = in_torture(page)
        page.get_by_role("searchbox").fill("nothing has this word")
        states["nothing found"] = in_torture(page)
    assert {state: found for state, found in states.items() if found} == {}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("width", [1440, 390])
def test_a_page_without_jobs_keeps_nobody_out(browser: Browser, tmp_path: Path, width: int) -> None:
    file = tmp_path / "empty.html"
    data = page_data(notices=("scorefile.yaml has problems",))
    file.write_text(page_text(page_assets(), as_json(data), title="empty"), encoding="utf-8")
    with opened(browser, file, width, "light") as page:
        assert barriers(page) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_the_focus_is_seen_wherever_it_goes(
    browser: Browser, file: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    with opened(browser, file, width, scheme) as page:
        reached, unseen = unseen_focus(page, 70)
        assert unseen == []
        assert {
            "INPUT search jobs, prompts, models",
            "BUTTON play take 3 of title",
            "SUMMARY 1 take of earlier requests",
        } <= reached
        page.get_by_role("button", name="compare 3 takes").click()
        reached, unseen = unseen_focus(page, 20)
        assert unseen == []
        assert {"BUTTON 2  take 2", "INPUT position"} <= reached, reached
