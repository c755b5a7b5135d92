"""Call → Reply: what left this machine, and who got the key. Matchers see the wire through `responses`."""

from __future__ import annotations

import contextlib
import html
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import requests
import responses
from msgspec.structs import replace
from responses import matchers

from runner.provider.access import ProviderAccess
from runner.provider.http_clients import HttpClients
from runner.provider.keys import Key
from runner.provider.responses import MAX_JSON
from runner.provider.transport import HttpTransport, NotSent, Unproven, same_host
from runner.records.address import is_loopback
from runner.records.exchange import Call
from runner.records.limits import Limits
from runner.records.provider import Auth
from tests.support.bridge import Bridge
from tests.support.catalog import shipped_catalog
from tests.support.long import sampled
from tests.support.recorder import STRANGE_URLS, Recorder, Says, recording

if TYPE_CHECKING:
    from collections.abc import Iterator

PIXAZO = shipped_catalog().providers["pixazo"]
SECRET = "sk-live-0123456789abcdef"
HOST = "https://gateway.example.com"
AUTH = Auth(header="X-Key", prefix="Bearer ", env="X_KEY")
CALL = Call(
    method="POST", url=f"{HOST}/v1/make", headers=(("Content-Type", "application/json"),), body=b'{"prompt":"rain"}'
)


def access(base_url: str = HOST, *, key: str = SECRET) -> ProviderAccess:
    return ProviderAccess(provider=replace(PIXAZO, base_url=base_url, auth=AUTH), key=Key(key))


def nothing() -> None:
    pass


# ---------------------------------------------------------------- over `responses`


@pytest.fixture
def bridged() -> Iterator[HttpTransport]:
    transport = HttpTransport(layer=Bridge())
    yield transport
    transport.close()


EXACT = [
    matchers.header_matcher(
        {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "scorefile",
            "X-Key": f"Bearer {SECRET}",
            "Accept": "*/*",
            "Connection": "close",
            "Content-Length": "17",
        },
        strict_match=True,
    ),
    matchers.json_params_matcher({"prompt": "rain"}, strict_match=True),
    matchers.query_param_matcher({}),
]


@responses.activate
def test_a_submit_is_exactly_its_call_and_the_key(bridged: HttpTransport) -> None:
    seen = responses.post(CALL.url, match=EXACT, json={"request_id": "r1"}, status=202, headers={"Retry-After": "3"})
    reply = bridged.submit(CALL, access(), before=nothing, timeout_s=5)
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (202, b'{"request_id": "r1"}', "3")
    assert seen.call_count == 1


@responses.activate
def test_the_intent_is_written_before_anything_leaves(bridged: HttpTransport) -> None:
    responses.post(CALL.url, json={})
    before: list[int] = []
    bridged.submit(CALL, access(), before=lambda: before.append(len(responses.calls)), timeout_s=5)
    assert before == [0]


@responses.activate
def test_nothing_leaves_when_the_intent_cannot_be_written(bridged: HttpTransport) -> None:
    responses.post(CALL.url, json={})

    def full() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        bridged.submit(CALL, access(), before=full, timeout_s=5)
    assert len(responses.calls) == 0


@responses.activate
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(bridged: HttpTransport, status: int) -> None:
    responses.post(CALL.url, status=status, headers={"Location": "https://elsewhere.example.com/"})
    assert bridged.submit(CALL, access(), before=nothing, timeout_s=5).status == status
    assert len(responses.calls) == 1


@responses.activate
def test_a_submit_without_an_answer_is_unproven_and_sent_once(bridged: HttpTransport) -> None:
    responses.post(CALL.url, body=requests.ReadTimeout(f"slow {SECRET}"))
    with pytest.raises(Unproven, match="no complete answer in time"):
        bridged.submit(CALL, access(), before=nothing, timeout_s=5)
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize("status", [400, 401, 402, 429, 500, 503, 596])
def test_every_status_is_an_answer(bridged: HttpTransport, status: int) -> None:
    responses.post(CALL.url, status=status, json={"error": "x"})
    assert bridged.submit(CALL, access(), before=nothing, timeout_s=5).status == status
    assert len(responses.calls) == 1


