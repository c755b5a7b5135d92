"""The platform seam for processes: signals, groups, sockets and standard streams."""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import ProcessPoolExecutor
    from socket import socket


def stop_signals() -> tuple[signal.Signals, ...]:
    """Return the signals by which a person or a system asks this program to stop."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    return tuple(signals)


def stop_this_process() -> None:
    """Send this process the signal to stop, so that its handler runs."""
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGTERM)  # os.kill would end it at once, without its handler
    else:
        os.kill(os.getpid(), signal.SIGTERM)


def own_group() -> dict[str, Any]:
    """Return the arguments of Popen that keep a child from the Ctrl-C of this terminal: its parent stops it."""
    arguments: dict[str, Any] = {}
    if sys.platform == "win32":
        from subprocess import CREATE_NEW_PROCESS_GROUP

        arguments["creationflags"] = CREATE_NEW_PROCESS_GROUP
    else:
        arguments["start_new_session"] = True
    return arguments


_LINEAR_ALGEBRA = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
"""The variables that say how many threads numpy's linear algebra has; the first one counts most."""


def process_pool(count: int) -> ProcessPoolExecutor:
    """Return an executor of processes that leave Ctrl-C to this one, and end when it ends, even when it is killed.

    Each computes in one thread, unless the environment says otherwise.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_settle_in)


def _settle_in() -> None:
    # More threads of linear algebra would only wait, and keep a processor busy with it.
    if not any(name in os.environ for name in _LINEAR_ALGEBRA):
        os.environ[_LINEAR_ALGEBRA[0]] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit.register(os._exit, 0)  # a run waits for its processes: none of them puts away what it has loaded
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError once the block has used so many seconds of processor time, be it inside one regular expression.

    Only the main thread of a POSIX system can be interrupted; elsewhere there is no limit.
    """
    if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGVTALRM, _out_of_time)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
    else:
        yield


def _out_of_time(_number: int, _frame: object) -> None:
    raise TimeoutError("out of processor time")


def bind_alone(listening: socket) -> None:
    """Let a port be used again right after its last user ended, and never by two at once."""
    from socket import SO_REUSEADDR, SOL_SOCKET

    if sys.platform == "win32":
        from socket import SO_EXCLUSIVEADDRUSE

        listening.setsockopt(SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)


def open_streams() -> None:
    """Make the standard streams usable, whatever they are.

    A closed one leads nowhere: otherwise the next file that is opened would get its number, and messages would be written
    into it. Windows would use the code page of the machine, and an encoding that lacks a sign ends no command.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    sys.stdout = sys.stdout or _nowhere(1)
    sys.stderr = sys.stderr or _nowhere(2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if sys.platform == "win32" else None, errors="backslashreplace")


def _nowhere(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", closefd=False)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Pause the garbage collector: what a file is made into is kept, and looking through it again and again is a third of the time.

    What is there at the end is never looked through again: it lives as long as the command, and without circles it is
    freed as soon as nothing needs it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
