"""The page in a real Chromium, opened from disk: heard, compared, walked by keyboard, narrow and dark, attacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.accessibility import CONTRAST
from tests.support.browser import (
    SOUNDS,
    Opened,
    loudness,
    write_many,
    write_page,
)
from tests.support.chromium import CHROMIUM
from tests.support.heard import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("page"))


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Opened]:
    """The page in a wide window; nothing may have gone wrong in it at the end."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = Opened(context.new_page())
    opened.page.add_init_script(SOUNDS)
    opened.goto(file)
    yield opened
    assert opened.wrong == []
    context.close()


def wait_for(opened: Opened, condition: str) -> None:
    opened.page.wait_for_function(condition, timeout=10_000)


PLAYED = "() => sounds.some((sound) => !sound.paused && sound.currentTime > {seconds})"


def test_takes_are_heard_and_switching_keeps_the_position(opened: Opened) -> None:
    page = opened.page
    page.get_by_role("button", name="play take 1 of title", exact=True).click()
    wait_for(opened, PLAYED.replace("{seconds}", "0.2"))
    assert opened.playing() == "title, take 1"
    page.get_by_role("slider", name="position in take 1 of title", exact=True).click(position={"x": 300, "y": 20})
    box = page.get_by_role("slider", name="position in take 1 of title", exact=True).bounding_box()
    assert box is not None
    asked = round(300 / box["width"] * 6, 3) - 0.001  # a browser keeps positions in microseconds
    assert asked <= opened.at() < asked + 1.5
    page.keyboard.press("2")
    wait_for(opened, "() => !sounds[1].paused")
    assert opened.playing() == "title, take 2"
    assert asked <= opened.at() < asked + 3
    page.keyboard.press(" ")
    wait_for(opened, "() => sounds.every((sound) => sound.paused)")
    before = opened.at()
    page.keyboard.press("ArrowLeft")
    assert opened.at() == pytest.approx(max(0, before - 5), abs=0.1)
    assert page.locator(".take.current").count() == 1
    page.locator(".player input").fill("1.5")
    assert opened.at() == pytest.approx(1.5, abs=0.1)


def test_a_comparison_is_equally_loud_in_step_and_blind_with_a_tally(opened: Opened) -> None:
    page = opened.page
    page.get_by_role("button", name="compare 3 takes").click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("heading").first.inner_text() == "Compare title"
    down = [10 ** (-decibels / 20) for decibels in (6, 0, 3)]
    assert loudness(opened) == pytest.approx(down, abs=0.001)
    page.keyboard.press("l")
    assert loudness(opened) == [1, 1, 1]
    page.keyboard.press("l")
    page.keyboard.press("1")
    wait_for(opened, PLAYED.replace("{seconds}", "0.3"))
    page.keyboard.press("3")
    wait_for(
        opened, "() => !sounds[2].paused && sounds[0].paused && sounds[2].currentTime >= sounds[0].currentTime - 0.05"
    )
    assert page.locator(".column.current .hear").inner_text() == "3 take 3"
    page.keyboard.press("b")
    shown = dialog.inner_text()
    assert "title" not in shown
    assert "LUFS" not in shown
    assert dialog.locator(".wave").count() == 0
    assert [text[-1] for text in dialog.locator(".hear").all_inner_texts()] == ["A", "B", "C"]
    page.keyboard.press("2")
    page.keyboard.press("x")
    dialog.get_by_text("your choice").wait_for()
    assert sorted(dialog.locator(".tally tbody td:nth-child(2)").all_inner_texts()) == ["0", "0", "1"]
    dialog.get_by_role("button", name="next round").click()
    dialog.get_by_role("button", name="choose A").click()
    assert sorted(dialog.locator(".tally tbody td:nth-child(3)").all_inner_texts()) == ["2", "2", "2"]
    page.keyboard.press("b")
    page.keyboard.press("Escape")
    assert dialog.count() == 0


def test_models_of_a_cue_and_versions_are_compared_and_any_takes(opened: Opened) -> None:
    page = opened.page
    page.get_by_role("button", name="compare models of this cue").first.click()
    assert page.locator(".column .line").all_inner_texts() == [
        "take 1 · local/sketch",
        "take 1, mastered · pixazo/tracks",
    ]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="compare before and after").click()
    assert page.locator(".column .line").all_inner_texts() == ["title · local/sketch", "title · local/sketch"]
    page.keyboard.press("Escape")
    assert page.locator(".changes").inner_text().split("\n") == ["prompt", "low brass → low brass and choir"]
    page.get_by_role("checkbox", name="compare take 2 of title", exact=True).check()
    page.get_by_role("checkbox", name="compare take 1 of title2", exact=True).check()
    page.get_by_role("button", name="compare 2", exact=True).click()
    assert page.locator(".column .hear").all_inner_texts() == ["1 title", "2 title2"]


