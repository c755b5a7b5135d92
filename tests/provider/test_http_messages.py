"""The bytes of requests, and answers that come in any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.provider.http_messages import MAX_DRY, AnswerParser, MessageError, request_bytes
from runner.records.exchange import Call

OK = b"HTTP/1.1 200 OK\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


def parsed(*pieces: bytes) -> AnswerParser:
    parser = AnswerParser()
    for piece in pieces:
        parser.feed(piece)
    return parser


def sent(call: Call, *headers: tuple[str, str], is_last: bool = False) -> bytes:
    return request_bytes(call, host="api.example.com", path=b"/v2/x?a=1", headers=headers, is_last=is_last)


def test_a_request_says_where_it_goes_and_how_it_ends() -> None:
    call = Call(method="POST", url="", headers=(("Content-Type", "application/json"),), body=b"{}")
    assert sent(call, ("X-Key", "a b"), is_last=True) == (
        b"POST /v2/x?a=1 HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nContent-Type: application/json\r\n"
        b"X-Key: a b\r\nAccept: */*\r\nContent-Length: 2\r\n\r\n{}"
    )
    assert sent(Call(method="GET", url=""), ("accept", "audio/*")) == (
        b"GET /v2/x?a=1 HTTP/1.1\r\nHost: api.example.com\r\nConnection: keep-alive\r\naccept: audio/*\r\n\r\n"
    )


@pytest.mark.parametrize(
    "header",
    [
        ("X", "a\r\nY: b"),
        ("X", "a\nb"),
        ("X", "a\x00b"),
        ("X", " a"),
        ("X", "a "),
        ("X", "é"),
        ("X Y", "a"),
        ("X:", "a"),
        ("", "a"),
        ("Host", "other.example.com"),
        ("content-length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
    ],
)
def test_a_header_that_would_change_the_request_is_refused(header: tuple[str, str]) -> None:
    with pytest.raises(MessageError, match="header of the request"):
        sent(Call(method="GET", url=""), header)


@pytest.mark.parametrize(
    ("method", "path"), [("GET X", b"/"), ("", b"/"), ("GET", b"/a b"), ("GET", b"/\r\nX: y"), ("GET", "/é".encode())]
)
def test_a_method_or_path_that_would_change_the_request_is_refused(method: str, path: bytes) -> None:
    with pytest.raises(MessageError, match="method or the address"):
        request_bytes(Call(method=method, url=""), host="x", path=path, headers=(), is_last=False)


ANSWERS = {
    "of a length": (OK + b"Content-Length: 5\r\nX: 1\r\nX: 2\r\n\r\nhello", b"hello", True),
    "in chunks": (
        OK + b"Transfer-Encoding: chunked\r\nX: 1\r\nX: 2\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: 3\r\n\r\n",
        b"hello",
        True,
    ),
    "with both": (
        OK + b"X: 1\r\nX: 2\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"hello",
        False,
    ),
    "after hints": (HINT + HINT + OK + b"X: 1\r\nX: 2\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "in lines without returns": (b"HTTP/1.1 200 OK\nX: 1\nX: 2\nContent-Length: 5\n\nhello", b"hello", True),
    "that closes": (OK + b"X: 1\r\nX: 2\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
    "with more": (OK + b"X: 1\r\nX: 2\r\nContent-Length: 5\r\n\r\nhello" + OK + b"\r\n", b"hello", False),
}


@pytest.mark.parametrize("how", ANSWERS)
@given(cuts=st.lists(st.integers(1, 150), max_size=6))
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(how: str, cuts: list[int]) -> None:
    data, body, is_kept = ANSWERS[how]
    places = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
    parser, found = AnswerParser(), b""
    for begin, end in pairwise(places):
        parser.feed(data[begin:end])
        found += b"".join(parser.taken())
    assert (parser.status_code, parser.headers["x"]) == (200, "1, 2")
    assert (found, parser.is_complete) == (body, True)
    assert parser.may_be_kept is is_kept


def test_the_length_of_a_body_is_known_only_where_it_is_said_alone() -> None:
    assert parsed(OK + b"Content-Length: 5\r\n\r\n").length == 5
    assert parsed(OK + b"\r\n").length is None
    assert parsed(ANSWERS["with both"][0]).length is None


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    parser = parsed(OK + b"\r\nhel", b"lo")
    assert not parser.is_complete
    parser.feed(b"")
    assert (b"".join(parser.taken()), parser.is_complete, parser.may_be_kept) == (b"hello", True, False)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "closed without an answer"),
        (HINT, "closed without an answer"),
        (OK + b"X: 1\r\n", "closed without an answer"),
        (OK + b"Content-Length: 5\r\n\r\nhell", "in the middle of the body"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "in the middle of the body"),
    ],
)
def test_a_connection_that_ends_too_early_is_an_error(data: bytes, why: str) -> None:
    parser = parsed(*filter(None, [data]))
    with pytest.raises(MessageError, match=why):
        parser.feed(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        OK + b"Content-Length: five\r\n\r\n",
        OK + b"Content-Length: 99999999999999999999999\r\n\r\n",
        OK + b"X\x00: 1\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_an_error(data: bytes) -> None:
    with pytest.raises(MessageError, match=r"not HTTP/1\.1"):
        parsed(data)


@pytest.mark.parametrize(
    "begins",
    [
        OK,
        OK + b"X: ",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ",
    ],
)
def test_a_server_that_never_comes_to_the_body_is_not_read_for_ever(begins: bytes) -> None:
    parser, endless = AnswerParser(), b"x: y\r\n" if begins == OK else b"x" * 1000
    parser.feed(begins)
    parser.feed(endless * (MAX_DRY // len(endless) // 2))
    with pytest.raises(MessageError, match="head of the answer is too long"):
        parser.feed(endless * (MAX_DRY // len(endless)))


def test_any_number_of_hints_may_come_before_an_answer_that_may_be_paid_for() -> None:
    parser = parsed(*[HINT * 1000] * (MAX_DRY // 1000), OK + b"Content-Length: 2\r\n\r\nhi")
    assert (parser.status_code, parser.taken()) == (200, [b"hi"])
