"""The emulator in a process that the fork server, or a child of it, has made: everything is imported there already.

Threads make the audio, so no worker process has to start either, and it is a row of tones instead of a composition.
How the real process starts, makes audio and ends is proven in tests/emulator/test_process.py.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from runner.audio.encode import encode
from runner.emulator import __main__ as emulator_process
from runner.emulator import app as emulator_app
from runner.emulator import studio as emulator_studio
from runner.emulator.studio import WORKERS, Studio
from runner.emulator.synth import TAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from runner.audio.tasks import SketchOrder

STOP_S = 5.0
RATE_HZ = 16_000
TONE_S = 1 / 16
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def end_with_parent(number: signal.Signals) -> None:
    """Let this process get a signal when the one that forked it ends, however that ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)


def serve(arguments: list[str], *, plain: bool, work_s: float = 0.0) -> int:
    """Be `python -m runner.emulator`, and work for so long on each take.

    A `plain` one has no mark, so that a test takes it for the providers themselves.
    """
    ending = threading.Event()
    emulator_app.open_studio = partial(_threaded_studio, ending)  # type: ignore[attr-defined]
    emulator_studio.write = partial(  # type: ignore[attr-defined]
        _write, wait=partial(ending.wait, work_s)
    )
    if plain:
        emulator_app.marked = _unmarked
    sys.argv = ["emulator", *arguments]
    return emulator_process.main()


@contextmanager
def forked_rehearsal(folders: tuple[Path, ...]) -> Iterator[str]:
    """Do what `rehearsal_emulator` does, in a fork of this process, which may be killed and takes the fork with it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_the_emulator(folders, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as announced:
        url = f"http://127.0.0.1:{json.loads(announced.readline())['port']}"
    try:
        yield url
    finally:
        _stop(pid)


def _be_the_emulator(folders: tuple[Path, ...], writer: int) -> NoReturn:
    code = 99
    try:
        end_with_parent(signal.SIGTERM)
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(writer, 1)
        os.closerange(3, 256)
        sys.stdout = os.fdopen(1, "w")
        code = serve(["--schemas", *map(str, folders)], plain=False)
    finally:
        os._exit(code)


def _stop(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + STOP_S
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def _write(order: SketchOrder, path: Path, *, wait: Callable[[], bool]) -> None:
    """Write tones of the length that was asked for: the same for the same brief, others for another prompt or seed."""
    wait()
    times = np.arange(round(TONE_S * RATE_HZ)) / RATE_HZ
    notes_hz = 200 + 4 * np.frombuffer(hashlib.sha256(repr(order.brief).encode()).digest(), np.uint8)[:, None]
    melody = (np.sin(2 * np.pi * notes_hz * times) * 9000).astype(np.int16)
    pcm = np.resize(melody, (round(order.brief.duration_s * RATE_HZ), 1))
    path.write_bytes(encode(pcm, RATE_HZ, order.media_type, bit_rate_kbps=order.bit_rate_kbps, tags=TAGS))


def _unmarked(app: ASGIApp) -> ASGIApp:
    return app


@contextmanager
def _threaded_studio(ending: threading.Event) -> Iterator[Studio]:
    with (
        tempfile.TemporaryDirectory(prefix="scorefile-emulator-", ignore_cleanup_errors=True) as folder,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        yield Studio(pool, Path(folder))
        ending.set()
        pool.shutdown(wait=True, cancel_futures=True)
