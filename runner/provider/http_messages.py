"""HTTP/1.1 without a network: the bytes of a request, and an answer as its bytes come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.exchange import Call

MAX_DRY = 100 << 10
"""So long may a head be, or what is between and after the chunks of a body."""
_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"(?:[^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?", re.ASCII)
_FRAMING = frozenset({"content-length", "transfer-encoding"})
"""The headers that say how a body ends."""
_OURS = _FRAMING | {"host", "connection"}
"""The headers that say where a request goes and how it ends."""


class MessageError(Exception):
    """A request that cannot be formed, or an answer that cannot be read."""


def request_bytes(call: Call, *, host: str, path: bytes, headers: Iterable[tuple[str, str]], is_last: bool) -> bytes:
    """Return a request with more headers; `is_last`: on its connection. Raises MessageError when it cannot be formed."""
    body, given = call.body or b"", [*call.headers, *headers]
    names = {name.lower() for name, _ in given}
    lines = [("Host", host), ("Connection", "close" if is_last else "keep-alive"), *given]
    if "accept" not in names:
        lines.append(("Accept", "*/*"))
    if body or call.method in {"POST", "PUT", "PATCH"}:
        lines.append(("Content-Length", str(len(body))))
    if names & _OURS or not all(_TOKEN.fullmatch(name) and _VALUE.fullmatch(value) for name, value in lines):
        raise MessageError("a header of the request is not allowed")
    if not _TOKEN.fullmatch(call.method) or not path.isascii() or re.search(rb"[\x00-\x20\x7f]", path):
        raise MessageError("the method or the address of the request is not allowed")
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    try:
        return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (call.method.encode(), path, head.encode("ascii"), body)
    except UnicodeEncodeError as error:
        raise MessageError("a header of the request is not ASCII") from error


class AnswerParser:
    """One answer. Hints that come before it (1xx) are passed over. Its methods `on_…` are for the parser."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # Servers that say twice how a body ends, or leave out a carriage return, are common enough, and the audio is paid for.
        self._parser.set_dangerous_leniencies(lenient_chunked_length=True, lenient_optional_cr_before_lf=True)
        self.status_code = 0
        self.headers: dict[str, str] = {}
        """By their names in lower case; one that comes several times has all its values."""
        self.has_head = self.is_complete = False
        self._body: list[bytes] = []
        self._has_more = self._keeps_alive = False
        self._dry = 0

    @property
    def length(self) -> int | None:
        """How long the body is; None where the answer does not say it before."""
        return int(self.headers["content-length"]) if self.headers.keys() & _FRAMING == {"content-length"} else None

    @property
    def may_be_kept(self) -> bool:
        """Whether the connection can be used again once the body has been read."""
        return self._keeps_alive and not self._has_more

    def feed(self, data: bytes) -> None:
        """Take what has come; no bytes are the end of the connection. Raises MessageError."""
        if not data:
            self._end()
            return
        self._dry += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.is_complete:
                raise MessageError(f"the answer is not HTTP/1.1: {error}") from error
            self._has_more = True
        if self._dry > MAX_DRY and not self.is_complete:
            raise MessageError("the head of the answer is too long")

    def taken(self) -> list[bytes]:
        """Return what has come of the body since the last call."""
        taken, self._body = self._body, []
        return taken

    def _end(self) -> None:
        if not self.has_head:
            raise MessageError("the connection was closed without an answer")
        if self.headers.keys() & _FRAMING:
            raise MessageError("the connection was closed in the middle of the body")
        self.is_complete = True

    def on_message_begin(self) -> None:
        self._has_more = self.is_complete

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:  # what follows a body is no header of it
            key, text = name.decode("latin-1").lower(), _text(value)
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self.has_head:
            return
        if status < 200:
            self.headers, self._dry = {}, 0
            return
        self.status_code, self.has_head = status, True
        self._keeps_alive = self._parser.should_keep_alive() and not self.headers.keys() >= _FRAMING

    def on_body(self, data: bytes) -> None:
        self._body.append(data)
        self._dry = 0

    def on_message_complete(self) -> None:
        self.is_complete = self.has_head


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
