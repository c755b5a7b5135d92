from __future__ import annotations

import pytest

from runner.errors import ApiKeyError, UsageError
from runner.provider.access import base_url_of, open_door, poll_s_of
from runner.provider.transport import NotSent
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


@pytest.mark.parametrize("url", ["http://example.com", "http://10.0.0.1:80", "http://127.0.0.1.example.com"])
def test_plain_http_is_for_loopback_only(url: str) -> None:
    with pytest.raises(UsageError, match="is plain http"):
        base_url_of(PIXAZO, None, {"SCOREFILE_PIXAZO_BASE_URL": url})


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:1", "http://127.1.2.3:1"])
def test_loopback_may_be_plain(url: str) -> None:
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


def test_a_door_needs_its_key() -> None:
    with pytest.raises(ApiKeyError, match="PIXAZO_API_KEY is not set"):
        open_door(PIXAZO, None, {})


def test_the_key_is_for_the_providers_own_host_alone() -> None:
    door = open_door(PIXAZO, None, {"PIXAZO_API_KEY": SECRET})
    assert door.headers("https://gateway.pixazo.ai/tracks/v1/generate") == [("Ocp-Apim-Subscription-Key", SECRET)]
    assert SECRET not in repr(door)


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.pixazo.ai/x",
        "http://gateway.pixazo.ai/x",
        "https://gateway.pixazo.ai:8443/x",
        "https://gateway.pixazo.ai.example.com/x",
        "https://gateway.pixazo.ai@example.com/x",
        "//gateway.pixazo.ai/x",
    ],
)
def test_another_host_never_gets_it(url: str) -> None:
    door = open_door(PIXAZO, None, {"PIXAZO_API_KEY": SECRET})
    with pytest.raises(NotSent, match="would leave the provider's own host"):
        door.headers(url)
