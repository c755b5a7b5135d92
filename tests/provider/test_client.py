"""One provider's API, held against a transport in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runner.provider.access import ProviderAccess
from runner.provider.client import MAX_PAGES, ProviderClient
from runner.provider.transport import NotSent
from runner.records.exchange import Cancellation, Reply, Verdict
from tests.support.catalog import shipped_catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.records.exchange import Call

CATALOG = shipped_catalog()
BASE = "http://127.0.0.1:8123"
MODEL = CATALOG.models["pixverse/music-2.6"]


@dataclass
class Script:
    """A transport that answers with what is next in its list, and raises what is an exception."""

    answers: list[Reply | NotSent]
    calls: list[Call] = field(default_factory=list)

    def submit(self, call: Call, access: ProviderAccess, *, before: Callable[[], None], timeout_s: float) -> Reply:
        """Answer a submit."""
        before()
        return self.query(call, access)

    def query(self, call: Call, access: ProviderAccess) -> Reply:
        """Answer the next call."""
        self.calls.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, NotSent):
            raise answer
        return answer

    def close(self) -> None:
        """There is nothing to close."""


def client_of(name: str, *answers: Reply | NotSent) -> tuple[ProviderClient, Script]:
    script = Script(list(answers))
    access = ProviderAccess(provider=replace(CATALOG.providers[name], base_url=BASE))
    return ProviderClient(access=access, transport=script), script


def reply(status: int, document: object) -> Reply:
    return Reply(status=status, headers={}, body=json.dumps(document).encode())


def page(*ids: str, next: object = None) -> Reply:
    items = [{"audio_id": id_, "prompt": f"the prompt of {id_}", "create_mode": "music"} for id_ in ids]
    return reply(200, {"data": items, "has_more": next is not None, "next_offset": next})


def test_a_submit_goes_to_the_address_of_this_run_and_comes_back_unread() -> None:
    client, script = client_of("pixverse", reply(200, {"audio_id": "id1"}))
    passed: list[bool] = []
    answer = client.submit(MODEL, {"prompt": "x"}, job="a", webhook=None, before=lambda: passed.append(True))
    assert script.calls[0].url.startswith(f"{BASE}/")
    assert (passed, json.loads(answer.body)) == ([True], {"audio_id": "id1"})
    assert client.read_submit(MODEL, answer).id == "id1"


def test_a_poll_without_an_answer_teaches_nothing() -> None:
    client, script = client_of("pixverse", NotSent("no connection: refused"))
    reading = client.poll(MODEL, id="id1")
    assert (reading.verdict, reading.message) == (Verdict.RETRY, "no connection: refused")
    assert script.calls[0].url == f"{BASE}/v2/pixverse/music/id1"


CANCELS: list[tuple[Reply | NotSent, Cancellation]] = [
    (reply(200, {}), Cancellation(confirmed=True)),
    (Reply(status=204, headers={}, body=b""), Cancellation(confirmed=True)),
    (reply(202, {}), Cancellation(confirmed=False, message="PixVerse by useapi.net answered 202: no reason given")),
    (
        reply(200, {"audio_id": "id2"}),
        Cancellation(confirmed=False, message="PixVerse by useapi.net answered 200: the answer is about another job"),
    ),
    (
        NotSent("no connection: refused"),
        Cancellation(confirmed=False, message="PixVerse by useapi.net gave no answer: no connection: refused"),
    ),
]


@pytest.mark.parametrize(("answer", "expected"), CANCELS)
def test_a_cancel_says_whether_it_is_proven(answer: Reply | NotSent, expected: Cancellation) -> None:
    client, script = client_of("pixverse", answer)
    assert client.cancel("id1") == expected
    assert [call.method for call in script.calls] == ["DELETE"]


def test_jobs_are_listed_page_by_page() -> None:
    client, script = client_of("pixverse", page("id1", "id2", next=50), page("id3"))
    assert [job.id for job in client.jobs()] == ["id1", "id2", "id3"]
    assert [call.url.partition("?")[2] for call in script.calls] == ["", "offset=50"]


def test_a_list_without_an_end_is_left_after_its_last_page() -> None:
    client, script = client_of("pixverse", *[page(f"id{n}", next=n + 1) for n in range(MAX_PAGES + 1)])
    assert len(list(client.jobs())) == len(script.calls) == MAX_PAGES


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (reply(500, {}), "answered 500 to the request for its list of jobs"),
        (Reply(status=200, headers={}, body=b"<html>"), "the answer is a web page, not JSON"),
        (NotSent("no complete answer in time"), "no complete answer in time"),
    ],
)
def test_a_list_that_cannot_be_read_is_not_taken_for_an_empty_one(answer: Reply | NotSent, why: str) -> None:
    client, _ = client_of("pixverse", answer)
    with pytest.raises(NotSent, match=why):
        list(client.jobs())


def test_a_provider_without_a_list_has_no_jobs_and_is_not_asked() -> None:
    client, script = client_of("pixazo")
    assert (list(client.jobs()), script.calls) == ([], [])
