"""Serve the emulator on loopback: in this process, or in a process of its own for a rehearsal."""

from __future__ import annotations

import ipaddress
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from runner.errors import EmulatorError, UsageError
from runner.state.files import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.catalog.models import Catalog
    from runner.emulator.faults import Fault

START_S = 20.0
STOP_S = 5.0
KEPT_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")


def serve(
    catalog: Catalog,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    ready: Callable[[str], None],
    faults: tuple[Fault, ...] = (),
) -> None:
    """Serve the providers of `catalog` until SIGINT or SIGTERM; call `ready` with the base URL once requests are answered.

    `port` 0 takes a free one. Prints nothing. Raises UsageError for a host that is not loopback or a port in use.
    """
    import uvicorn  # keeps the parent of a rehearsal light

    from runner.emulator.app import build_app  # the same

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready(base_url)

    with _listen(host, port) as listening:
        name, real_port = listening.getsockname()[:2]
        base_url = f"http://{f'[{name}]' if ':' in name else name}:{real_port}"
        config = uvicorn.Config(
            build_app(catalog, faults),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
        )
        Announced(config).run(sockets=[listening])


@contextmanager
def rehearsal_emulator(folders: tuple[Path, ...]) -> Iterator[str]:
    """Run the emulator over the schema `folders` in a process of its own and yield its base URL; stop it at the end.

    It gets no key from this process's environment and ends when this process does.
    Raises EmulatorError, with the child's stderr as help, when it does not start.
    """
    arguments = ["--schemas", *(str(folder) for folder in folders), "--with-parent"]
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
            [sys.executable, "-P", "-m", "runner.emulator", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
            **processes.own_group(),
        )
        with child:
            try:
                yield f"http://127.0.0.1:{_port(child, errors)}"
            finally:
                _stop(child)


def _listen(host: str, port: int) -> socket.socket:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise UsageError(f"the emulator serves on loopback only, not on {host!r}", help="use 127.0.0.1 or ::1")
    listening = socket.socket(family)
    processes.bind_alone(listening)
    try:
        listening.bind((address, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(f"cannot serve on {host}:{port}: {error}", help="choose another --port, or 0") from error
    return listening


def _environment() -> dict[str, str]:
    """Return the variables that the child needs to find this package, and none that could contain a key."""
    import runner  # the package itself, for its place

    home = str(Path(next(iter(runner.__path__))).parent)
    kept = {name: value for name, value in os.environ.items() if name in KEPT_ENVIRONMENT}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))}


def _port(child: subprocess.Popen[bytes], errors: IO[bytes]) -> int:
    """Return the port in the child's first line."""
    assert child.stdout is not None, "opened as a pipe"
    stream, lines = child.stdout, queue.SimpleQueue[bytes]()
    # In a thread: not every system can wait for a pipe with a time limit.
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    try:
        return int(json.loads(lines.get(timeout=START_S))["port"])
    except (queue.Empty, ValueError, KeyError, TypeError) as error:
        _stop(child)
        errors.seek(0)
        stderr = errors.read().decode(errors="replace").strip()
        raise EmulatorError("the rehearsal emulator did not start", help=stderr or None) from error


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
