"""A review that runs: its address, a page of it, and the wait until something is so."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.support.browser import Opened
from tests.support.command import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@contextmanager
def reviewing(folder: Path, *words: str) -> Iterator[str]:
    """Run a review and yield its address; it has to end at once when it is interrupted."""
    command = [*COMMAND, "review", "--format", "json", *words]
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            text = ""
            while not text.rstrip().endswith("}"):
                line = child.stdout.readline()
                assert line, "the review ended"
                text += line
            yield json.loads(text)["url"]
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(timeout=20)


def wait_until(condition: Callable[[], Any]) -> None:
    """Wait until something is so, half a minute at most."""
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def open_page(browser: Browser, url: str) -> Opened:
    """Open a tab of a review."""
    opened = Opened(browser.new_context(viewport={"width": 1440, "height": 900}).new_page(), served=url)
    opened.page.goto(url)
    opened.page.wait_for_selector("html[data-ready=yes]")
    return opened