@responses.activate
def test_a_key_that_a_vendor_says_back_is_redacted(bridged: HttpTransport) -> None:
    responses.get(f"{HOST}/q", body=f"bad key {SECRET}".encode(), headers={"X-Echo": SECRET})
    reply = bridged.query(Call(method="GET", url=f"{HOST}/q"), access())
    assert reply.body == b"bad key ***"
    assert reply.headers["x-echo"] == "***"


@responses.activate
@pytest.mark.parametrize("url", ["https://elsewhere.example.com/v1", "http://gateway.example.com/v1/make"])
def test_a_call_to_another_host_never_leaves(bridged: HttpTransport, url: str) -> None:
    call = Call(method="GET", url=url)
    with pytest.raises(NotSent, match="does not go to the provider's own host"):
        bridged.query(call, access())
    with pytest.raises(NotSent, match="does not go to the provider's own host"):
        bridged.submit(call, access(), before=nothing, timeout_s=5)
    assert len(responses.calls) == 0


OTHER_HOSTS = [
    "https://cdn.example.com/x",
    "http://gateway.example.com/x",
    "https://gateway.example.com:8443/x",
    "https://gateway.example.com.example.org/x",
    "https://gateway.example.com@example.org/x",
    "//gateway.example.com/x",
]


@pytest.mark.parametrize("url", OTHER_HOSTS)
def test_another_host_gets_neither_the_key_nor_the_call(bridged: HttpTransport, url: str) -> None:
    with pytest.raises(NotSent, match="does not go to the provider's own host"):
        bridged.query(Call(method="GET", url=url), access())
    with pytest.raises(NotSent, match="does not go to the provider's own host"):
        bridged.submit(Call(method="POST", url=url), access(), before=nothing, timeout_s=5)


# ---------------------------------------------------------------- over real sockets


@pytest.fixture
def vendor() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    real = HttpTransport()
    yield real
    real.close()


def post(url: str) -> Call:
    return Call(method="POST", url=f"{url}/v1/make", headers=CALL.headers, body=CALL.body)


def test_the_intent_is_written_between_the_connection_and_the_first_byte(
    transport: HttpTransport, vendor: Recorder
) -> None:
    vendor.say("*", Says.of(202, {"id": 1}))
    order: list[int] = []
    reply = transport.submit(
        post(vendor.url), access(vendor.url), before=lambda: order.append(len(vendor.seen)), timeout_s=5
    )
    assert (reply.status, order, len(vendor.seen)) == (202, [0], 1)
    assert vendor.seen[0].header("X-Key") == f"Bearer {SECRET}"
    assert vendor.seen[0].body == CALL.body


