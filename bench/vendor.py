"""A music API on loopback that speaks Pixazo's protocol and does nothing else: python -m bench.vendor [--latency S] …

It prints its address, and answers `GET /stats` with what it has counted. One process, one thread, no work for a request
but its answer, so that what is measured is the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import struct
import time
from dataclasses import dataclass, field
from itertools import count

RATE_HZ, CHANNELS = 48_000, 2


def wav(size: int) -> bytes:
    """Return `size` bytes of a WAV file: soft noise, 48 kHz, stereo, 16 bit."""
    noise = random.Random(1).randbytes(65536)
    quiet = bytes(byte if index % 2 == 0 else (byte % 16) for index, byte in enumerate(noise))
    data = (quiet * (size // len(quiet) + 1))[: size - 44]
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", size - 8, b"WAVE", b"fmt ", 16, 1, CHANNELS, RATE_HZ,
                       RATE_HZ * CHANNELS * 2, CHANNELS * 2, 16, b"data", size - 44)  # fmt: skip
    return head + data


@dataclass
class Vendor:
    """The jobs of the API. `allowed` jobs may be in progress, more are answered by 429."""

    latency_s: float
    allowed: int
    audio: bytes
    begun: dict[str, float] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    stats: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("submits", "refused", "polls", "files", "most"), 0)
    )

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def answer(self, method: str, path: str, host: str) -> tuple[int, str, bytes]:
        """Return status, content type and body."""
        if method == "POST":
            return self._submit()
        if path.startswith("/v2/requests/status/"):
            return self._status(path.rpartition("/")[2], host)
        if path.startswith("/audio/"):
            self.stats["files"] += 1
            number = path.rpartition("/")[2].encode()
            return 200, "audio/wav", self.audio[: -len(number)] + number
        return 200, "application/json", json.dumps(self.stats).encode()

    def _submit(self) -> tuple[int, str, bytes]:
        now = time.monotonic()
        self.stats["submits"] += 1
        self.waiting = (
            {job for job in self.waiting if now < self.begun[job] + self.latency_s} if self.allowed else set()
        )
        if self.allowed and len(self.waiting) >= self.allowed:
            self.stats["refused"] += 1
            return 429, "application/json", b'{"error": "Too Many Requests"}'
        job = f"tracks_{next(self._numbers):08}"
        self.begun[job] = now
        self.waiting.add(job)
        self.stats["most"] = max(self.stats["most"], len(self.begun) - self.stats["files"])
        return 202, "application/json", json.dumps({"request_id": job, "status": "QUEUED"}).encode()

    def _status(self, job: str, host: str) -> tuple[int, str, bytes]:
        self.stats["polls"] += 1
        done = time.monotonic() >= self.begun[job] + self.latency_s
        status = "COMPLETED" if done else "PROCESSING"
        output = {"media_url": [f"http://{host}/audio/{job}"], "media_type": "audio/wav"} if done else None
        return 200, "application/json", json.dumps({"request_id": job, "status": status, "output": output}).encode()


class Connection(asyncio.Protocol):
    """One connection: whole requests in, whole answers out."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor, self.buffer = vendor, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            method, path, _ = lines[0].split(" ")
            status, kind, body = self.vendor.answer(method, path, headers["host"])
            self.transport.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )


async def serve(vendor: Vendor) -> None:
    """Serve until the process ends; print the address first."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(vendor), "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="how long a job takes")
    parser.add_argument("--allowed", type=int, default=0, metavar="N", help="jobs in progress at once; 0: any number")
    parser.add_argument("--bytes", type=int, default=200_000, metavar="N", help="size of each file")
    given = parser.parse_args()
    asyncio.run(serve(Vendor(latency_s=given.latency, allowed=given.allowed, audio=wav(given.bytes))))


if __name__ == "__main__":
    main()
