"""A provider's list of jobs: what can be read of it is read, and nothing in it is trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.provider.listing import MAX_LISTED, BadList, ListedJob, ListPage, read_page
from runner.records.exchange import Reply
from tests.catalog.shelf import CATALOG

PIXAZO, PIXVERSE = (CATALOG.providers[name] for name in ("pixazo", "pixverse"))
JOB = {"create_mode": "music", "audio_id": "a1", "prompt": "low brass", "created_at": "2026-11-21"}
LISTED = ListedJob(id="a1", prompt="low brass", created="2026-11-21")


def page(document: Any, status: int = 200) -> ListPage:
    return read_page(PIXVERSE, Reply(status=status, headers={}, body=json.dumps(document).encode()))


def test_a_page_holds_its_jobs_and_where_the_next_one_begins() -> None:
    found = page({"data": [JOB, JOB | {"audio_id": "a2"}], "has_more": True, "next_offset": 2})
    assert found == ListPage(jobs=(LISTED, ListedJob(id="a2", prompt="low brass", created="2026-11-21")), next="2")


def test_the_last_page_has_no_next_one() -> None:
    assert page({"data": [JOB], "has_more": False, "next_offset": None}).next is None


@pytest.mark.parametrize("odd", [True, 1.5, [2], {"a": 1}, "x" * 513])
def test_an_odd_word_for_the_next_page_is_none(odd: Any) -> None:
    assert page({"data": [], "has_more": True, "next_offset": odd}).next is None


def test_the_longest_word_for_the_next_page_is_taken() -> None:
    assert page({"data": [], "has_more": True, "next_offset": "x" * 512}).next == "x" * 512


@pytest.mark.parametrize("odd", [None, "", "a b", True, 1.5, {}, "x" * 513])
def test_a_job_without_a_usable_id_is_passed_over(odd: Any) -> None:
    assert page({"data": [JOB | {"audio_id": odd}, JOB]}).jobs == (LISTED,)


def test_what_a_job_does_not_say_is_empty() -> None:
    assert page({"data": [{"create_mode": "music", "audio_id": 7}]}).jobs == (ListedJob(id="7", prompt="", created=""),)


@pytest.mark.parametrize("items", [None, {}, "ab", 7, [], [None, 7, "a", []]])
def test_what_is_no_list_of_jobs_holds_none(items: Any) -> None:
    assert page({"data": items}).jobs == ()


def test_a_page_is_cut_at_two_hundred_jobs() -> None:
    found = page({"data": [JOB | {"audio_id": number} for number in range(MAX_LISTED + 5)]})
    assert len(found.jobs) == MAX_LISTED == 200
    assert found.jobs[-1].id == "199"


def test_an_answer_that_is_no_list_is_refused_with_the_reason() -> None:
    with pytest.raises(BadList, match=r"^PixVerse by useapi\.net answered 500 to the request for its list of jobs$"):
        page({}, status=500)
    with pytest.raises(BadList, match=r"^the answer is not JSON$"):
        read_page(PIXVERSE, Reply(status=200, headers={}, body=b"{"))
    with pytest.raises(BadList, match=r"^Pixazo has no list of jobs$"):
        read_page(PIXAZO, Reply(status=200, headers={}, body=b"{}"))
