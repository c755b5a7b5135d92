"""What people chose and a plan does not place is told; what still applies is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.plan.decide import decide
from runner.plan.facts import Facts, Selected
from runner.plan.voided import TooFew, Voided, voided
from runner.records.approval import Approval
from runner.records.pick import Pick
from tests.support.catalog import shipped_catalog
from tests.support.made import entry, known, lock, request, sha, take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.lock import Entry, Lock
    from runner.records.request import Request

ANA = Approval(sha256=sha("one"), by="Ana", at="2026-01-01T00:00:00Z")
OTHER = {"prompt": "high brass"}


def said(*picks: str | None, approvals: tuple[Approval, ...] = ()) -> dict[str, Any]:
    """Return what people said of the job, as fields of a lock."""
    chosen = frozenset(Pick(sha256=word and sha(word), revision=1) for word in picks)
    return {
        "picks": {"title": chosen} if picks else {},
        "approvals": {"title": frozenset(approvals)} if approvals else {},
    }


def told(words: Mapping[str, Any], *requests: Request, made: Entry | None = None) -> tuple[Voided | TooFew, ...]:
    held: Lock = lock(made or entry(None, take("one"), take("two")), **words)
    facts = Facts(
        models=shipped_catalog().models,
        lock=held,
        submissions=known(*held.entries.values())[1],
        outputs={"audio/title.wav": sha("one")},
        blobs={sha("one"), sha("two")},
        pollable=frozenset(),
    )
    return voided(decide(requests or (request(),), facts, Selected()), held)


@pytest.mark.parametrize("words", [said(), said("one"), said("two"), said(None), said(approvals=(ANA,))])
def test_what_applies_is_not_told(words: dict[str, Any]) -> None:
    assert told(words) == ()


def test_a_pick_of_a_take_that_the_request_no_longer_has_is_told() -> None:
    assert told(said("gone")) == (Voided(job="title", sha256=sha("gone"), by=None),)
    assert told(said("one"), request(params=OTHER)) == (Voided(job="title", sha256=sha("one"), by=None),)


def test_picks_that_differ_are_left_to_those_who_have_to_choose() -> None:
    assert told(said("gone", "one"), request(params=OTHER)) == ()


def test_an_approval_of_another_take_is_told_with_whose_it_is() -> None:
    assert told(said("two", approvals=(ANA,))) == (Voided(job="title", sha256=sha("one"), by="Ana"),)
    assert told(said(approvals=(ANA,)), request(params=OTHER)) == (Voided(job="title", sha256=sha("one"), by="Ana"),)


def test_an_approval_of_the_take_in_place_is_enough_whatever_else_was_approved() -> None:
    ben = Approval(sha256=sha("two"), by="Ben", at="2026-01-02T00:00:00Z")
    assert told(said(approvals=(ANA, ben))) == ()


def test_a_take_that_is_asked_for_and_not_there_is_told_unless_somebody_picked() -> None:
    assert told(said(), request(take=3)) == (TooFew(job="title", take=3, takes=2),)
    assert told(said(), request(take=2)) == ()
    assert told(said(None), request(take=3)) == (TooFew(job="title", take=3, takes=2),)
    assert told(said("one"), request(take=3)) == ()


def test_a_pick_of_a_take_that_its_provider_sent_once_more_applies_to_the_copy_in_place() -> None:
    made = replace(entry(None, take("one")), takes=(take("one"), take("before")))
    assert told(said("before"), made=made) == ()