def test_a_closed_port_is_proof_that_nothing_was_sent(transport: HttpTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    written: list[bool] = []
    with pytest.raises(NotSent, match="no connection"):
        transport.submit(post(url), access(url), before=lambda: written.append(True), timeout_s=5)
    assert written == []


def test_a_name_that_nobody_has_is_proof_that_nothing_was_sent(transport: HttpTransport) -> None:
    url = "https://vendor.invalid"
    with pytest.raises(NotSent, match="no connection"):
        transport.submit(post(url), access(url), before=nothing, timeout_s=5)


def test_a_vendor_that_hangs_up_leaves_the_outcome_unproven(transport: HttpTransport, vendor: Recorder) -> None:
    vendor.say("*", Says(hang_up=True))
    with pytest.raises(Unproven, match="closed the connection before its answer was complete"):
        transport.submit(post(vendor.url), access(vendor.url), before=nothing, timeout_s=5)
    assert len(vendor.seen) == 1


def test_an_answer_that_is_cut_off_leaves_the_outcome_unproven(transport: HttpTransport, vendor: Recorder) -> None:
    vendor.say("*", Says(status=202, body=b'{"request_id": "r1"}', cut=9))
    with pytest.raises(Unproven, match="closed the connection before its answer was complete"):
        transport.submit(post(vendor.url), access(vendor.url), before=nothing, timeout_s=5)
    assert len(vendor.seen) == 1


def test_a_submit_has_a_deadline(transport: HttpTransport, vendor: Recorder) -> None:
    vendor.say("*", Says(status=202, slow_s=60))
    begun = time.monotonic()
    with pytest.raises(Unproven, match="no complete answer in time"):
        transport.submit(post(vendor.url), access(vendor.url), before=nothing, timeout_s=0.3)
    assert time.monotonic() - begun < 30, "soon, and half a minute later on a machine that does something else"


def test_a_redirect_over_a_real_socket_takes_the_key_nowhere(transport: HttpTransport, vendor: Recorder) -> None:
    with recording() as elsewhere:
        vendor.say("*", Says.redirect(f"{elsewhere.url}/steal"))
        assert transport.submit(post(vendor.url), access(vendor.url), before=nothing, timeout_s=5).status == 302
        assert transport.query(Call(method="GET", url=f"{vendor.url}/q"), access(vendor.url)).status == 302
        assert elsewhere.seen == []


def test_a_poll_address_on_another_host_gets_neither_call_nor_key(transport: HttpTransport, vendor: Recorder) -> None:
    with recording() as elsewhere:
        with pytest.raises(NotSent, match="does not go to the provider's own host"):
            transport.query(Call(method="GET", url=f"{elsewhere.url}/status"), access(vendor.url))
        assert elsewhere.seen == []


def test_a_long_answer_is_cut(transport: HttpTransport, vendor: Recorder) -> None:
    vendor.say("*", Says(body=b"x" * (3 * MAX_JSON)))
    reply = transport.query(Call(method="GET", url=f"{vendor.url}/q"), access(vendor.url))
    assert MAX_JSON < len(reply.body) < 2 * MAX_JSON


def test_each_submit_has_a_connection_of_its_own(transport: HttpTransport, vendor: Recorder) -> None:
    vendor.say("*", Says.of(202, {}))
    for _ in range(3):
        transport.submit(post(vendor.url), access(vendor.url), before=nothing, timeout_s=5)
    assert len({seen.connection for seen in vendor.seen}) == 3
    assert {seen.header("connection") for seen in vendor.seen} == {"close"}


SUBMITS = sampled(150, 500)


@pytest.mark.sampled
def test_submits_of_many_threads_never_share_a_connection(transport: HttpTransport, vendor: Recorder) -> None:
    """A request on a connection that another thread closes would break after its first byte, and nobody would know whether it was charged."""
    vendor.say("*", Says.of(202, {}))

    def submit(_number: int) -> int:
        return transport.submit(post(vendor.url), access(vendor.url), before=nothing, timeout_s=30).status

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(submit, range(SUBMITS))) == {202}
    assert len({seen.connection for seen in vendor.seen}) == SUBMITS


def test_a_failed_ask_can_be_asked_again(transport: HttpTransport, vendor: Recorder) -> None:
    vendor.say("*", Says(hang_up=True))
    with pytest.raises(NotSent, match="closed the connection"):
        transport.query(Call(method="GET", url=f"{vendor.url}/q"), access(vendor.url))
    vendor.say("*", Says.of(200, {}))
    assert transport.query(Call(method="GET", url=f"{vendor.url}/q"), access(vendor.url)).status == 200


def test_a_header_that_cannot_be_sent_never_leaves(transport: HttpTransport, vendor: Recorder) -> None:
    call = Call(method="POST", url=f"{vendor.url}/v1", headers=(("X-A", "a\r\nX-B: b"),), body=b"")
    written: list[bool] = []
    with pytest.raises(NotSent, match="could not be formed"):
        transport.submit(call, access(vendor.url), before=lambda: written.append(True), timeout_s=5)
    assert (vendor.seen, written) == ([], [])


