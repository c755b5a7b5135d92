"""One browser for all that look at a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.browser import running_browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    yield from running_browser()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The browser, whose tabs are closed after the test: an open one goes on asking and drawing."""
    yield chromium
    for context in chromium.contexts:
        context.close()
