"""What an answer says beside its words: that it is the audio, and how long to wait."""

from __future__ import annotations

import jmespath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from runner.provider.protocol import read_submit
from runner.provider.responses import (
    MAX_JSON,
    BadJsonError,
    clean,
    find,
    positive,
    read_json,
    reason,
    retry_after,
    valid_id,
)
from runner.records.exchange import Media, Reply, Verdict
from runner.records.provider import Mode
from tests.catalog.shelf import CATALOG

VERBATIK = CATALOG.providers["verbatik"]
TRACKS = CATALOG.models["pixazo/tracks"]
BYTES = replace(VERBATIK, mode=Mode.SYNC_BYTES, result=None, title="Bytes")


@pytest.mark.parametrize("kind", ["audio/mpeg", "Audio/MPEG; x=1", "application/octet-stream"])
def test_an_answer_may_be_the_audio(kind: str) -> None:
    found = read_submit(BYTES, TRACKS, Reply(status=200, headers={"content-type": kind}, body=b"ID3"))
    assert found.media == (Media(data=b"ID3", media_type=kind.partition(";")[0].lower()),)
    assert found.verdict is Verdict.DONE


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("application/json", b"{}", "Bytes answered 200: the answer is application/json, not audio"),
        ("text/html", b"<html>", "Bytes answered 200: the answer is text/html, not audio"),
        ("audio/mpeg", b"", "Bytes answered 200: the answer is empty"),
    ],
)
def test_an_answer_that_is_not_the_audio_is_unknown(kind: str, body: bytes, message: str) -> None:
    found = read_submit(BYTES, TRACKS, Reply(status=200, headers={"content-type": kind}, body=body))
    assert (found.verdict, found.message) == (Verdict.UNKNOWN, message)


NOW = {"date": "Sat, 21 Nov 2026 10:00:00 GMT"}
STRANGE_DATES = [
    "Mon, 01 Jan 99999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2024 00:00:00 +999999999999999",
    "Mon, 01 Jan 9999 23:59:60 GMT",
    "Mon, 01 Jan 2027 99999999999999:00:00 GMT",
    "Mon,",
    "\u0661\u0661, 01 Jan 2027 00:00:00 GMT",
]


@pytest.mark.parametrize("text", STRANGE_DATES)
@pytest.mark.parametrize("name", ["retry-after", "date"])
def test_a_strange_date_tells_nothing(name: str, text: str) -> None:
    assert retry_after(NOW | {"retry-after": "Sat, 21 Nov 2026 10:00:42 GMT"} | {name: text}) is None


@given(later=st.text(), now=st.text())
@example(later="1" * 5000, now="")
def test_no_header_makes_the_reading_of_a_pause_stumble(later: str, now: str) -> None:
    found = retry_after({"retry-after": later, "date": now})
    assert found is None or 0 <= found <= 300


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the answer is empty"),
        (b" \n\t", "the answer is empty"),
        (b" <!doctype html>", "the answer is a web page, not JSON"),
        (b"\xff\xfe", "the answer is not UTF-8"),
        (b'{"a": 1, "a": 2}', "the answer contains a duplicate key"),
        (b'{"a": NaN}', "the answer contains NaN, which is not JSON"),
        (b"[Infinity]", "the answer contains Infinity, which is not JSON"),
        (b'{"a": ', "the answer is not JSON"),
        (b"[" * 200_000, "the answer is nested too deeply"),
    ],
)
def test_what_a_careful_client_would_not_act_upon_is_no_json(body: bytes, message: str) -> None:
    with pytest.raises(BadJsonError) as caught:
        read_json(body)
    assert str(caught.value) == message


def test_an_answer_is_read_up_to_its_limit_and_not_a_byte_further() -> None:
    assert read_json(b'"' + b"a" * (MAX_JSON - 2) + b'"') == "a" * (MAX_JSON - 2)
    with pytest.raises(BadJsonError, match=r"^the answer is longer than 1,024 KiB$"):
        read_json(b'"' + b"a" * (MAX_JSON - 1) + b'"')
    with pytest.raises(BadJsonError, match=r"^the answer is longer than 4 KiB$"):
        read_json(b" " * 4096 + b"1", limit=4096)
    assert read_json(b"[1]", limit=3) == [1]


@pytest.mark.parametrize(
    ("path", "document", "found"),
    [
        (None, {"a": 1}, None),
        ("a", {"a": 1}, 1),
        ("a.b", {"a": 1}, None),
        ("length(a)", {"a": 1}, None),
        ("a", None, None),
    ],
)
def test_a_path_finds_its_value_or_nothing(path: str | None, document: object, found: object) -> None:
    assert find(path, document) == found


NAMES = st.sampled_from(["a", "b", "_c", "true", "keys", "get"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(NAMES, min_size=1, max_size=4), DOCUMENTS)
def test_a_path_of_names_finds_what_jmespath_finds(names: list[str], document: object) -> None:
    path = ".".join(names)
    assert find(path, document) == jmespath.search(path, document)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("a" * 512, "a" * 512),
        ("a" * 513, None),
        (7, "7"),
        (0, "0"),
        ("", None),
        ("a b", None),
        ("a\n", None),
        ("..", None),
        (".a", ".a"),
        (True, None),
        (1.5, None),
        (None, None),
        (["a"], None),
    ],
)
def test_an_id_is_visible_text_or_an_integer(value: object, text: str | None) -> None:
    assert valid_id(value) == text


def test_the_first_reason_that_says_something_is_taken_and_cleaned() -> None:
    document = {"a": 7, "b": " \x1b ", "c": "no\x1b[31m\nway", "d": "other"}
    assert reason(("gone", "a", "b", "c", "d"), document) == "no [31m way"
    assert reason(("gone", "a", "b"), document) == ""


def test_foreign_text_is_one_line_of_at_most_three_hundred_characters() -> None:
    assert clean("a" * 300) == "a" * 300
    assert clean("a" * 301) == "a" * 299 + "…"
    assert clean(" " * 900 + "a" * 299 + "b") == "a" * 299 + "b"
    assert clean(" " * 1199 + "ab") == "a"


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        (0.5, 0.5),
        (0, None),
        (-1, None),
        (True, None),
        ("1", None),
        (None, None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_a_length_is_a_finite_number_above_zero(value: object, number: float | None) -> None:
    assert positive(value) == number


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 42 "}, 42.0),
        ({"retry-after": "300"}, 300.0),
        ({"retry-after": "301"}, 300.0),
        ({"retry-after": "1000000000000"}, 300.0),
        ({"retry-after": "000000001000"}, 1.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "\u0661"}, None),
        ({}, None),
        (NOW, None),
        (NOW | {"retry-after": "Sat, 21 Nov 2026 10:00:42 GMT"}, 42.0),
        (NOW | {"retry-after": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0.0),
        (NOW | {"retry-after": "Sat, 21 Nov 2026 09:59:59 GMT"}, None),
        (NOW | {"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 300.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:42 GMT"}, None),
    ],
)
def test_a_pause_is_what_the_header_says_between_nothing_and_five_minutes(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds
