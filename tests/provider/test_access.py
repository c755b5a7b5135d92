from __future__ import annotations

import pytest
from msgspec.structs import replace

from runner.errors import ApiKeyError, UsageError
from runner.provider.access import (
    REHEARSAL_POLL_S,
    base_url_of,
    local_access,
    open_access,
    poll_s_of,
    rehearsal_access,
)
from runner.records.pipeline import ProviderSettings
from tests.support.catalog import shipped_catalog

PIXAZO = shipped_catalog().providers["pixazo"]
SECRET = "sk-live-0123456789abcdef"
SETTINGS = ProviderSettings(base_url="https://proxy.example.com", poll_s=2.0)


def test_the_environment_wins_over_the_project_and_the_project_over_the_provider() -> None:
    here = {"SCOREFILE_PIXAZO_BASE_URL": "http://127.0.0.1:8765/"}
    assert base_url_of(PIXAZO, None, {}) == "https://gateway.pixazo.ai"
    assert base_url_of(PIXAZO, SETTINGS, {}) == "https://proxy.example.com"
    assert base_url_of(PIXAZO, SETTINGS, here) == "http://127.0.0.1:8765"


@pytest.mark.parametrize(
    "url", ["gateway.example.com", "ftp://example.com", "https://", "https://example.com/v1", "https://example.com?x=1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="SCOREFILE_PIXAZO_BASE_URL is"):
        base_url_of(PIXAZO, None, {"SCOREFILE_PIXAZO_BASE_URL": url})


@pytest.mark.parametrize("url", ["https://[::1", "https://example.com:99999", "https://example.com:port"])
def test_an_address_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="SCOREFILE_PIXAZO_BASE_URL is"):
        base_url_of(PIXAZO, None, {"SCOREFILE_PIXAZO_BASE_URL": url})


@pytest.mark.parametrize(
    "url", ["http://example.com", "http://11.0.0.1:80", "http://127.0.0.1.example.com", "http://169.254.169.254"]
)
def test_plain_http_is_for_this_machine_and_private_networks_only(url: str) -> None:
    with pytest.raises(UsageError, match="is plain http"):
        base_url_of(PIXAZO, None, {"SCOREFILE_PIXAZO_BASE_URL": url})


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1", "http://[::1]:1", "http://127.1.2.3:1", "http://192.168.1.20:8001", "http://gpu.lan:1"],
)
def test_near_hosts_may_be_plain(url: str) -> None:
    assert base_url_of(PIXAZO, None, {"SCOREFILE_PIXAZO_BASE_URL": url}) == url


def test_the_project_is_named_when_its_address_is_wrong() -> None:
    with pytest.raises(UsageError, match=r"providers\.pixazo\.base_url is"):
        base_url_of(PIXAZO, ProviderSettings(base_url="https://x.example.com/api"), {})


@pytest.mark.parametrize(
    ("env", "expected"), [({}, 2.0), ({"SCOREFILE_PIXAZO_POLL_S": "0.5"}, 0.5), ({"SCOREFILE_PIXAZO_POLL_S": "60"}, 60)]
)
def test_the_poll_interval_comes_from_the_environment_or_the_project(env: dict[str, str], expected: float) -> None:
    assert poll_s_of(PIXAZO, SETTINGS, env) == expected


@pytest.mark.parametrize("said", ["", "0", "-1", "soon", "nan", "inf", "3601"])
def test_a_poll_interval_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match="SCOREFILE_PIXAZO_POLL_S is"):
        poll_s_of(PIXAZO, None, {"SCOREFILE_PIXAZO_POLL_S": said})


def test_access_needs_its_key() -> None:
    with pytest.raises(ApiKeyError, match="PIXAZO_API_KEY is not set"):
        open_access(PIXAZO, None, {})


def test_access_holds_what_this_run_uses() -> None:
    settings = ProviderSettings(base_url="https://proxy.example.com", poll_s=2.0, max_in_flight=3)
    access = open_access(PIXAZO, settings, {"PIXAZO_API_KEY": SECRET, "SCOREFILE_PIXAZO_POLL_S": "0.5"})
    used = access.provider
    assert (used.base_url, used.poll_s, used.max_in_flight) == ("https://proxy.example.com", 0.5, 3)
    assert used == replace(PIXAZO, base_url=used.base_url, poll_s=used.poll_s, max_in_flight=used.max_in_flight)
    assert SECRET not in repr(access)


def test_a_rehearsal_needs_no_key_and_polls_often() -> None:
    access = rehearsal_access(PIXAZO, ProviderSettings(poll_s=20.0, max_in_flight=3), "http://127.0.0.1:8123")
    used = access.provider
    assert (used.base_url, used.poll_s, used.max_in_flight) == ("http://127.0.0.1:8123", REHEARSAL_POLL_S, 3)
    assert access.key is not None


def test_a_local_provider_has_neither_address_nor_key() -> None:
    access = local_access(shipped_catalog().providers["local"], ProviderSettings(max_in_flight=3))
    assert (access.provider.base_url, access.provider.max_in_flight, access.key) == ("", 3, None)
