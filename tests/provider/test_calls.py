"""What goes into a call: no key, exact bytes, no host and no path but those of the provider file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runner.errors import StateError
from runner.provider.protocol import cancel_call, list_call, poll_call, submit_call
from runner.records.exchange import Call
from runner.records.pipeline import Webhook
from tests.catalog.shelf import CATALOG

if TYPE_CHECKING:
    from runner.records.provider import Provider

PIXAZO, PIXVERSE, VERBATIK = (CATALOG.providers[name] for name in ("pixazo", "pixverse", "verbatik"))
TRACKS = CATALOG.models["pixazo/tracks"]
AUDIO_ID = "user:1234-pixverse:me@example.com-music:99"


def test_no_call_holds_a_key() -> None:
    call = submit_call(PIXAZO, TRACKS, {"prompt": "x"}, job="t", webhook=None)
    assert {name.lower() for name, _ in call.headers} == {"content-type", "cache-control"}


def test_text_is_sent_as_utf_8_and_not_escaped() -> None:
    call = submit_call(PIXAZO, TRACKS, {"prompt": "Träume 夢"}, job="t", webhook=None)
    assert call.body == '{"prompt":"Träume 夢"}'.encode()


def test_nan_is_never_sent() -> None:
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        submit_call(PIXAZO, TRACKS, {"bpm": float("nan")}, job="t", webhook=None)


def test_a_fixed_field_beats_a_parameter_of_the_same_name() -> None:
    model = CATALOG.models["pixverse/music-2.6"]
    call = submit_call(PIXVERSE, model, {"model": "other"}, job="t", webhook=None)
    assert call.body == b'{"model":"music-2.6"}'


@pytest.mark.parametrize("base", ["http://127.0.0.1:8123", "http://127.0.0.1:8123/"])
def test_a_base_url_can_be_replaced(base: str) -> None:
    call = submit_call(replace(PIXAZO, base_url=base), TRACKS, {}, job="t", webhook=None)
    assert call.url == "http://127.0.0.1:8123/tracks/v1/generate"


def test_a_path_cannot_change_the_host() -> None:
    provider = replace(PIXAZO, base_url="https://a.b")
    call = submit_call(provider, replace(TRACKS, path="@evil.example/x"), {}, job="t", webhook=None)
    assert call.url == "https://a.b/@evil.example/x"


def test_a_webhook_template_is_filled_once() -> None:
    model = CATALOG.models["pixverse/music-2.6"]
    webhook = Webhook(url="https://x.example/{job}")
    call = submit_call(PIXVERSE, model, {}, job="{url}", webhook=webhook)
    assert json.loads(call.body or b"") == {
        "model": "music-2.6",
        "replyUrl": "https://x.example/{job}",
        "replyRef": "{url}",
    }


def test_a_poll_goes_to_the_path_of_the_provider_file() -> None:
    call = poll_call(PIXAZO, id="tracks_1")
    assert (call.method, call.url) == ("GET", "https://gateway.pixazo.ai/v2/requests/status/tracks_1")


def test_an_id_is_percent_encoded_whole() -> None:
    encoded = "user%3A1234-pixverse%3Ame%40example.com-music%3A99"
    base = PIXVERSE.base_url
    assert poll_call(PIXVERSE, id=AUDIO_ID).url == f"{base}/v2/pixverse/music/{encoded}"
    cancel = cancel_call(PIXVERSE, id=AUDIO_ID)
    assert (cancel.method, cancel.url) == ("DELETE", f"{base}/v2/pixverse/scheduler/{encoded}")


@pytest.mark.parametrize("bad", ["", "a b", "a\nb", "..", "a\u202eb", "a" * 513, "\ud800"])
def test_an_id_that_cannot_stand_in_a_url_is_refused(bad: str) -> None:
    with pytest.raises(StateError, match="cannot be used in a URL"):
        poll_call(PIXAZO, id=bad)


@pytest.mark.parametrize("odd", ["a/../../b", "a?x=1", "a#b", "a%2fb", "ä"])
def test_an_odd_id_cannot_leave_its_place_in_the_path(odd: str) -> None:
    url = poll_call(PIXAZO, id=odd).url
    tail = url.removeprefix("https://gateway.pixazo.ai/v2/requests/status/")
    assert not set("/?#") & set(tail)
    assert tail.isascii()


def test_a_call_that_a_provider_does_not_have_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="pixazo cannot cancel a job"):
        cancel_call(PIXAZO, id="a")
    with pytest.raises(ValueError, match="pixazo has no list of jobs"):
        list_call(PIXAZO)


def test_a_list_is_read_from_its_first_page() -> None:
    listing = list_call(PIXVERSE)
    assert (listing.method, listing.url) == ("GET", "https://api.useapi.net/v2/pixverse/music/")


def test_a_synchronous_vendor_cannot_be_polled() -> None:
    with pytest.raises(ValueError, match="verbatik answers at once and is not polled"):
        poll_call(VERBATIK, id="a")


def test_a_local_provider_takes_no_submits() -> None:
    model = CATALOG.models["local/sketch"]
    with pytest.raises(ValueError, match="local accepts no submissions"):
        submit_call(CATALOG.providers["local"], model, {}, job="t", webhook=None)


def with_headers(provider: Provider, kind: str) -> Provider:
    """Return a provider whose call of this kind has a header of its own."""
    return replace(provider, **{kind: replace(getattr(provider, kind), headers={"Accept": "application/json"})})


def test_the_headers_of_a_call_are_those_of_its_file_wherever_it_goes() -> None:
    accept = (("Accept", "application/json"),)
    polled = with_headers(PIXAZO, "poll")
    url = "https://gateway.pixazo.ai/v2/requests/status/tracks_1"
    assert poll_call(polled, id="tracks_1") == Call(method="GET", url=url, headers=accept)
    assert PIXVERSE.listing is not None
    listing = replace(PIXVERSE.listing, endpoint=replace(PIXVERSE.listing.endpoint, headers=dict(accept)))
    assert list_call(replace(PIXVERSE, listing=listing)).headers == accept


def test_a_further_page_of_a_list_is_asked_for_by_the_word_of_the_page_before() -> None:
    url = "https://api.useapi.net/v2/pixverse/music/"
    assert list_call(PIXVERSE, page="2&x=1").url == f"{url}?offset=2%26x%3D1"
    assert PIXVERSE.listing is not None
    without = replace(PIXVERSE, listing=replace(PIXVERSE.listing, page_param=None))
    assert list_call(without, page="2").url == url
