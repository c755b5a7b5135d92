"""What every test stands on: the safety net, and an emulator for those that want one."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import is_hypothesis_test, settings

from tests.support.certificates import share_certificates
from tests.support.chromium import CHROMIUM
from tests.support.collecting import import_share
from tests.support.emulator import running_emulator
from tests.support.long import left_out, sampled
from tests.support.memory import folder_in_memory
from tests.support.net import spread

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.support.emulator import RunningEmulator


def pytest_configure() -> None:
    """Keep temporary files in memory, unless the caller has said where.

    Let the children of tests be interrupted, although a shell that starts the tests in the background ignores SIGINT.
    A property that does not say how often it is tried is tried 100 times in `make torture`, and here less often.
    """
    settings.register_profile("scorefile", max_examples=sampled(30, 100))
    settings.load_profile("scorefile")
    memory = folder_in_memory()
    if memory is not None and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = tempfile.tempdir = str(memory)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect without rounds of the garbage collector, and let later rounds pass over what was collected, which stays."""
    gc.disable()
    try:
        import_share(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a sample leaves out (see tests/support/long.py); a property is always a sample."""
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.function):
            item.add_marker("sampled")
    some = left_out(items)
    config.hook.pytest_deselected(items=some)
    without = {id(item) for item in some}
    items[:] = [item for item in items if id(item) not in without]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was left out for want of a browser."""
    if CHROMIUM is None:
        terminalreporter.write_line("no Chromium on this machine: tests/behaviour/page/test_browser.py was skipped")


@pytest.fixture(scope="session", autouse=True)
def safety_net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the whole session on loopback, without keys, settings or the user's home (see tests/support/net.py)."""
    share_certificates()
    with pytest.MonkeyPatch.context() as patch:
        spread(patch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run the embedded vendors in a process of their own, with a ledger that this module alone writes in."""
    with running_emulator() as running:
        yield running
