"""What a download brings. Steps: `ok`, a status code, `file:NAME` from the vendor's folder, or one of ANSWERS.

`expired:N` kills the links of the first N polls: only a later poll's link is alive.
`silence-first:N` is `silence` for the first N charges of a name.
`held` sends one half, waits until the test opens the gate of the job (see RunningVendor.open_gate), and sends the other.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from tests.support.vendor.audio import song
from tests.support.vendor.book import wait_at_gate
from tests.support.vendor.submits import HTML
from tests.support.vendor.wire import answer, drip, endless, reset, whole

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.vendor.book import Job
    from tests.support.vendor.server import Places

WAV = "audio/wav"


def reply(sock: socket.socket, job: Job, link: int, step: str, places: Places, folder: Path) -> None:
    """Send the payload that `step` names for the link of the `link`-th poll."""
    word, _, argument = step.partition(":")
    good = song(job.id, seconds=float(job.script.get("seconds", ["0.5"])[0]))
    if word in ANSWERS:
        ANSWERS[word](sock, good)
    elif word == "held":
        answered = whole(200, good, WAV)
        sock.sendall(answered[: -len(good) // 2])
        wait_at_gate(folder, job.name)
        sock.sendall(answered[-len(good) // 2 :])
    elif word == "expired":
        alive = link > int(argument)
        sock.sendall(whole(200, good, WAV) if alive else whole(403, b"<Error>Request has expired</Error>", "text/xml"))
    elif word == "file":
        sock.sendall(whole(200, (folder / argument).read_bytes(), job.script.get("type", [WAV])[0]))
    elif word == "redirect":
        status, _, where = argument.partition("@")
        answer(sock, int(status), {}, {"Location": f"{places.url(where)}/media/{job.id}/{link}.wav"})
    elif word == "away":
        answer(sock, 302, {}, {"Location": argument.replace(";", ":")})
    else:
        answer(sock, int(word), {"error": "told to"})


def _cut(good: bytes, keep: float) -> bytes:
    return good[: int(len(good) * keep)]


ANSWERS: Mapping[str, Callable[[socket.socket, bytes], None]] = {
    "ok": lambda sock, good: sock.sendall(whole(200, good, WAV)),
    "silence": lambda sock, good: sock.sendall(whole(200, good[:44] + bytes(len(good) - 44), WAV)),
    "html": lambda sock, _: sock.sendall(whole(200, HTML, WAV)),
    "json": lambda sock, _: answer(sock, 200, {"error": "NoSuchKey"}),
    "zero": lambda sock, _: sock.sendall(whole(200, b"", WAV)),
    "one": lambda sock, _: sock.sendall(whole(200, b"R", WAV)),
    "header": lambda sock, good: sock.sendall(whole(200, good[:44], WAV)),
    "half": lambda sock, good: sock.sendall(whole(200, _cut(good, 0.5), WAV)),
    "half-closed": lambda sock, good: sock.sendall(whole(200, _cut(good, 0.5), WAV, {"Content-Length": ""})),
    "minus-one": lambda sock, good: sock.sendall(whole(200, good[:-1], WAV)),
    "tail": lambda sock, good: sock.sendall(whole(200, good + HTML, WAV)),
    "too-short": lambda sock, good: sock.sendall(whole(200, good[:-100], WAV, {"Content-Length": str(len(good))})),
    "too-long": lambda sock, good: sock.sendall(whole(200, good, WAV, {"Content-Length": str(len(good) - 100)})),
    "negative": lambda sock, good: sock.sendall(whole(200, good, WAV, {"Content-Length": "-1"})),
    "partial": lambda sock, good: sock.sendall(
        whole(206, _cut(good, 0.5), WAV, {"Content-Range": f"bytes 0-{len(good) // 2 - 1}/{len(good)}"})
    ),
    "203": lambda sock, good: sock.sendall(whole(203, good, WAV)),
    "gzip": lambda sock, good: sock.sendall(whole(200, gzip.compress(good), WAV, {"Content-Encoding": "gzip"})),
    "gzip-half": lambda sock, good: sock.sendall(
        whole(200, _cut(gzip.compress(good), 0.5), WAV, {"Content-Encoding": "gzip", "Content-Length": ""})
    ),
    "zip": lambda sock, good: sock.sendall(whole(200, b"PK\3\4" + good, WAV)),
    "elf": lambda sock, good: sock.sendall(whole(200, b"\x7fELF" + good, WAV)),
    "silent-close": lambda _sock, _good: None,
    "rst": lambda sock, _: reset(sock),
    "drip": lambda sock, good: drip(sock, whole(200, good, WAV)),
    "endless": lambda sock, good: endless(sock, whole(200, good[:44], WAV, {"Content-Length": ""}), bytes(65536)),
}
