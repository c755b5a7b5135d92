"""A Dask cluster as an executor. `distributed` is imported here alone, and only when a person names a scheduler."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runner.audio.tasks import versions
from runner.engine.computing import RepeatingExecutor
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor

CONNECT_S = 10.0
_TALKATIVE = ("distributed", "tornado", "asyncio")
_INSTALL = "install scorefile[dask], in the same versions, on this machine and on every worker"


@contextmanager
def open_dask(address: str, *, connect_s: float = CONNECT_S) -> Iterator[Executor]:
    """Yield the cluster behind a scheduler, such as `tcp://10.0.0.5:8786`.

    Raises UsageError when it does not answer, has no workers, or has one with other versions than this machine.
    """
    if not address.startswith(("tcp://", "tls://")):
        raise UsageError(f"{address!r} is not the address of a Dask scheduler", help="name it as tcp://HOST:PORT")
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError("--dask needs the package distributed", help=_INSTALL) from error
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what matters is in the errors of the jobs
    warnings.filterwarnings("ignore", module="distributed")
    try:
        client: Any = Client(address, timeout=connect_s, set_as_default=False)
    except Exception as error:
        raise UsageError(
            f"no Dask scheduler answers at {address}",
            help="start one (dask scheduler), or run without --dask",
        ) from error
    try:
        _check_workers(client, address)
        remedy = "run again: what was paid for is fetched free of charge; without --dask, this machine does the work"
        with RepeatingExecutor(lambda: _pool(client), where=f"--dask {address}", remedy=remedy) as tasks:
            yield tasks
    finally:
        client.close(timeout=connect_s)


def _pool(client: Any) -> Executor:
    """Return the cluster as it is now. Raises ConnectionError when its scheduler has gone away."""
    if client.status != "running":
        raise ConnectionError("its scheduler has gone away")
    pool: Executor = client.get_executor(pure=False)
    return pool


def _check_workers(client: Any, address: str) -> None:
    """Raise UsageError unless there are workers, and all have the versions of this machine."""
    found: Mapping[str, object] = client.run(versions, on_error="return")
    if not found:
        raise UsageError(f"the Dask scheduler at {address} has no workers", help=f"start some (dask worker {address})")
    for worker, there in sorted(found.items()):
        if not isinstance(there, dict):
            raise UsageError(f"the Dask worker at {worker} cannot run scorefile: {there}", help=_INSTALL)
        differing = [
            f"{name} {there.get(name)}, not {here}" for name, here in versions().items() if there.get(name) != here
        ]
        if differing:
            raise UsageError(f"the Dask worker at {worker} has {'; '.join(differing)}", help=_INSTALL)
