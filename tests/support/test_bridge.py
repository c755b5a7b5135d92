from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
import requests
import responses
from responses import matchers

from tests.support.bridge import Bridge

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "https://api.example.com/v1/make"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(transport=Bridge()) as client:
        yield client


@responses.activate
def test_responses_sees_method_headers_and_body(client: httpx.Client) -> None:
    seen = responses.post(
        URL,
        match=[
            matchers.header_matcher({"X-Key": "k"}),
            matchers.json_params_matcher({"prompt": "a"}, strict_match=True),
        ],
        json={"id": "1"},
        status=202,
        headers={"X-Left": "3"},
    )
    answer = client.post(URL, headers={"X-Key": "k"}, json={"prompt": "a"})
    assert (answer.status_code, answer.json(), answer.headers["x-left"]) == (202, {"id": "1"}, "3")
    assert seen.call_count == 1


@responses.activate
def test_a_redirect_comes_back_as_it_is(client: httpx.Client) -> None:
    responses.get(URL, status=302, headers={"Location": "https://elsewhere.example.com/"})
    assert client.get(URL).headers["location"] == "https://elsewhere.example.com/"


@responses.activate
def test_the_escapes_in_a_path_are_kept(client: httpx.Client) -> None:
    responses.get("https://api.example.com/music/user%3A1%40b", json={})
    assert client.get("https://api.example.com/music/user%3A1%40b").status_code == 200
    assert responses.calls[0].request.url == "https://api.example.com/music/user%3A1%40b"


@responses.activate
@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (requests.ConnectionError("no route"), httpx.ConnectError),
        (requests.ConnectTimeout("slow"), httpx.ConnectTimeout),
        (requests.ReadTimeout("slow"), httpx.ReadTimeout),
    ],
)
def test_failures_are_those_of_httpx(client: httpx.Client, raised: Exception, expected: type[Exception]) -> None:
    responses.get(URL, body=raised)
    with pytest.raises(expected, match=str(raised)):
        client.get(URL)