def test_a_take_is_heard_beside_the_file_that_it_was_mastered_as(opened: Opened) -> None:
    page = opened.page
    page.get_by_role("button", name="play take 1 of title2", exact=True).focus()
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog")
    assert page.locator(".column .hear").all_inner_texts() == ["1 take 1", "2 take 1, mastered"]
    assert loudness(opened) == pytest.approx([1, 10 ** (-2 / 20)], abs=0.001), "the mastered file is louder by 2 LU"
    assert [text.split("\n")[1] for text in dialog.locator(".measures").all_inner_texts()] == ["6.0 s", "5.0 s"]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="play take 1 of title", exact=True).focus()
    page.keyboard.press("f")
    page.get_by_text("title has nothing to compare this way").wait_for()


def test_the_page_is_filtered_and_searched(opened: Opened) -> None:
    page = opened.page
    cards = page.locator(".card:visible h2")
    page.get_by_role("combobox", name="label").select_option("combat")
    assert cards.all_inner_texts() == ["gone", "new"]
    page.get_by_role("combobox", name="state").select_option("to-make")
    assert cards.all_inner_texts() == ["new"]
    assert page.locator(".found").inner_text() == "1 of 5 jobs"
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="label").select_option("")
    page.get_by_role("combobox", name="state").select_option("")
    page.get_by_role("combobox", name="model").select_option("pixazo/tracks")
    assert cards.all_inner_texts() == ["title2"]
    page.get_by_role("combobox", name="model").select_option("")
    page.keyboard.press("/")
    page.keyboard.type("choir brass")
    assert cards.all_inner_texts() == ["title"]
    page.keyboard.press("Escape")
    assert len(cards.all_inner_texts()) == 5
    page.get_by_role("button", name="totals").click()
    rows = page.get_by_role("dialog").locator("tr").all_inner_texts()
    assert any(row.startswith("pixazo/tracks\t1\t1\t6.0 s\t") for row in rows)
    assert any("unknown" in row for row in rows)


def test_the_keyboard_alone_suffices(opened: Opened) -> None:
    page = opened.page
    page.keyboard.press("j")
    assert opened.focused() == "play take 1 of title"
    page.keyboard.press("j")
    assert opened.focused() == "play take 2 of title"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    wait_for(opened, PLAYED.replace("{seconds}", "0.1"))
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus is seen"
    page.keyboard.press("c")
    assert page.get_by_role("checkbox", name="compare take 1 of title", exact=True).is_checked()
    page.keyboard.press("p")
    page.get_by_text("scorefile pick title 1", exact=False).first.wait_for()
    page.keyboard.press("d")
    assert page.locator(".card .details[open] .origin").first.inner_text() == "job night.yaml:4:20"
    page.keyboard.press("t")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert "next take, previous take" in page.get_by_role("dialog").inner_text()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON", "the focus goes back to where it was"
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(opened.focused())
    assert {"play take 3 of title", "position in take 3 of title", "compare take 1 of title2"} <= seen


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_it_can_be_read_wide_and_narrow_light_and_dark(browser: Browser, file: Path, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
    opened = Opened(context.new_page())
    opened.goto(file)
    page = opened.page
    wait_for(opened, "() => document.querySelectorAll('.card .about').length > 2")
    for fold in page.locator("summary").all():
        fold.click()
    page.get_by_role("button", name="play take 1 of title", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="colors: auto").click()
    page.get_by_role("button", name="colors: dark").click()
    assert (page.evaluate("getComputedStyle(document.body).backgroundColor") == paper) == (scheme == "light")
    assert opened.wrong == []
    context.close()


def test_words_from_outside_are_text_and_audio_that_is_missing_is_named(opened: Opened) -> None:
    page = opened.page
    wait_for(opened, "() => document.querySelectorAll('.card .about').length === 5")
    for fold in page.locator("summary").all():
        fold.click()
    shown = page.locator("body").inner_text()
    assert [text for text in HOSTILE if text.split("\u2028")[0].strip() not in shown] == []
    said = page.locator(".said").first.inner_text()
    assert [text for text in HOSTILE if text.split("\u2028")[0].strip() not in said] == []
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img:not(.spectrum), iframe, object, embed, a, main script").count() == 0
    assert "its audio is not on this machine" in shown
    assert page.get_by_role("button", name="play take 1 of gone").first.is_disabled()
    page.locator(".card", has_text="gone").get_by_role("button", name="play take 1 of gone").last.click()
    page.get_by_text("gone: its audio is not where this page expects it").wait_for()
    opened.wrong = [said for said in opened.wrong if "ERR_FILE_NOT_FOUND" not in said]


def test_a_thousand_jobs_are_smooth(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser.new_page(viewport={"width": 1440, "height": 900}))
    opened.goto(write_many(tmp_path, 1000))
    page = opened.page
    assert page.locator(".card").count() == 1000
    assert page.locator(".wave").count() < 100, "what is out of sight costs nothing"
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.get_by_role("button", name="play take 3 of job0999").wait_for()
    page.get_by_role("searchbox").fill("cue 777")
    assert page.locator(".card:visible h2").all_inner_texts() == ["job0777"]
    assert opened.wrong == []
    page.close()
