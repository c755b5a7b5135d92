"""URL → complete file among the unfinished downloads, hashed while it streams.

Audio is on hosts that are not the provider's API, so no key is ever sent here. A download is free and is retried. No file
gets a place in the store here: the engine first has it decoded to its end.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import httpx
from msgspec import Struct

from runner.errors import ScorefileError
from runner.provider.addresses import BadAddress, check_media_url, is_near, joined, peer_check
from runner.provider.connections import Times
from runner.provider.http_clients import HTTP_ERRORS, OWN_CONNECTION, HttpClients, describe
from runner.provider.request_log import log_exchange
from runner.records.exchange import Call
from runner.records.limits import DEFAULT_LIMITS
from runner.state.files.folder import write_whole

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Container, Iterator, Mapping
    from pathlib import Path

    import tenacity

    from runner.provider.connections import Answer
    from runner.provider.deadline import Deadline
    from runner.records.exchange import Media
    from runner.records.limits import Limits
    from runner.state.blobs.incoming import Incoming

MAX_HOPS = 5
_HEADERS = (("Accept-Encoding", "identity"), ("User-Agent", "scorefile"))


class LinkDead(ScorefileError):
    """The link is gone (401, 403, 404, 410): the provider may have a new one."""


class BadContent(ScorefileError):
    """The file is no audio that can be played to its end; it is kept in quarantine."""


class DownloadFailed(ScorefileError):
    """The download did not succeed this time; the next run resumes it at no cost."""


class _Again(Exception):
    """A temporary error: another try may succeed."""


class DownloadRules(Struct, frozen=True, kw_only=True):
    """From where a take may be downloaded, and how long that may take.

    `provider_url` is the provider's base URL: media on this machine or a private network are taken only from a provider that is
    on loopback itself. `within_s` is how long all tries together may take.
    """

    provider: str
    provider_url: str
    within_s: float


class Download(Struct, frozen=True, kw_only=True):
    """A complete file among the unfinished downloads: whoever gets it saves it, quarantines it or removes it."""

    path: Path
    sha256: str
    bytes: int


class Fetcher(Protocol):
    """What the engine needs to get one take."""

    def download(self, media: Media, rules: DownloadRules) -> Download:
        """Return the file of one take."""
        ...

    def close(self) -> None:
        """Close idle connections."""
        ...


class HttpFetcher:
    """The Fetcher over real HTTP. Safe to use from several threads; setting `stop` ends its waits.

    `shown` are the providers whose paths may appear in a log.
    """

    def __init__(
        self,
        incoming: Incoming,
        stop: threading.Event,
        layer: httpx.BaseTransport | None = None,
        *,
        shown: Container[str] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._limits = limits
        self._shown = shown
        self._incoming = incoming
        self._stop = stop
        self._clients = HttpClients(layer)

    def download(self, media: Media, rules: DownloadRules) -> Download:
        """Download one take, or write the bytes that came with the answer. Raises LinkDead, BadContent or DownloadFailed."""
        if media.url is None:
            return _write(self._incoming.part(), media.data or b"")
        end = time.monotonic() + rules.within_s
        for attempt in self._retrying:
            with attempt:
                number, left_s = attempt.retry_state.attempt_number, max(1.0, end - time.monotonic())
                try:
                    return self._download(media.url, rules, attempt=number, within_s=left_s)
                except _Again as error:
                    if time.monotonic() >= end:
                        raise _failed(number, error) from error
                    raise
        raise DownloadFailed("the download was stopped")

    def close(self) -> None:
        """Close idle connections."""
        self._clients.close()

    @cached_property
    def _retrying(self) -> tenacity.Retrying:
        import tenacity  # not before the first take: the first submission waits for no import that it does not need

        def give_up(state: tenacity.RetryCallState) -> None:
            raise _failed(state.attempt_number, state.outcome.exception() if state.outcome else None)

        limits = self._limits
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            wait=tenacity.wait_random_exponential(multiplier=0.5 * limits.wait_scale, max=30 * limits.wait_scale),
            stop=tenacity.stop_after_attempt(limits.download_tries) | tenacity.stop_when_event_set(self._stop),
            sleep=tenacity.sleep_using_event(self._stop),
            retry_error_callback=give_up,
        )

    def _download(self, url: str, rules: DownloadRules, *, attempt: int, within_s: float) -> Download:
        provider_url, shown = rules.provider_url, None if rules.provider in self._shown else frozenset[str]()
        for _ in range(MAX_HOPS):
            try:
                check_media_url(url, provider_url)
                with (
                    log_exchange("GET", url, attempt=attempt, shown=shown) as notes,
                    self._answer(url, provider_url, within_s) as answer,
                ):
                    notes.status = answer.status_code
                    target = _redirect(answer)
                    if target is None:
                        got = self._stream(answer)
                        notes.bytes_in = got.bytes
                        return got
                url = joined(url, target)
            except BadAddress as error:
                raise BadContent(error.message) from error
            except httpx.InvalidURL as error:
                raise BadContent("the link to the audio cannot be read as an address") from error
            except HTTP_ERRORS as error:
                raise _Again(describe(error)) from error
        raise BadContent(f"the link redirects more than {MAX_HOPS} times")

    @contextmanager
    def _answer(self, url: str, provider_url: str, within_s: float) -> Iterator[Answer]:
        """Yield the answer of a checked URL: over a kept connection, or one of its own where a proxy may be on the way."""
        connect_s, read_s = self._limits.connect_timeout_s, self._limits.read_timeout_s
        connections = self._clients.connections(url, public=not is_near(url, provider_url))
        if connections is not None:
            times = Times(within_s=within_s, connect_s=connect_s, read_s=read_s)
            with connections.answer(Call(method="GET", url=url, headers=_HEADERS), times) as answer:
                yield answer
            return
        with (
            self._clients.deadlines.after(within_s) as deadline,
            self._clients.for_url(url).stream(
                "GET",
                url,
                headers=[*_HEADERS, OWN_CONNECTION],
                timeout=httpx.Timeout(read_s, connect=connect_s),
                extensions={"trace": _both(deadline, url, provider_url)},
            ) as response,
        ):
            yield response

    def _stream(self, answer: Answer) -> Download:
        _check_status(answer)
        promised = answer.headers.get("content-length")
        most = self._limits.max_media_bytes
        sha256, size, part = hashlib.sha256(), 0, self._incoming.part()
        try:
            with part.open("xb", buffering=0) as file:
                for chunk in answer.iter_raw():
                    size += len(chunk)
                    if size > most:
                        raise BadContent(f"the file is larger than {most >> 20} MiB")
                    if self._stop.is_set():
                        raise DownloadFailed("the download was stopped")
                    sha256.update(chunk)
                    write_whole(file, chunk)
            if promised is not None and promised.isdigit() and int(promised) != size:
                raise _Again(f"{size} of {promised} bytes were received")
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Download(path=part, sha256=sha256.hexdigest(), bytes=size)


def _both(deadline: Deadline, url: str, provider_url: str) -> Callable[[str, Mapping[str, Any]], None]:
    """Return one trace that checks the clock and the address."""
    peer = peer_check(url, provider_url, host=httpx.URL(url).raw_host.decode("ascii"))

    def trace(name: str, info: Mapping[str, Any]) -> None:
        deadline.trace(name, info)
        peer(name, info)

    return trace


def _failed(tries: int, why: BaseException | None) -> DownloadFailed:
    return DownloadFailed(f"the download failed {tries} times: {why}")


def _redirect(answer: Answer) -> str | None:
    if answer.status_code not in (301, 302, 303, 307, 308):
        return None
    target = answer.headers.get("location")
    if not target:
        raise BadContent(f"the link answers {answer.status_code} without a target")
    return str(target)


def _check_status(answer: Answer) -> None:
    status = answer.status_code
    if status in (401, 403, 404, 410):
        raise LinkDead(f"the link answers {status}")
    if status != 200:
        raise _Again(f"the link answers {status}")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise _Again("the file is compressed, which was not requested")


def _write(part: Path, data: bytes) -> Download:
    try:
        part.write_bytes(data)
    except BaseException:
        part.unlink(missing_ok=True)  # what a full disk left of it would keep the receipts of other jobs out
        raise
    return Download(path=part, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
