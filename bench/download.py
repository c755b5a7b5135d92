"""One large download through `HttpFetcher.download`, hashed and written, against `curl --output`: the time of the transfer alone.

Memory is what the process grows by beyond a download of 1 MB that came before. Decoding, which follows in a run, is not in it.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import Row, Size, at_least, at_most, interleaved, ratio, run

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    with connection, open(sys.argv[1], "rb") as file:
        size = int(connection.recv(65536).split()[1][1:])
        connection.sendall(f"HTTP/1.1 200 OK\\r\\nContent-Length: {size}\\r\\nConnection: close\\r\\n\\r\\n".encode())
        connection.sendfile(file, 0, size)
"""
CHILD = """
import json, pathlib, resource, sys, threading, time
from runner.provider.downloads import DownloadRules, HttpFetcher
from runner.records.exchange import Media
from runner.state.blobs.incoming import Incoming

fetcher = HttpFetcher(Incoming(pathlib.Path("store")), threading.Event())
def get(size):
    rules = DownloadRules(provider="bench", provider_url=sys.argv[1], within_s=600)
    begun = time.perf_counter()
    fetcher.download(Media(url=f"{sys.argv[1]}/{size}"), rules).path.unlink()
    return time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
_, before = get(1000000)
seconds, after = get(int(sys.argv[2]))
print(json.dumps([seconds, after - before]))
"""


def rows(size: Size) -> Iterator[Row]:
    """Yield memory, then speed."""
    count, place, grown = size.of(500, 2) * 1_000_000, projects.folder(), []
    with (place / "audio").open("wb") as file:
        file.truncate(count)
    command = (sys.executable, "-c", SERVER, str(place / "audio"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"

        def ours() -> float:
            seconds, mib = json.loads(run((sys.executable, "-c", CHILD, url, str(count)), place).out)
            grown.append(mib)
            return float(seconds)

        def curl() -> float:
            words = (
                "curl",
                "-s",
                "-S",
                "--noproxy",
                "*",
                "--output",
                "it",
                "--write-out",
                "%{time_total}",
                f"{url}/{count}",
            )
            return float(run(words, place).out)

        has_curl = shutil.which("curl") is not None
        took = interleaved(size.of(5, 1), {"ours": ours, **({"curl": curl} if has_curl else {})})
        server.kill()
    what, mib = f"download of {count // 1_000_000} MB", statistics.median(grown)
    yield Row(what=f"{what}, memory", ours=f"{mib:.1f} MiB", **at_most(mib, 19, " MiB (20 MB)"))
    speed = f"{count / 1e6 / statistics.median(took['ours']):.0f} MB/s"
    if not has_curl:
        yield Row(what=what, ours=speed, peer="curl: not installed")
        return
    rate = ratio(took["curl"], took["ours"])
    peer = f"curl {count / 1e6 / statistics.median(took['curl']):.0f} MB/s"
    yield Row(what=what, ours=speed, peer=peer, ratio=rate, **at_least(rate, 0.7, " x"))
