"""Who may ask the review what: only a page of this server, with its secret, by the methods that there are."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn

from runner.errors import RunLockedError, UsageError
from runner.review.app import HEADERS, MOST_BYTES, build_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.review.app import Decision, Said

TOKEN = "s3cret"


class ScriptedDesk:
    """A desk that keeps what was picked, and refuses what it is told to refuse."""

    def __init__(self, folder: Path) -> None:
        self.audio_file = folder / "blob"
        self.audio_file.write_bytes(bytes(range(100)))
        self.picked: list[Any] = []
        self.words: list[Any] = []
        self.refusal: Exception | None = None

    def page(self) -> str:
        if self.refusal is not None:
            raise self.refusal
        return "<!doctype html>page"

    def data(self) -> Any:
        return {"title": "night"}

    def audio(self, sha256: str) -> tuple[Path, str] | None:
        return (self.audio_file, "audio/wav") if sha256 == "a" * 64 else None

    def decide(self, what: Decision, said: Said) -> frozenset[str]:
        if self.refusal is not None:
            raise self.refusal
        self.picked.append((what, said.job, said.sha256, said.saw))
        self.words.append((said.stars, said.note))
        return frozenset({"0123"}) if what == "rate" else frozenset()

    def stamp(self) -> str:
        return "1"


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    return ScriptedDesk(tmp_path)


@pytest.fixture
def client(desk: ScriptedDesk) -> Iterator[httpx.Client]:
    """A client of a real server whose own origin is its base URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # what comes before the server is ready waits
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            build_app(desk, TOKEN, frozenset({origin})), log_config=None, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            with httpx.Client(base_url=origin, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def origin_of(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def post(client: httpx.Client, body: Any, **headers: str) -> Any:
    return client.post(f"/{TOKEN}/pick", json=body, headers={"origin": origin_of(client), **headers})


CHOICE = {"job": "title", "sha256": "a" * 64, "saw": []}


def test_the_page_its_data_and_its_audio_are_served_with_what_browsers_should_know(client: httpx.Client) -> None:
    answers = [client.get(f"/{TOKEN}/{path}") for path in ("", "data", f"audio/{'a' * 64}")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].headers["content-type"].startswith("text/html")
    assert answers[1].json() == {"title": "night"}
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_range_of_audio_is_served_so_that_seeking_works(client: httpx.Client) -> None:
    answer = client.get(f"/{TOKEN}/audio/{'a' * 64}", headers={"range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["content-range"] == "bytes 10-19/100"
    assert client.get(f"/{TOKEN}/audio/{'a' * 64}", headers={"range": "bytes=500-"}).status_code == 416
    assert client.get(f"/{TOKEN}/audio/{'b' * 64}").status_code == 404


def test_without_the_secret_there_is_nothing(client: httpx.Client) -> None:
    for path in ("", "wrong/", "wrong/data", f"{TOKEN}x/data", f"wrong/audio/{'a' * 64}"):
        assert client.get(f"/{path}").status_code == 404
    assert client.post("/wrong/pick", json=CHOICE, headers={"origin": origin_of(client)}).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8787"},
        {"host": "127.0.0.1:9"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_another_host_or_page_reads_and_writes_nothing(
    client: httpx.Client, desk: ScriptedDesk, headers: dict[str, str]
) -> None:
    assert client.get(f"/{TOKEN}/data", headers=headers).status_code == 403
    assert post(client, CHOICE, **headers).status_code == 403
    assert desk.picked == []


def test_who_does_not_say_where_it_is_from_writes_nothing(client: httpx.Client, desk: ScriptedDesk) -> None:
    assert client.post(f"/{TOKEN}/pick", json=CHOICE).status_code == 403
    assert desk.picked == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "GET"])
def test_a_decision_is_posted_and_comes_by_no_other_method(client: httpx.Client, method: str) -> None:
    assert client.request(method, f"/{TOKEN}/pick", headers={"origin": origin_of(client)}).status_code == 405


def test_a_pick_is_passed_on_with_what_its_page_saw(client: httpx.Client, desk: ScriptedDesk) -> None:
    assert post(client, {**CHOICE, "saw": ["b" * 64]}).json() == {"saved": True}
    assert desk.picked == [("pick", "title", "a" * 64, frozenset({"b" * 64}))]


def test_stars_and_a_note_are_passed_on_and_the_page_learns_the_names_of_what_counts_now(
    client: httpx.Client, desk: ScriptedDesk
) -> None:
    def rate(**body: Any) -> Any:
        return client.post(f"/{TOKEN}/rate", json={**CHOICE, **body}, headers={"origin": origin_of(client)})

    assert rate(stars=4, note=" warm\n").json() == {"saved": True, "names": ["0123"]}
    assert rate(stars=None).json() == {"saved": True, "names": ["0123"]}
    assert desk.words == [(4, "warm"), (None, "")]
    wrong: list[dict[str, Any]] = [
        {"stars": 0},
        {"stars": 6},
        {"stars": "4"},
        {"stars": True},
        {"stars": 4.0},
        {"note": 5},
    ]
    assert [rate(**body).status_code for body in wrong] == [400] * len(wrong)
    assert len(desk.words) == 2


@pytest.mark.parametrize(
    "body", [{}, [], "x", {"job": 1, "sha256": "a", "saw": []}, {"job": "a", "sha256": "a", "saw": "b"}, None], ids=str
)
def test_what_is_no_decision_is_refused(client: httpx.Client, desk: ScriptedDesk, body: Any) -> None:
    answer = post(client, body)
    assert (answer.status_code, answer.json()["message"]) == (400, "the page sent something else than was expected")
    form = client.post(f"/{TOKEN}/pick", data={"job": "title"}, headers={"origin": origin_of(client)})
    assert form.status_code == 400
    large = post(client, {**CHOICE, "job": "x" * MOST_BYTES})
    assert large.status_code == 400
    assert desk.picked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RunLockedError("another run is at work", help="wait"), 423),
        (UsageError("title no longer has this take", help="look"), 409),
    ],
)
def test_a_refusal_says_why_and_whether_to_try_again(
    client: httpx.Client, desk: ScriptedDesk, error: Any, status: int
) -> None:
    desk.refusal = error
    answer = post(client, CHOICE)
    assert answer.status_code == status
    assert answer.json() == {"message": error.message, "help": error.help}


def test_a_person_reads_why_there_is_no_page(client: httpx.Client, desk: ScriptedDesk) -> None:
    desk.refusal = UsageError("the lock cannot be read", help="restore it with git")
    answer = client.get(f"/{TOKEN}/")
    assert (answer.status_code, answer.text) == (409, "the lock cannot be read\n\nhelp: restore it with git")