# ---------------------------------------------------------------- hosts


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://a.example", True),
        ("https://A.example/x", "https://a.example", True),
        ("https://a.example:443/x", "https://a.example", True),
        ("https://a.example:444/x", "https://a.example", False),
        ("http://a.example/x", "https://a.example", False),
        ("https://b.example/x", "https://a.example", False),
        ("https://a.example@b.example/x", "https://a.example", False),
    ],
)
def test_a_host_is_scheme_name_and_port(one: str, other: str, same: bool) -> None:
    assert same_host(one, other) is same


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("http://127.0.0.1.example.com/x", False),
        ("http://localhost.example.com/x", False),
        ("http://10.0.0.1/x", False),
    ],
)
def test_loopback_is_this_machine_alone(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


@pytest.mark.parametrize("url", ["https://[::ffff:127.0.0.1]/x", "https://127.9.9.9/x"])
def test_every_spelling_of_loopback_is_this_machine(url: str) -> None:
    assert is_loopback(url)


# ---------------------------------------------------------------- keys that are said back

SLASHED = 'sk/live"01\\23/ab&cdef'


def escaped(key: str) -> str:
    return "".join(f"\\u{ord(char):04X}" for char in key)


ECHOES = {
    "as it is": "{}",
    "as JSON": json.dumps(SLASHED)[1:-1],
    "as JSON with escaped slashes": json.dumps(SLASHED)[1:-1].replace("/", "\\/"),
    "as JSON with every character escaped": escaped(SLASHED),
    "as JSON in lower case": escaped(SLASHED).lower(),
    "as JSON with every other character escaped": "".join(
        escaped(char) if place % 2 else json.dumps(char)[1:-1] for place, char in enumerate(SLASHED)
    ),
    "as JSON inside JSON": json.dumps(json.dumps(SLASHED)[1:-1].replace("/", "\\/"))[1:-1],
    "as JSON with escaped backslashes": json.dumps(SLASHED)[1:-1].replace("/", "\\/").replace("\\", "\\u005c"),
    "for a URL": quote(SLASHED, safe=""),
    "for a URL in lower case": quote(SLASHED, safe="").lower(),
    "for HTML": html.escape(SLASHED),
    "for HTML in numbers": "".join(f"&#{ord(char)};" for char in SLASHED),
    "for HTML in hexadecimal": "".join(f"&#x{ord(char):X};" for char in SLASHED),
}


@responses.activate
@pytest.mark.parametrize("how", ECHOES)
def test_a_key_is_redacted_however_it_is_escaped(bridged: HttpTransport, how: str) -> None:
    said = ECHOES[how].replace("{}", SLASHED)
    responses.get(f"{HOST}/q", body=f'{{"error": "bad key {said}, sorry"}}'.encode(), headers={"X-Echo": said})
    reply = bridged.query(Call(method="GET", url=f"{HOST}/q"), access(key=SLASHED))
    assert reply.body == b'{"error": "bad key ***, sorry"}'
    assert reply.headers["x-echo"] == "***"


@responses.activate
@pytest.mark.parametrize("how", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_key_is_redacted_of_wide_characters(bridged: HttpTransport, how: str) -> None:
    responses.get(f"{HOST}/q", body=f"bad key {SECRET}".encode(how))
    reply = bridged.query(Call(method="GET", url=f"{HOST}/q"), access())
    assert SECRET.encode(how) not in reply.body
    assert b"***" in reply.body


SHORT = "t/st"


@responses.activate
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ('{"error": "bad key t/st"}', '{"error": "bad key ***"}'),
        ('{"error": "key t\\/st."}', '{"error": "key ***."}'),
        ('{"error": "key:\\nt/st"}', '{"error": "key:\\n***"}'),
        ('{"error": "\\u0074\\/st is no key"}', '{"error": "*** is no key"}'),
        ('{"id": "tracks_t/st01", "url": "https://a.b/t/st/x.wav"}', None),
        ('{"url": "https://a.b/at/st"}', None),
    ],
)
def test_a_short_key_is_redacted_where_it_is_a_word_of_its_own(
    bridged: HttpTransport, said: str, kept: str | None
) -> None:
    responses.get(f"{HOST}/q", body=said.encode())
    reply = bridged.query(Call(method="GET", url=f"{HOST}/q"), access(key=SHORT))
    assert reply.body.decode() == (kept or said)


