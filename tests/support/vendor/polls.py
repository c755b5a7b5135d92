"""What a poll is answered. Steps: `done`, `word:WORD`, a status code (`500`, `401`), `held`, or one of ANSWERS.

`held` answers nothing until the test opens the gate of the job, then `word:QUEUED` (see RunningVendor.open_gate).
`held-after:N` is `word:QUEUED` for the first N charges of a name, and `held` for the later ones.

`link=` says what a finished job links to: `ok`, `elsewhere` (the other host), or an address with `;` for `:`.
`takes=` says how many links it has, all to the same. `model=` says which model made it; without it the answer does not name one.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.support.vendor.book import wait_at_gate
from tests.support.vendor.submits import HTML, plain
from tests.support.vendor.wire import answer, drip, endless, hang, reset, whole

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.vendor.book import Job
    from tests.support.vendor.server import Places


def reply(sock: socket.socket, job: Job, step: str, places: Places, folder: Path) -> None:
    """Send the answer that `step` names."""
    word, _, argument = step.partition(":")
    if word == "held":
        wait_at_gate(folder, job.name)
        answer(sock, 200, _state(job, "QUEUED"))
    elif word in ANSWERS:
        ANSWERS[word](sock, done(job, places))
    elif word == "done":
        answer(sock, 200, done(job, places))
    elif word == "word":
        answer(sock, 200, _state(job, json.loads(argument) if argument[:1] in '{["0123456789ntf' else argument))
    elif word == "redirect":
        status, _, where = argument.partition("@")
        answer(sock, int(status), {}, {"Location": f"{places.url(where)}/v2/requests/status/{job.id}"})
    elif word == "away":
        answer(sock, 302, {}, {"Location": plain(argument)})
    else:
        answer(sock, int(word), {"error": "told to"}, {"Retry-After": plain(argument)} if argument else None)


def done(job: Job, places: Places) -> dict[str, Any]:
    """Return the answer for a finished job, with a link that is fresh each time."""
    job.links += 1
    link = job.script.get("link", ["ok"])[0]
    kind = job.script.get("type", ["audio/wav"])[0]
    where = "host" if link == "elsewhere" else "same"
    ok = f"{places.url(where)}/media/{quote(job.id, safe='')}/{job.links}.wav"
    url = ok if link in ("ok", "elsewhere") else link.replace(";", ":")
    return _state(job, "COMPLETED") | {
        "output": {"media_url": [url] * int(job.script.get("takes", ["1"])[0]), "media_type": kind},
        "url": url,
        "duration": 0.5,
        "audio_status_final": True,
    }


def _state(job: Job, word: Any) -> dict[str, Any]:
    return {
        "request_id": job.id,
        "audio_id": job.id,
        "create_mode": "music",
        "prompt": job.prompt,
        "created_at": job.at,
        "status": word,
        "audio_status_name": word,
        "audio_status_final": word in ("COMPLETED", "FAILED"),
        "error": "Told to fail" if word in ("FAILED", "ERROR") else None,
        "output": None,
        **({"model_id": job.script["model"][0]} if "model" in job.script else {}),
    }


def _without(good: Mapping[str, Any], **changed: Any) -> bytes:
    return whole(200, json.dumps(dict(good) | changed).encode())


ANSWERS: Mapping[str, Callable[[socket.socket, Mapping[str, Any]], None]] = {
    "html": lambda sock, _: sock.sendall(whole(200, HTML, "text/html")),
    "empty": lambda sock, _: sock.sendall(whole(200, b"")),
    "rst": lambda sock, _: reset(sock),
    "fin": lambda _sock, _good: None,
    "hang": lambda sock, _: hang(sock),
    "half": lambda sock, good: sock.sendall(_without(good)[:-10]),
    "other-id": lambda sock, good: sock.sendall(_without(good, request_id="tracks_another", audio_id="another")),
    "no-media": lambda sock, good: sock.sendall(_without(good, output={"media_url": []}, url=None)),
    "null-media": lambda sock, good: sock.sendall(_without(good, output=None, url=None)),
    "nan": lambda sock, _: sock.sendall(whole(200, b'{"status": NaN}')),
    "not-utf-8": lambda sock, _: sock.sendall(whole(200, b'{"status": "\xff\xfe"}')),
    "deep": lambda sock, _: sock.sendall(whole(200, b"[" * 200_000)),
    "gzip-bomb": lambda sock, _: sock.sendall(
        whole(200, gzip.compress(bytes(32 << 20), 1), headers={"Content-Encoding": "gzip"})
    ),
    "endless": lambda sock, _: endless(sock, whole(200, b"", headers={"Content-Length": ""}), b" " * 65536),
    "drip": lambda sock, good: drip(sock, _without(good)),
    "no-status": lambda sock, good: sock.sendall(_without(good, status=None, audio_status_name=None)),
}
