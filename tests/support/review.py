"""A review that runs: its address, a page of it, and the wait until something is so."""

from __future__ import annotations

import json
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.support.browser import Opened
from tests.support.command import environment, fork_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@contextmanager
def reviewing(folder: Path, *words: str) -> Iterator[str]:
    """Run a review and yield its address; it has to end at once when it is interrupted."""
    child = fork_server().start(["review", "--format", "json", *words], cwd=folder, env=environment())
    try:
        wait_until(lambda: child.out.exists() and child.out.read_text().rstrip().endswith("}"))
        yield json.loads(child.out.read_text())["url"]
    finally:
        child.signal(signal.SIGINT)
        child.wait(20)


def wait_until(condition: Callable[[], Any]) -> None:
    """Wait until something is so, half a minute at most."""
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.03)


def open_page(browser: Browser, url: str) -> Opened:
    """Open a tab of a review."""
    opened = Opened(browser.new_context(viewport={"width": 1440, "height": 900}).new_page(), served=url)
    opened.page.goto(url)
    opened.page.wait_for_selector("html[data-ready=yes]")
    return opened
