"""A scheduler or a worker of a real Dask cluster on loopback, as a process of its own: `part.py scheduler | worker ADDRESS`."""

from __future__ import annotations

import asyncio
import sys
import threading


async def scheduler() -> None:
    """Say the address, and work until killed."""
    from distributed import Scheduler

    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as running:
        print(running.address, flush=True)
        await running.finished()


async def worker(address: str) -> None:
    """Work until killed."""
    from distributed import Worker

    async with Worker(address, host="127.0.0.1", nthreads=1, dashboard=False) as running:
        print(running.address, flush=True)
        await running.finished()


if __name__ == "__main__":
    threading.Thread(target=lambda: (sys.stdin.read(), __import__("os")._exit(0)), daemon=True).start()
    asyncio.run(scheduler() if sys.argv[1] == "scheduler" else worker(sys.argv[2]))
