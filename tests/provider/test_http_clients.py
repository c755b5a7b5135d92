"""Which way a request goes: never through a proxy to this machine, never in clear text through one to a vendor."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runner.provider.access import ProviderAccess
from runner.provider.deadline import Deadlines
from runner.provider.downloads import DownloadFailed, DownloadRules, HttpFetcher
from runner.provider.keys import Key
from runner.provider.transport import HttpTransport, NotSent, Unproven
from runner.records.exchange import Call, Media
from runner.records.provider import Auth
from runner.state.blobs.incoming import Incoming
from tests.support.catalog import shipped_catalog
from tests.support.proxy import VENDOR, Proxy, running_proxy, tls_vendor
from tests.support.recorder import Recorder, Says, recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "sk-live-0123456789abcdef"
AUTH = Auth(header="X-Key", prefix="", env="X_KEY")
FAR = f"https://{VENDOR}"
ACCEPTED = json.dumps({"request_id": "r1"}).encode()
ANSWER = b"HTTP/1.1 202 X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(ACCEPTED), ACCEPTED)


def access(base_url: str) -> ProviderAccess:
    provider = replace(shipped_catalog().providers["pixazo"], base_url=base_url, auth=AUTH)
    return ProviderAccess(provider=provider, key=Key(SECRET))


def post(base_url: str) -> Call:
    return Call(method="POST", url=f"{base_url}/v1/make", body=b'{"prompt":"rain"}')


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with running_proxy() as running:
        for name, value in running.environ().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def vendor() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


def submit(base_url: str, *, timeout_s: float = 60.0) -> list[str]:
    """Submit once; return the answer's status, after `intent` where that was written."""
    transport, told = HttpTransport(), []
    try:
        reply = transport.submit(
            post(base_url), access(base_url), before=lambda: told.append("intent"), timeout_s=timeout_s
        )
        told.append(str(reply.status))
    except NotSent as error:
        told.append(f"not sent: {error.message}")
    except Unproven as error:
        told.append(f"unproven: {error.message}")
    finally:
        transport.close()
    return told


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_call_to_this_machine_goes_past_the_proxy(proxy: Proxy, vendor: Recorder, name: str) -> None:
    vendor.say("*", Says.of(202, {}))
    assert submit(vendor.url.replace("127.0.0.1", name)) == ["intent", "202"]
    assert proxy.heard == []


def test_tls_to_this_machine_goes_past_the_proxy(proxy: Proxy, vendor: Recorder) -> None:
    (told,) = submit(vendor.url.replace("http:", "https:"))
    assert told.startswith("not sent: no connection")
    assert proxy.heard == []


def test_a_download_from_this_machine_goes_past_the_proxy(proxy: Proxy, vendor: Recorder, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    fetcher = HttpFetcher(Incoming(tmp_path / "blobs"), stop)
    vendor.say("*", Says(status=503))
    model = shipped_catalog().models["pixazo/tracks"]
    with pytest.raises(DownloadFailed):
        fetcher.download(
            Media(url=f"{vendor.url}/a.wav"),
            DownloadRules(provider=model.provider, provider_url=vendor.url, within_s=900),
        )
    fetcher.close()
    assert (len(vendor.seen), proxy.heard) == (1, [])


def test_a_real_vendor_is_reached_through_a_tunnel_that_shows_no_key(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls_vendor(tmp_path, ANSWER) as (port, authority, heard):
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        proxy.manner, proxy.target = "tunnel", port
        assert submit(FAR) == ["intent", "202"]
    (connect,) = proxy.heard
    assert connect.startswith(f"CONNECT {VENDOR}:443 ".encode())
    assert SECRET.encode() not in connect
    assert SECRET.encode() in heard[0]


def test_a_proxy_that_is_not_to_be_used_for_a_host_is_not(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", VENDOR)
    monkeypatch.setenv("no_proxy", VENDOR)
    (told,) = submit(FAR)
    assert told.startswith("not sent: no connection")
    assert proxy.heard == []


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ("refuse", "not sent: the proxy failed: 503 Not Today"),
        ("hang up", "not sent: the server closed the connection before its answer was complete"),
        ("garble", "not sent: no connection: [SSL"),
    ],
)
def test_a_tunnel_that_was_not_dug_is_proof_that_nothing_was_sent(proxy: Proxy, manner: str, why: str) -> None:
    proxy.manner = manner  # type: ignore[assignment]
    (told,) = submit(FAR)
    assert told.startswith(why)
    assert len(proxy.heard) == 1


@pytest.mark.parametrize("url", ["gopher://127.0.0.1:1", "socks5://127.0.0.1:1", "http://[::1", "://"])
def test_a_proxy_that_cannot_be_used_is_said_when_it_is_needed(
    proxy: Proxy, vendor: Recorder, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    for name in proxy.environ():
        if not name.lower().startswith("no"):
            monkeypatch.setenv(name, url)
    vendor.say("*", Says.of(202, {}))
    assert submit(vendor.url) == ["intent", "202"]
    (told,) = submit(FAR)
    assert told == "not sent: the proxy failed: its address cannot be used"


def test_the_clock_stops_a_vendor_behind_a_tunnel_too(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls_vendor(tmp_path, None) as (port, authority, _heard):
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        proxy.manner, proxy.target = "tunnel", port
        begun = time.monotonic()
        assert submit(FAR, timeout_s=0.5) == ["intent", "unproven: no complete answer in time"]
    assert time.monotonic() - begun < 30


def test_the_clock_follows_the_connection_into_its_tunnel() -> None:
    deadline, streams = Deadlines().after(60), [object(), object()]
    deadline.trace("connection.connect_tcp.complete", {"return_value": streams[0]})
    deadline.trace("proxy.start_tls.complete", {"return_value": streams[1]})
    assert deadline._stream is streams[1]
