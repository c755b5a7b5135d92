"""What a submit is answered: `paid:WORD` charges first, `free:WORD` does not; `ok` is `paid:ok`.

WORD is a status code, or one of ANSWERS or IDS below; an argument follows after a further colon, with `_` for a space,
`;` for a colon, `+` for a comma, `%2B` for a plus: `free:429:Retry-After=0`, `paid:redirect:303@host`, `paid:fill:/path/of/a/file`.

`lag=S` waits before and after the charge; `gate=submit` waits before it until the test opens the gate of the job.
"""

from __future__ import annotations

import gzip
import html
import json
import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.support.vendor.wire import answer, drip, endless, hang, reset, whole

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from tests.support.vendor.book import Heard, Job
    from tests.support.vendor.server import Places

HTML = b"<!doctype html><html><body>Please sign in to the airport's network.</body></html>"
REPEATED = "tracks_the-same-for-all"
IDS: Mapping[str, Any] = {
    "none": ...,
    "null": None,
    "empty": "",
    "true": True,
    "list": ["a"],
    "object": {"id": "a"},
    "long": "x" * 10_000,
    "newline": "a\nb",
    "space": "a b",
    "dots": "..",
    "nul": "a\0b",
    "script": "<script>",
    "number": 4711,
    "path": "../../admin?x=",
}
"""What may stand where the id should. `none` leaves it out; the last three can be used when they are escaped."""
USABLE = ("script", "number", "path")
ECHOES: Mapping[str, Callable[[str], str]] = {
    "": lambda key: key,
    "json": lambda key: "".join(f"\\u{ord(char):04x}" for char in key),
    "slashes": lambda key: key.replace("/", "\\/"),
    "url": lambda key: quote(key, safe=""),
    "html": html.escape,
    "twice": lambda key: json.dumps(json.dumps(key)[1:-1].replace("/", "\\/"))[1:-1],
}
"""How a vendor may spell a key that it says back, inside a JSON string."""


def submitted_id(word: str, argument: str, made: str) -> str:
    """Return the id under which a job will be asked for."""
    if word == "repeated":
        return REPEATED
    return str(IDS[argument]) if word == "id" and argument in USABLE else made


def reply(sock: socket.socket, heard: Heard, job: Job, word: str, argument: str, places: Places) -> None:
    """Send the answer that `word` names."""
    if word == "ok" and heard.path.startswith("/v2/pixverse/"):
        answer(sock, 200, accepted(job.id, places))
    elif word in ANSWERS:
        ANSWERS[word](sock, accepted(job.id, places))
    elif word == "id":
        odd = accepted(job.id, places) | {"request_id": IDS[argument]}
        answer(sock, 202, {key: value for key, value in odd.items() if value is not ...})
    elif word == "redirect":
        status, _, where = argument.partition("@")
        answer(sock, int(status), {}, {"Location": places.url(where) + "/lyria-3-pro/v1/lyria-3-pro/generate"})
    elif word == "poll-elsewhere":
        away = places.url(argument) + f"/v2/requests/status/{job.id}"
        answer(sock, 202, accepted(job.id, places) | {"polling_url": away})
    elif word == "away":
        answer(sock, 302, {}, {"Location": plain(argument)})
    elif word == "echo":
        key = ECHOES[argument](heard.headers.get("ocp-apim-subscription-key", ""))
        sock.sendall(
            whole(401, f'{{"error": "Unauthorized", "message": "bad key {key}"}}'.encode(), headers={"X-Key": key})
        )
    elif word == "fill":
        fill(argument)
        answer(sock, 202, accepted(job.id, places))
    else:
        _plain(sock, int(word), argument)


def accepted(made: str, places: Places) -> dict[str, Any]:
    """Return the answer of a vendor in good health, for Pixazo and PixVerse alike."""
    return {
        "request_id": made,
        "audio_id": made,
        "status": "QUEUED",
        "audio_status_name": "QUEUED",
        "audio_status_final": False,
        "polling_url": f"{places.url('same')}/v2/requests/status/{quote(made, safe='')}",
    }


def fill(path: str) -> None:
    """Use up all space of the file system that holds `path`."""
    with open(path, "wb", buffering=0) as file:  # noqa: PTH123 - an unbuffered file that may be cut short
        for size in (1 << 16, 4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
        os.fsync(file.fileno())


def plain(argument: str) -> str:
    """Return an argument as it is meant."""
    return argument.replace(";", ":").replace("_", " ").replace("+", ",").replace("%2B", "+")


def _plain(sock: socket.socket, status: int, argument: str) -> None:
    headers = dict(pair.partition("=")[::2] for pair in plain(argument).split("&") if pair)
    kind = headers.pop("kind", "json")
    if kind == "html":
        sock.sendall(whole(status, HTML, "text/html", headers))
    elif kind == "nothing":
        sock.sendall(whole(status, b"", "application/json", headers))
    else:
        answer(sock, status, {"error": "told to", "message": "The vendor was told to say so"}, headers)


def _bytes(good: Mapping[str, Any]) -> bytes:
    return whole(202, json.dumps(good).encode())


def _late(sock: socket.socket, good: Mapping[str, Any]) -> None:
    time.sleep(0.6)
    sock.sendall(_bytes(good))


ANSWERS: Mapping[str, Callable[[socket.socket, Mapping[str, Any]], None]] = {
    "ok": lambda sock, good: sock.sendall(_bytes(good)),
    "late": _late,
    "repeated": lambda sock, good: sock.sendall(_bytes(good)),
    "rst": lambda sock, _: reset(sock),
    "fin": lambda _sock, _good: None,
    "hang": lambda sock, _: hang(sock),
    "half-header": lambda sock, good: sock.sendall(_bytes(good)[:40]),
    "half-body": lambda sock, good: sock.sendall(_bytes(good)[:-20]),
    "half-chunk": lambda sock, _: sock.sendall(
        whole(202, b'40\r\n{"request_id": "a', headers={"Content-Length": "", "Transfer-Encoding": "chunked"})
    ),
    "empty-list": lambda sock, _: answer(sock, 200, []),
    "word": lambda sock, _: answer(sock, 200, "ok"),
    "not-json": lambda sock, _: sock.sendall(whole(200, b'{"request_id": ')),
    "infinity": lambda sock, _: sock.sendall(whole(200, b'{"request_id": 1e400, "x": NaN}')),
    "twice": lambda sock, _: sock.sendall(whole(200, b'{"request_id": "a", "request_id": "b"}')),
    "deep": lambda sock, _: sock.sendall(whole(200, b"[" * 200_000)),
    "utf-16": lambda sock, good: sock.sendall(whole(200, json.dumps(good).encode("utf-16"))),
    "gzip": lambda sock, good: sock.sendall(
        whole(202, gzip.compress(json.dumps(good).encode()), headers={"Content-Encoding": "gzip"})
    ),
    "gzip-bomb": lambda sock, _: sock.sendall(
        whole(200, gzip.compress(bytes(32 << 20), 1), headers={"Content-Encoding": "gzip"})
    ),
    "endless": lambda sock, _: endless(sock, whole(200, b"", headers={"Content-Length": ""}), b" " * 65536),
    "drip-body": lambda sock, good: drip(sock, _bytes(good)),
    "long-header": lambda sock, good: sock.sendall(whole(202, json.dumps(good).encode(), headers={"X": "x" * 300_000})),
    "continues": lambda sock, good: sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000 + _bytes(good)),
    "nonsense": lambda sock, _: sock.sendall(b"ICY 200 OK\r\n\r\nhello"),
}
"""Every one of these is sent after the whole request was read."""
