"""What every test stands on: the safety net, and an emulator for those that want one."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import CHROMIUM
from tests.support.emulator import running_emulator
from tests.support.net import spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.emulator import RunningEmulator


def pytest_configure() -> None:
    """Let the children of tests be interrupted, although a shell that starts the tests in the background ignores SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was left out for want of a browser."""
    if CHROMIUM is None:
        terminalreporter.write_line("no Chromium on this machine: tests/behaviour/page/test_browser.py was skipped")


@pytest.fixture(scope="session", autouse=True)
def safety_net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the whole session on loopback, without keys, settings or the user's home (see tests/support/net.py)."""
    with pytest.MonkeyPatch.context() as patch:
        spread(patch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run the embedded vendors in a process of their own, with a ledger that this module alone writes in."""
    with running_emulator() as running:
        yield running