@responses.activate
def test_a_short_key_is_not_looked_for_in_sound(bridged: HttpTransport) -> None:
    sound = b"\xff\xfb (x) \x80"
    responses.get(f"{HOST}/q", body=sound)
    assert bridged.query(Call(method="GET", url=f"{HOST}/q"), access(key="x")).body == sound


@pytest.mark.sampled(2)
@pytest.mark.parametrize("unit", [b"\\", b"\\u005c", b"s", b"\\u0073", b"%25", b"sk-live-0123456789abcde"])
def test_looking_for_a_key_takes_no_time_in_an_answer_made_for_it(unit: bytes) -> None:
    begun = time.thread_time()
    end = SECRET[-6:].encode()
    assert Key(SECRET).redact(end + unit * (MAX_JSON // len(unit))).startswith(end + unit)
    assert time.thread_time() - begun < 5


# ---------------------------------------------------------------- what a vendor may say in its headers


@pytest.mark.parametrize("target", STRANGE_URLS)
def test_a_strange_redirect_raises_nothing_of_its_own(transport: HttpTransport, vendor: Recorder, target: str) -> None:
    vendor.say("*", Says.redirect(target))
    with contextlib.suppress(NotSent):
        assert transport.query(Call(method="GET", url=f"{vendor.url}/q"), access(vendor.url)).status == 302
    with contextlib.suppress(Unproven):
        assert transport.submit(post(vendor.url), access(vendor.url), before=nothing, timeout_s=5).status == 302


@pytest.mark.parametrize("url", STRANGE_URLS)
def test_a_strange_address_is_no_place_to_send_to(transport: HttpTransport, url: str) -> None:
    with pytest.raises(NotSent):
        transport.query(Call(method="GET", url=url), access())
    with pytest.raises(NotSent):
        transport.submit(Call(method="POST", url=url), access(url), before=nothing, timeout_s=5)


def test_queries_share_a_connection_and_no_submit_uses_it(transport: HttpTransport, vendor: Recorder) -> None:
    vendor.say("*", Says.of(200, {}))
    for _ in range(3):
        transport.query(Call(method="GET", url=f"{vendor.url}/q"), access(vendor.url))
    transport.submit(post(vendor.url), access(vendor.url), before=nothing, timeout_s=5)
    transport.query(Call(method="GET", url=f"{vendor.url}/q"), access(vendor.url))
    first, *others = [seen.connection for seen in vendor.seen]
    assert [number == first for number in others] == [True, True, False, True]


def test_a_kept_connection_that_the_provider_closed_is_made_again(transport: HttpTransport, vendor: Recorder) -> None:
    vendor.say("*", Says(headers=(("Connection", "close"),)))
    for _ in range(3):
        assert transport.query(Call(method="GET", url=f"{vendor.url}/q"), access(vendor.url)).status == 200


def test_a_query_over_a_kept_connection_has_a_deadline(vendor: Recorder) -> None:
    transport = HttpTransport(limits=Limits(poll_timeout_s=0.3))
    vendor.say("*", Says(), Says(slow_s=60), Says())
    poll = Call(method="GET", url=f"{vendor.url}/q")
    assert transport.query(poll, access(vendor.url)).status == 200
    begun = time.monotonic()
    with pytest.raises(NotSent, match="no complete answer in time"):
        transport.query(poll, access(vendor.url))
    assert time.monotonic() - begun < 30, "soon, and half a minute later on a machine that does something else"
    assert transport.query(poll, access(vendor.url)).status == 200
    transport.close()


def test_with_a_proxy_in_the_environment_only_this_machine_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http", "https", "all"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert HttpClients().connections("https://gateway.example.com/q") is not None
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    clients = HttpClients()
    assert clients.connections("https://gateway.example.com/q") is None
    assert clients.connections("http://127.0.0.1:9/q") is not None
    clients.close()
