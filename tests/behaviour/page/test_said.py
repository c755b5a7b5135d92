"""Stars and notes in a real Chromium: copied as commands from a file, saved by a live page beside other tabs, verbs and runs."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.commands.report import page_assets
from runner.page.data import Command, PageWord, as_json
from runner.page.html import page as page_text
from runner.state.run_lock import hold
from tests.support.browser import Opened
from tests.support.chromium import CHROMIUM
from tests.support.command import scorefile
from tests.support.heard import heard_take, page_data, page_job
from tests.support.review import open_page, reviewing, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 1}}
jobs:
  title: {prompt: Calm, params: {batch_size: 2}}
"""
NOTE = 'it\'s "warm"; `rm` $HOME\n<b>but</b> loud'


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder where title has two takes."""
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=tmp_path).code == 0
    return tmp_path


def said(folder: Path) -> set[tuple[str, int | None, str]]:
    """Return what people say of the first take."""
    block = json.loads((folder / "scorefile.lock").read_text())["jobs"]["title"]
    first = block["submissions"][0]["takes"][0]["sha256"]
    words = [word for word in block.get("ratings", []) if word["sha256"] == first]
    found = {(word["by"], word.get("stars"), word.get("note", "")) for word in words}
    return {word for word in found if word[1:] != (None, "")}


def row(page: Page, take: int = 1) -> Locator:
    return page.locator(".take", has=page.get_by_text(f"take {take}", exact=True))


def star(page: Page, number: int, take: int = 1) -> Locator:
    noun = "star" if number == 1 else "stars"
    return page.get_by_role("radio", name=f"{number} {noun} for take {take} of title", exact=True)


def note_on(page: Page, text: str, take: int = 1) -> None:
    """Open the form of a take and write in it."""
    row(page, take).get_by_role("button", name="note", exact=True).click()
    row(page, take).get_by_role("textbox").fill(text)


# ---------------------------------------------------------------- a page in a file


@pytest.fixture
def written(tmp_path: Path, browser: Browser) -> Iterator[Opened]:
    """A page from disk, of takes that people have rated and one that nobody has."""
    words = (
        PageWord(by="Ada", at="2026-11-21T12:00:00Z", stars=5, note="warm\nat last", name="0" * 16),
        PageWord(by="Bob", at="2026-11-20T12:00:00Z", stars=4, name="1" * 16),
    )
    approved = (PageWord(by="Cleo", at="2026-11-21T13:00:00Z", note="for the trailer"),)
    one, two, three = (
        heard_take(
            tmp_path,
            f"take {number}",
            number=number,
            rate=f"scorefile rate title --take {number}",
            commands=(Command(does="approve it", line=f"scorefile approve title --take {number}", saves="approve"),),
        )
        for number in (1, 2, 3)
    )
    one = replace(one, ratings=words, stars=4.5, approvals=approved)
    data = page_data(page_job(takes=(one, two)), page_job(id="sting", cue="s", takes=(three,)))
    (tmp_path / "page.html").write_text(page_text(page_assets(), as_json(data), title="night"), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = Opened(context.new_page())
    opened.goto(tmp_path / "page.html")
    yield opened
    assert opened.wrong == []
    context.close()


def copied(page: Page) -> str:
    page.get_by_text("copied: ").wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_page_in_a_file_shows_what_people_say_of_each_take(written: Opened) -> None:
    first = row(written.page)
    assert first.locator(".badge.rated").inner_text() == "★ 4.5"
    assert first.locator(".badge.rated").get_attribute("title") == "2 ratings"
    lines = first.get_by_role("list", name="what people say of take 1 of title").get_by_role("listitem")
    assert lines.all_inner_texts() == ["Ada ★★★★★warm\nat last", "Bob ★★★★☆", "Cleo approved itfor the trailer"]
    assert first.get_by_role("img", name="4 of 5 stars").count() == 1
    assert row(written.page, 2).locator(".said, .badge.rated").count() == 0


def test_a_page_in_a_file_gives_the_commands_to_copy(written: Opened) -> None:
    page = written.page
    star(page, 4).click()
    assert copied(page) == "scorefile rate title --take 1 --stars 4"
    note_on(page, NOTE, take=2)
    row(page, 2).get_by_role("button", name="copy the command").click()
    page.wait_for_function("() => document.querySelector('.live').textContent.includes('take 2')")
    shell = "scorefile rate title --take 2 --note '" + NOTE.replace("'", "'\"'\"'") + "'"
    assert copied(page) == shell
    row(page, 2).get_by_role("button", name="approve with it").click()
    page.wait_for_function("() => document.querySelector('.live').textContent.includes('approve')")
    assert copied(page) == shell.replace("rate", "approve", 1)


def test_a_command_that_was_copied_can_be_run(made: Path, browser: Browser) -> None:
    assert scorefile("report", "--out", "page.html", cwd=made).code == 0
    opened = Opened(browser.new_context().new_page())
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.goto(made / "page.html")
    note_on(opened.page, NOTE)
    row(opened.page).get_by_role("button", name="copy the command").click()
    command = copied(opened.page)
    opened.page.context.close()
    _, *words = shlex.split(command)
    assert scorefile(*words, "--by", "Ada", cwd=made).code == 0
    assert said(made) == {("Ada", None, NOTE)}


def test_takes_are_filtered_by_what_people_say_of_them(written: Opened) -> None:
    page = written.page
    shown = {
        words: [
            page.get_by_label("rating").select_option(label=words),
            page.locator(".card:visible h2").all_inner_texts(),
        ][1]
        for words in ("4 stars or more", "2 stars or less", "with a note", "not rated yet", "any rating")
    }
    assert shown == {
        "4 stars or more": ["title"], "2 stars or less": [], "with a note": ["title"],
        "not rated yet": ["title", "sting"], "any rating": ["title", "sting"],
    }  # fmt: skip


# ---------------------------------------------------------------- a live page


def test_stars_that_are_clicked_or_typed_are_in_the_lock_and_on_every_other_page(made: Path, browser: Browser) -> None:
    with reviewing(made, "--by", "Ada") as url:
        first, second = open_page(browser, url), open_page(browser, url)
        star(first.page, 3).click()
        star(first.page, 4).click()
        wait_until(lambda: said(made) == {("Ada", 4, "")})
        second.page.locator(".badge.rated", has_text="★ 4").wait_for()
        assert star(second.page, 4).get_attribute("aria-checked") == "true"
        assert scorefile("rate", "title", "--stars", "1", "--note", "no", "--by", "Bob", cwd=made).code == 0
        first.page.locator(".badge.rated", has_text="★ 2.5").wait_for()
        for key in ("j", "r", "5"):
            second.page.keyboard.press(key)
        wait_until(lambda: said(made) == {("Ada", 5, ""), ("Bob", 1, "no")})
        first.page.locator(".badge.rated", has_text="★ 3").wait_for()
        star(first.page, 5).click()
        wait_until(lambda: said(made) == {("Bob", 1, "no")})
        assert first.wrong == second.wrong == []


def test_a_note_is_kept_with_the_stars_and_an_approval_gets_one(made: Path, browser: Browser) -> None:
    with reviewing(made, "--by", "Ada") as url:
        opened = open_page(browser, url)
        page = opened.page
        star(page, 4).click()
        note_on(page, NOTE)
        page.keyboard.press("Control+Enter")
        row(page).get_by_text('it\'s "warm"').wait_for()
        assert said(made) == {("Ada", 4, NOTE)}
        star(page, 2).click()
        wait_until(lambda: said(made) == {("Ada", 2, NOTE)})
        assert page.get_by_role("textbox", name="note on").count() == 0
        page.keyboard.press("n")
        assert row(page).get_by_role("textbox").input_value() == NOTE
        row(page).get_by_role("textbox").fill("for the trailer")
        row(page).get_by_role("button", name="approve with it").click()
        row(page).get_by_text("approved it").wait_for()
        (word,) = json.loads((made / "scorefile.lock").read_text())["jobs"]["title"]["approvals"]
        assert (word["by"], word["note"]) == ("Ada", "for the trailer")
        assert said(made) == {("Ada", 2, NOTE)}
        assert opened.wrong == []


def test_what_is_typed_stays_while_the_page_is_told_of_changes_and_of_other_jobs(made: Path, browser: Browser) -> None:
    with reviewing(made, "--by", "Ada") as url:
        opened = open_page(browser, url)
        page = opened.page
        row(page).get_by_role("button", name="note", exact=True).click()
        page.keyboard.type("too lou end")
        for _ in range(4):
            page.keyboard.press("ArrowLeft")
        assert scorefile("rate", "title", "--stars", "1", "--by", "Bob", cwd=made).code == 0
        page.locator(".badge.rated", has_text="★ 1").wait_for()
        page.keyboard.type("d at the")
        assert row(page).get_by_role("textbox").input_value() == "too loud at the end"
        (made / "scorefile.yaml").write_text(PIPELINE + "  sting: {prompt: Hit}\n")
        page.get_by_text("there are other jobs now").wait_for()
        page.keyboard.press("Control+Enter")
        page.get_by_role("article", name="sting").wait_for()
        assert said(made) == {("Ada", None, "too loud at the end"), ("Bob", 1, "")}
        assert opened.wrong == []


@pytest.mark.long
def test_what_was_typed_on_a_take_that_is_no_choice_any_more_can_still_be_read(made: Path, browser: Browser) -> None:
    with reviewing(made, "--by", "Ada") as url:
        opened = open_page(browser, url)
        note_on(opened.page, "warm")
        (made / "scorefile.yaml").write_text(PIPELINE.replace("Calm", "Wild"))
        assert scorefile("run", cwd=made).code == 0
        opened.page.get_by_text("2 takes of earlier requests").wait_for()
        assert opened.page.get_by_role("textbox", name="note on take 1 of title").input_value() == "warm"
        opened.page.get_by_role("button", name="save the note").click()
        opened.page.get_by_role("alert").get_by_text("title no longer has this take").wait_for()
        opened.page.get_by_role("button", name="discard").click()
        assert opened.page.get_by_role("textbox", name="note on").count() == 0


@pytest.mark.long
def test_the_page_says_in_whose_name_it_saves(made: Path, browser: Browser) -> None:
    with reviewing(made, "--by", "Ada <b>") as url:
        assert (
            "saves in the name of Ada <b>" in open_page(browser, url).page.get_by_label("about this page").inner_text()
        )


def test_an_old_page_is_refused_in_place_and_what_was_typed_on_it_stays(made: Path, browser: Browser) -> None:
    with reviewing(made, "--by", "Ada") as url:
        opened = open_page(browser, url)
        page = opened.page
        page.route("**/data", lambda route: route.abort())
        assert scorefile("rate", "title", "--note", "thin", "--by", "Ada", cwd=made).code == 0
        note_on(page, "warm")
        row(page).get_by_role("button", name="save the note").click()
        row(page).get_by_role("alert").get_by_text("Ada has rated this take of title meanwhile").wait_for()
        assert row(page).get_by_role("textbox").input_value() == "warm"
        assert said(made) == {("Ada", None, "thin")}
        page.unroute("**/data")
        assert scorefile("rate", "title", "--take", "2", "--stars", "3", "--by", "Bob", cwd=made).code == 0
        row(page).locator(".said .words", has_text="thin").wait_for()
        row(page).get_by_role("button", name="save the note").click()
        wait_until(lambda: said(made) == {("Ada", None, "warm")})


@pytest.mark.long
def test_what_is_said_during_a_run_waits_for_its_end_and_is_shown_meanwhile(made: Path, browser: Browser) -> None:
    with reviewing(made, "--by", "Ada") as url:
        first, second = open_page(browser, url), open_page(browser, url)
        with hold(made / ".scorefile" / "pipelines" / "scorefile", now="2026-11-21T12:00:00Z", timeout_s=5):
            star(first.page, 2).click()
            note_on(first.page, "thin")
            row(first.page).get_by_role("button", name="save the note").click()
            star(first.page, 4).click()
            assert star(first.page, 4).get_attribute("aria-checked") == "true", "it is shown before it is saved"
            first.page.get_by_text("a run is at work: this is saved when it ends").wait_for()
            assert said(made) == set()
            assert row(first.page).get_by_role("textbox").input_value() == "thin"
        wait_until(lambda: said(made) == {("Ada", 4, "thin")})
        row(first.page).get_by_role("textbox").wait_for(state="detached")
        second.page.locator(".badge.rated", has_text="★ 4").wait_for()
        assert [told for told in first.wrong if "423" not in told] == second.wrong == []


@pytest.mark.long
def test_a_take_that_is_gone_and_words_that_no_lock_holds_are_refused_in_place(made: Path, browser: Browser) -> None:
    with reviewing(made, "--by", "Ada") as url:
        opened = open_page(browser, url)
        page = opened.page

        def posted(what: str, **body: Any) -> Any:
            script = (
                "async ([what, body]) => { const a = await fetch(what, {method: 'POST', headers: {'Content-Type':"
                " 'application/json'}, body: JSON.stringify(body)}); return [a.status, (await a.json()).message]; }"
            )
            return page.evaluate(script, [what, {"job": "title", "sha256": "0" * 64, "saw": [], **body}])

        assert posted("rate", stars=3) == [409, "title no longer has this take"]
        assert posted("approve", note="x") == [409, "title no longer has this take"]
        note_on(page, "a\u202eb")
        row(page).get_by_role("button", name="save the note").click()
        row(page).get_by_role("alert").get_by_text("is not a note").wait_for()
        row(page).get_by_role("button", name="discard").click()
        assert page.get_by_role("textbox", name="note on").count() == 0
        assert said(made) == set()
