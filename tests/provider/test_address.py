"""Where an address leads, read once for each server."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.records.address import _PLAIN, _origin, origin

PARTS = st.sampled_from(
    [
        "a.example.com",
        "127.0.0.1",
        "[::1]",
        "localhost",
        ":80",
        ":99999",
        ":",
        "/",
        "//",
        "x",
        "..",
        "%41",
        "?",
        "#",
        "@",
        "\\",
        " ",
        "\t",
        "é",
        ".",
    ]
)


@given(scheme=st.sampled_from(["http://", "https://", "ftp://", "HTTP://", ""]), parts=st.lists(PARTS, max_size=6))
def test_the_server_of_an_address_is_the_one_that_its_whole_text_names(scheme: str, parts: list[str]) -> None:
    url = scheme + "".join(parts)
    assert origin(url) == _origin.__wrapped__(url)


def test_addresses_of_calls_and_of_audio_are_read_once_for_their_server() -> None:
    _origin.cache_clear()
    for number in range(1000):
        assert origin(f"https://api.example.com/v2/requests/status/tracks_{number:08}") == (
            "https",
            "api.example.com",
            443,
        )
    assert _origin.cache_info().currsize == 1
    assert not _PLAIN.fullmatch("https://user@api.example.com/x")
