"""The vendor's doors: its own, one at another port, one on another host, one with TLS; all write in one book."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import trustme

from tests.support.vendor import media, polls, submits
from tests.support.vendor.book import Heard, Job, wait_at_gate
from tests.support.vendor.wire import answer, read_request

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.vendor.book import Book

AUTHORITY = "authority.pem"
LIST_PAGE = 2
OWN, ELSEWHERE = "127.0.0.1", "127.0.0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the doors are: `same` is the vendor, `port` the same host at another port, `host` another host.

    `tls` is the vendor over https; its authority's certificate stands in AUTHORITY in the vendor's folder.
    """

    same: str
    port: str
    host: str
    tls: str

    def url(self, where: str) -> str:
        """Return a door's URL."""
        return str(getattr(self, where))


class Vendor:
    """Serves until its process ends: a thread for each connection, which carries one request."""

    def __init__(self, book: Book, folder: Path) -> None:
        self._book, self._folder = book, folder
        self._doors = [socket.create_server((host, 0), backlog=256) for host in (OWN, OWN, ELSEWHERE, OWN)]
        same, port, host, tls = ("{}:{}".format(*door.getsockname()) for door in self._doors)
        self.places = Places(same=f"http://{same}", port=f"http://{port}", host=f"http://{host}", tls=f"https://{tls}")
        self._tls = _certified(folder)

    def serve(self) -> None:
        """Open all doors."""
        for door in self._doors:
            threading.Thread(target=self._welcome, args=(door,), daemon=True).start()

    def _welcome(self, door: socket.socket) -> None:
        while True:
            sock, _ = door.accept()
            with self._book.lock:
                self._book.busy += 1
            threading.Thread(target=self._serve_one, args=(sock, door is self._doors[-1]), daemon=True).start()

    def _serve_one(self, raw: socket.socket, secure: bool) -> None:
        where = "{}:{}".format(*raw.getsockname())
        with contextlib.suppress(OSError), raw:
            try:
                sock = self._tls.wrap_socket(raw, server_side=True) if secure else raw
                heard = read_request(sock, where)
                if heard is not None:
                    self._answer(sock, heard)
            finally:
                with self._book.lock:
                    self._book.busy -= 1
                    self._book.lock.notify_all()

    def _answer(self, sock: socket.socket, heard: Heard) -> None:
        if heard.path == "/_vendor/idle":
            self._idle(sock)
            return
        self._book.hear(heard)
        parts = unquote(heard.path).lstrip("/").split("/")
        if heard.method == "POST":
            self._submit(sock, heard)
        elif parts[0] == "media":
            job = self._book.jobs.get("/".join(parts[1:-1]))
            if job is None:
                answer(sock, 404, {"error": "no such file"})
                return
            job.downloads += 1
            step = _step(job.script, "media", "ok", job.downloads - 1)
            if step.startswith("silence-first:"):
                step = "silence" if self._earlier(job) < int(step.partition(":")[2]) else "ok"
            media.reply(sock, job, int(parts[-1].partition(".")[0]), step, self.places, self._folder)
        elif heard.path.partition("?")[0].rstrip("/") == "/v2/pixverse/music":
            self._list(sock, heard.path.partition("offset=")[2])
        else:
            self._poll(
                sock, unquote(heard.path).removeprefix("/v2/requests/status/").removeprefix("/v2/pixverse/music/")
            )

    def _list(self, sock: socket.socket, offset: str) -> None:
        """Answer one short page, the newest job first."""
        jobs = [job for job in reversed(self._book.jobs.values()) if "unlisted" not in job.script]
        start = int(offset or 0)
        end = start + LIST_PAGE
        page = [polls.done(job, self.places) for job in jobs[start:end]]
        answer(sock, 200, {"data": page, "has_more": end < len(jobs), "next_offset": end})

    def _idle(self, sock: socket.socket) -> None:
        """Answer when no other connection is being served: every charge that was coming has come."""
        with self._book.lock:
            idle = self._book.lock.wait_for(lambda: self._book.busy <= 1, timeout=30)
        answer(sock, 200, {"idle": idle})

    def _submit(self, sock: socket.socket, heard: Heard) -> None:
        prompt = _prompt(heard.body)
        script = read_script(prompt)
        name = script.get("name", ["?"])[0]
        step = _step(script, "submit", "ok", self._book.nth_submit(name))
        kind, _, rest = step.partition(":") if ":" in step else ("paid", "", step)
        word, _, argument = rest.partition(":")
        lag = float(script.get("lag", ["0"])[0])
        time.sleep(lag)
        if "gate" in script:
            wait_at_gate(self._folder, name)
        made = submits.submitted_id(word, argument, f"tracks_{secrets.token_hex(8)}")
        job = Job(id=made, name=name, script=script, prompt=prompt, at=time.time())
        if kind == "paid":
            self._book.charge(job, heard.body, heard.where)
        time.sleep(lag)
        submits.reply(sock, heard, job, word, argument, self.places)

    def _poll(self, sock: socket.socket, asked: str) -> None:
        job = self._book.jobs.get(asked)
        if job is None:
            answer(sock, 404, {"error": "no such job"})
            return
        job.polls += 1
        step = _step(job.script, "poll", "done", job.polls - 1)
        if step.startswith("held-after:"):
            step = "word:QUEUED" if self._earlier(job) < int(step.partition(":")[2]) else "held"
        polls.reply(sock, job, step, self.places, self._folder)

    def _earlier(self, job: Job) -> int:
        """Count the earlier charges of the same name."""
        return sum(other.name == job.name and other.at < job.at for other in self._book.jobs.values())


def _certified(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a fresh certificate for OWN, and leave its authority in AUTHORITY."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / AUTHORITY))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(OWN).configure_cert(context)
    return context


def read_script(prompt: str) -> dict[str, list[str]]:
    """Return the KEY=STEP,STEP words of a prompt."""
    pairs = (word.partition("=")[::2] for word in prompt.split() if "=" in word)
    return {key: value.split(",") for key, value in pairs}


def _step(script: dict[str, list[str]], key: str, usual: str, nth: int) -> str:
    steps = script.get(key, [usual])
    return steps[min(nth, len(steps) - 1)]


def _prompt(body: bytes) -> str:
    try:
        data: Any = json.loads(body)
        return str(data["prompt"])
    except (ValueError, KeyError, TypeError):
        return ""
