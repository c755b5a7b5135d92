"""URL → complete file: no key ever goes out here, and nothing of a download that fails stays."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.audio.encode import encode
from runner.provider.addresses import BadAddress, check_media_url, joined
from runner.provider.connections import Times
from runner.provider.downloads import BadContent, Download, DownloadFailed, DownloadRules, HttpFetcher, LinkDead
from runner.provider.http_clients import HttpClients
from runner.records.exchange import Call, Media
from runner.records.limits import Limits
from runner.state.blobs.incoming import Incoming
from tests.support.recorder import STRANGE_URLS, Recorder, Says, recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


FAR = "https://gateway.pixazo.ai"


def tone(seconds: float = 3.0) -> Any:
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(48_000 * seconds)) / 48_000)
    return (np.stack([wave, wave], axis=1) * 32767).astype(np.int16)


WAV = encode(tone(), 48_000, "audio/wav")
MP3 = encode(tone(), 48_000, "audio/mpeg")
PAGE = b"<!DOCTYPE html><title>Login</title>" + b" " * 5000


@pytest.fixture
def cdn() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "blobs")


@pytest.fixture
def fetcher(incoming: Incoming) -> Iterator[HttpFetcher]:
    made = HttpFetcher(incoming, threading.Event())
    yield made
    made.close()


def get(fetcher: HttpFetcher, cdn: Recorder) -> Download:
    media = Media(url=f"{cdn.url}/take.wav")
    return fetcher.download(media, rules(cdn.url))


def rules(near: str) -> DownloadRules:
    return DownloadRules(provider="pixazo", provider_url=near, within_s=900.0)


def unfinished(incoming: Incoming) -> list[Path]:
    return list(incoming.part().parent.iterdir())


# ---------------------------------------------------------------- what is right


def test_no_key_and_no_word_about_the_vendor_goes_to_the_cdn(fetcher: HttpFetcher, cdn: Recorder) -> None:
    cdn.say("*", Says.file(WAV, "audio/wav"))
    get(fetcher, cdn)
    sent = {name.lower() for name, _ in cdn.seen[0].headers}
    assert sent == {"host", "accept", "accept-encoding", "connection", "user-agent"}


def test_a_redirect_to_another_host_is_followed_without_a_key(fetcher: HttpFetcher, cdn: Recorder) -> None:
    with recording() as other:
        other.say("*", Says.file(WAV, "audio/wav"))
        cdn.say("*", Says.redirect(f"{other.url}/signed.wav?X-Signature=abc"))
        assert get(fetcher, cdn).bytes == len(WAV)
        assert [seen.path for seen in other.seen] == ["/signed.wav?X-Signature=abc"]
        assert not {"authorization", "ocp-apim-subscription-key", "cookie", "referer"} & {
            name.lower() for name, _ in other.seen[0].headers
        }


def test_a_passing_fault_is_tried_again(fetcher: HttpFetcher, cdn: Recorder, incoming: Incoming) -> None:
    cdn.say("*", Says(status=503), Says.file(WAV, "audio/wav"))
    assert get(fetcher, cdn).bytes == len(WAV)
    assert len(cdn.seen) == 2


def test_a_download_that_breaks_off_is_tried_again(fetcher: HttpFetcher, cdn: Recorder, incoming: Incoming) -> None:
    cut = Says(body=WAV, headers=(("Content-Type", "audio/wav"),), cut=len(WAV) // 2)
    cdn.say("*", cut, Says.file(WAV, "audio/wav"))
    got = get(fetcher, cdn)
    assert (got.bytes, got.sha256, got.path.read_bytes()) == (len(WAV), hashlib.sha256(WAV).hexdigest(), WAV)
    assert unfinished(incoming) == [got.path]


# ---------------------------------------------------------------- what is not


@contextlib.contextmanager
def fetching(incoming: Incoming, limits: Limits) -> Iterator[HttpFetcher]:
    made = HttpFetcher(incoming, threading.Event(), limits=limits)
    yield made
    made.close()


@pytest.fixture
def impatient(incoming: Incoming) -> Iterator[HttpFetcher]:
    with fetching(incoming, Limits(download_tries=2)) as made:
        yield made


@pytest.fixture
def once(incoming: Incoming) -> Iterator[HttpFetcher]:
    with fetching(incoming, Limits(download_tries=1)) as made:
        yield made


def test_a_download_that_always_breaks_off_leaves_nothing(
    cdn: Recorder, incoming: Incoming, impatient: HttpFetcher
) -> None:
    cdn.say("*", Says(body=WAV, cut=1000))
    with pytest.raises(DownloadFailed, match="the download failed 2 times"):
        get(impatient, cdn)
    assert unfinished(incoming) == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_dead_link_is_not_asked_twice(fetcher: HttpFetcher, cdn: Recorder, status: int) -> None:
    cdn.say("*", Says(status=status))
    with pytest.raises(LinkDead, match=f"the link answers {status}"):
        get(fetcher, cdn)
    assert len(cdn.seen) == 1


def test_a_file_larger_than_the_limit_is_refused(cdn: Recorder, incoming: Incoming) -> None:
    cdn.say("*", Says.file(WAV, "audio/wav"))
    with fetching(incoming, Limits(max_media_bytes=1 << 16)) as fetcher, pytest.raises(BadContent, match="larger than"):
        get(fetcher, cdn)
    assert unfinished(incoming) == []


def test_redirects_without_end_are_refused(fetcher: HttpFetcher, cdn: Recorder) -> None:
    cdn.say("*", Says.redirect("/again"))
    with pytest.raises(BadContent, match="redirects more than 5 times"):
        get(fetcher, cdn)


def test_a_redirect_to_nowhere_is_refused(fetcher: HttpFetcher, cdn: Recorder) -> None:
    cdn.say("*", Says(status=302, headers=()))
    with pytest.raises(BadContent, match="without a target"):
        get(fetcher, cdn)


@pytest.mark.parametrize("target", STRANGE_URLS)
def test_a_redirect_to_a_strange_address_is_refused(once: HttpFetcher, cdn: Recorder, target: str) -> None:
    cdn.say("*", Says.redirect(target))
    with pytest.raises((BadContent, DownloadFailed)):
        get(once, cdn)


@pytest.mark.parametrize(
    "url",
    [*STRANGE_URLS, "https://\x00/", "https://\ud800/", "https://\uff10\u2488.invalid/", "https://a\u2028b/"],
    ids=ascii,
)
def test_a_strange_link_is_refused(once: HttpFetcher, url: str) -> None:
    with pytest.raises((BadContent, DownloadFailed)):
        once.download(Media(url=url), rules(FAR))


@given(url=st.one_of(st.text(), st.builds("https://{}{}".format, st.text("[]:@%./x0\x00", max_size=8), st.text())))
def test_no_text_makes_the_check_of_an_address_stumble(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(BadAddress):
        resolving(patch, "93.184.215.14")
        check_media_url(url, FAR)
    with contextlib.suppress(BadAddress):
        joined("https://cdn.example.com/a", url)


@pytest.mark.parametrize("host", ["a" * 64, "a..b"])
def test_a_name_that_cannot_be_looked_up_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *_args, **_more: name.encode("idna"))
    with pytest.raises(BadAddress, match="not a usable address"):
        check_media_url(f"https://{host}/x.wav", FAR)


def test_a_stopped_run_does_not_wait(incoming: Incoming, cdn: Recorder) -> None:
    stop = threading.Event()
    stop.set()
    cdn.say("*", Says(status=503))
    fetcher = HttpFetcher(incoming, stop)
    with pytest.raises(DownloadFailed):
        get(fetcher, cdn)
    fetcher.close()
    assert len(cdn.seen) == 1


# ---------------------------------------------------------------- hosts


def resolving(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "fec0::1",
        "::127.0.0.1",
        "2002:a00:1::",
    ],
)
def test_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(BadAddress, match=r"leads into a private network \(cdn\.example\.com\)"):
        check_media_url("https://cdn.example.com/x.wav", FAR)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_taken(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, address)
    check_media_url("https://cdn.example.com/x.wav", FAR)


@pytest.mark.parametrize("url", ["http://cdn.example.com/x", "ftp://cdn.example.com/x", "file:///etc/passwd", "x.wav"])
def test_media_of_a_real_vendor_come_over_https_only(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    resolving(monkeypatch, "93.184.215.14")
    with pytest.raises(BadAddress, match="not https"):
        check_media_url(url, FAR)


def test_a_real_vendor_cannot_send_us_to_this_machine(fetcher: HttpFetcher, cdn: Recorder) -> None:
    cdn.say("*", Says.file(WAV, "audio/wav"))
    with pytest.raises(BadContent, match="http, not https"):
        fetcher.download(Media(url=f"{cdn.url}/x"), rules(FAR))
    assert cdn.seen == []


def test_a_redirect_is_checked_like_the_link(
    fetcher: HttpFetcher, cdn: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdn.say("*", Says.redirect("https://metadata.example.com/latest"))
    resolving_for_others(monkeypatch, "169.254.169.254")
    with pytest.raises(BadContent, match="private network"):
        get(fetcher, cdn)


def resolving_for_others(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    real = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **more: Any) -> Any:
        if host == "127.0.0.1":
            return real(host, *args, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_a_name_that_answers_differently_the_second_time_gains_nothing(
    fetcher: HttpFetcher, cdn: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["93.184.215.14"])
    port = int(cdn.url.rsplit(":", 1)[1])

    def look_up(*_args: Any, **_more: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers, "127.0.0.1"), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(BadContent, match="private network"):
        fetcher.download(Media(url=f"https://cdn.example.com:{port}/x.wav"), rules(FAR))
    assert cdn.seen == []


def test_downloads_share_a_connection(fetcher: HttpFetcher, cdn: Recorder) -> None:
    cdn.say("*", Says.file(WAV, "audio/wav"))
    for _ in range(3):
        get(fetcher, cdn)
    assert len({seen.connection for seen in cdn.seen}) == 1


def test_a_link_that_has_to_be_public_uses_no_connection_that_need_not_be(cdn: Recorder) -> None:
    clients = HttpClients()
    near, public = clients.connections(cdn.url), clients.connections(cdn.url, public=True)
    assert near is not None
    assert public is not None
    call, times = Call(method="GET", url=cdn.url), Times(within_s=5, connect_s=5, read_s=5)
    with near.answer(call, times) as answer:
        assert b"".join(answer.iter_raw())
    with (
        pytest.raises(BadAddress, match=r"leads into a private network \(127\.0\.0\.1\)"),
        public.answer(call, times),
    ):
        pass
    assert len(cdn.seen) == 1
    clients.close()


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("http://192.168.1.20:8001/a.wav", True),
        ("http://192.168.1.20:9000/a.wav", True),
        ("http://192.168.1.21:8001/a.wav", False),
        ("http://127.0.0.1:8001/a.wav", False),
    ],
)
def test_a_provider_in_a_private_network_serves_its_own_audio_and_leads_to_no_other_host(
    url: str, is_taken: bool
) -> None:
    near = "http://192.168.1.20:8001"
    if is_taken:
        check_media_url(url, near)
        return
    with pytest.raises(BadAddress, match=r"not https|leads into a private network"):
        check_media_url(url, near)
