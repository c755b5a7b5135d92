"""scorefile review: a page that saves, beside other pages, verbs and runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.accessibility import barriers
from tests.support.chromium import CHROMIUM
from tests.support.command import scorefile, scorefile_from_its_start
from tests.support.review import open_page, reviewing, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import APIResponse, Browser, Route

PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 1}}
jobs:
  title: {prompt: Calm, params: {batch_size: 2}}
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=tmp_path).code == 0
    return tmp_path


def picked(folder: Path) -> Any:
    """Return the hashes of what is picked, by job."""
    data = json.loads((folder / "scorefile.lock").read_text())
    return {job: [pick.get("sha256") for pick in block.get("picks", [])] for job, block in data["jobs"].items()}


def takes(folder: Path) -> list[str]:
    (item,) = json.loads((folder / "scorefile.lock").read_text())["jobs"]["title"]["submissions"]
    return [take["sha256"] for take in item["takes"]]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_what_is_picked_on_the_page_is_in_the_lock_and_on_every_other_page(made: Path, browser: Browser) -> None:
    one, two = takes(made)
    with reviewing(made) as url:
        first, second = open_page(browser, url), open_page(browser, url)
        first.page.get_by_role("button", name="play take 2 of title").click()
        first.page.wait_for_function("() => Number(document.querySelector('.player input').value) > 0.1")
        first.page.get_by_role("button", name="pick it").last.click()
        wait_until(lambda: picked(made)["title"] == [two])
        second.page.locator(".badge.picked").wait_for()
        assert second.page.locator(".take", has=second.page.locator(".badge.picked")).get_by_text("take 2").count() == 1
        assert scorefile("pick", "title", "1", cwd=made).code == 0
        first.page.locator(".take", has_text="take 1").locator(".badge.picked").wait_for()
        assert picked(made)["title"] == [one]
        assert first.wrong == second.wrong == []
        first.page.get_by_role("button", name="approve it").first.click()
        second.page.locator(".take", has_text="take 1").locator(".badge.approved").wait_for()
        lock = json.loads((made / "scorefile.lock").read_text())
        assert [word["sha256"] for word in lock["jobs"]["title"]["approvals"]] == [one]
        second.page.get_by_role("button", name="unpick it").click()
        wait_until(lambda: picked(made)["title"] in ([], [None]))
        first.page.get_by_role("button", name="unpick it").wait_for(state="detached")
        first.page.get_by_role("button", name="pick it").first.click()
        wait_until(lambda: picked(made)["title"] == [one])
        stale = {"job": "title", "sha256": two, "saw": [two]}
        said = first.page.evaluate(
            "async (body) => { const a = await fetch('pick', {method: 'POST', headers: {'Content-Type': 'application/json'},"
            " body: JSON.stringify(body)}); return [a.status, (await a.json()).message]; }",
            stale,
        )
        assert said == [409, "another take of title was picked meanwhile"]
        assert picked(made)["title"] == [one]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_of_two_picks_in_one_breath_the_second_counts(made: Path, browser: Browser) -> None:
    with reviewing(made) as url:
        opened = open_page(browser, url)
        click = "() => [...document.querySelectorAll('button')].filter((b) => b.textContent === 'pick it').forEach((b) => b.click())"
        opened.page.evaluate(click)
        wait_until(lambda: picked(made)["title"] == [takes(made)[1]])
        assert opened.wrong == []


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_an_answer_that_is_late_does_not_bring_back_what_was_before(made: Path, browser: Browser) -> None:
    with reviewing(made) as url:
        page = open_page(browser, url).page
        late: list[tuple[Route, APIResponse]] = []
        page.route("**/data", lambda route: route.continue_() if late else late.append((route, route.fetch())))
        with page.expect_request("**/data"):
            assert scorefile("rate", "title", "--stars", "1", cwd=made).code == 0
        assert scorefile("rate", "title", "--stars", "2", cwd=made).code == 0
        page.wait_for_timeout(2000)
        late[0][0].fulfill(response=late[0][1])
        page.wait_for_timeout(2000)
        assert page.locator(".badge.rated").all_inner_texts() == ["★ 2"]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_pick_during_a_run_waits_for_its_end_and_new_takes_appear(made: Path, browser: Browser) -> None:
    from runner.state.run_lock import hold

    with reviewing(made) as url:
        opened = open_page(browser, url)
        with hold(made / ".scorefile" / "pipelines" / "scorefile", now="2026-11-21T12:00:00Z", timeout_s=5):
            opened.page.get_by_role("button", name="pick it").last.click()
            opened.page.get_by_text("a run is at work: this is saved when it ends").wait_for()
            assert picked(made)["title"] == []
        wait_until(lambda: picked(made)["title"] == [takes(made)[1]])
        (made / "scorefile.yaml").write_text(PIPELINE + "  sting: {prompt: Hit}\n")
        assert scorefile("run", cwd=made).code == 0
        opened.page.get_by_role("button", name="play take 1 of sting").wait_for()
    opened.page.get_by_text("the review has ended").wait_for()


def test_a_port_that_is_in_use_is_named(made: Path) -> None:
    with reviewing(made) as url:
        port = url.split(":")[2].partition("/")[0]
        done = scorefile_from_its_start("review", "--port", port, cwd=made)
        assert done.code == 2
        assert f"port {port} cannot be used: address already in use\n" in done.err.lower()
        assert "choose another --port" in done.err


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_page_says_in_place_that_the_lock_was_damaged_and_goes_on_when_it_is_whole(
    made: Path, browser: Browser
) -> None:
    lock, file = made / "scorefile.lock", made / "scorefile.yaml"
    whole = lock.read_text()
    with reviewing(made) as url:
        page = open_page(browser, url).page
        notices = page.get_by_role("status", name="notices")
        lock.write_text("{nonsense")
        notices.get_by_text("this page shows what there was before: the lock").wait_for()
        page.get_by_role("button", name="pick it").first.click()
        page.locator(".live", has_text="cannot be read").wait_for()
        assert lock.read_text() == "{nonsense"
        assert page.locator(".take").count() == 2
        assert barriers(page) == []
        lock.write_text(whole)
        notices.wait_for(state="hidden")
        file.write_text("version: 1\njobs: [")
        notices.get_by_text("scorefile.yaml has problems, so the page shows only what the lock knows").wait_for()
        file.write_text(PIPELINE)
        notices.wait_for(state="hidden")


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_live_page_keeps_nobody_out_also_when_it_refuses(made: Path, browser: Browser) -> None:
    with reviewing(made) as url:
        page = open_page(browser, url).page
        page.get_by_role("button", name="pick it").first.click()
        page.locator(".badge.picked").wait_for()
        page.get_by_role("button", name="approve it").first.click()
        page.locator(".badge.approved").wait_for()
        assert barriers(page) == []
    page.get_by_text("the review has ended").first.wait_for()
    assert barriers(page) == []
