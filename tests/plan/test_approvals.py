"""What is not approved: an approval counts for one take, by its hash, and for the names that its job has had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.plan.approvals import Unapproved, unapproved, unapproved_take
from runner.plan.decide import decide
from runner.plan.facts import Facts, Selected
from runner.records.approval import Approval
from tests.support.catalog import shipped_catalog
from tests.support.made import entry, known, lock, request, sha, take

if TYPE_CHECKING:
    from runner.records.lock import Lock
    from runner.records.plan import Plan
    from runner.records.request import Request

ONE = Approval(sha256=sha("one"), by="Ana", at="2026-01-01T00:00:00Z")
TWO = Approval(sha256=sha("two"), by="Ben", at="2026-01-02T00:00:00Z")


def planned(held: Lock, *requests: Request, outputs: dict[str, str | None] | None = None) -> Plan:
    facts = Facts(
        models=shipped_catalog().models,
        lock=held,
        submissions=known(*held.entries.values())[1],
        outputs={"audio/title.wav": sha("one")} if outputs is None else outputs,
        blobs=frozenset(),
        pollable=frozenset(),
    )
    return decide(requests or (request(),), facts, Selected())


def approved(*words: Approval, job: str = "title") -> Lock:
    return lock(entry(None, take("one")), approvals={job: frozenset(words)})


def test_the_take_at_the_output_is_approved_by_its_hash() -> None:
    held = approved(ONE)
    assert unapproved(planned(held), held) == ()


def test_without_a_word_the_take_is_named_by_its_number() -> None:
    held = lock(entry(None, take("one")))
    assert unapproved(planned(held), held) == (Unapproved(job="title", take=1, approved=None),)


def test_the_approval_of_another_take_is_told_and_counts_for_nothing() -> None:
    held = approved(TWO)
    assert unapproved(planned(held), held) == (Unapproved(job="title", take=1, approved=TWO),)


def test_an_approval_that_was_withdrawn_counts_for_nothing() -> None:
    end = Approval(sha256=ONE.sha256, by="Ana", at="2026-01-03T00:00:00Z", withdraws=frozenset({ONE.name}))
    held = approved(ONE, end)
    assert unapproved(planned(held), held) == (Unapproved(job="title", take=1, approved=None),)


def test_of_several_approvals_of_other_takes_the_last_one_is_told() -> None:
    three = Approval(sha256=sha("three"), by="Cai", at="2026-01-03T00:00:00Z")
    held = approved(three, TWO)
    (found,) = unapproved(planned(held), held)
    assert found.approved is three


@pytest.mark.parametrize("prompt", ["low brass", "high brass"])
def test_what_is_not_made_as_the_file_says_now_is_not_approved_whatever_was(prompt: str) -> None:
    held = approved(ONE) if prompt != "low brass" else lock(approvals={"title": frozenset({ONE})})
    outputs: dict[str, str | None] = {} if prompt == "low brass" else {"audio/title.wav": sha("one")}
    todo = planned(held, request(params={"prompt": prompt}), outputs=outputs)
    assert unapproved(todo, held) == (Unapproved(job="title", take=None, approved=ONE),)


def test_audio_that_is_not_here_is_not_approved() -> None:
    held = approved(ONE)
    assert unapproved(planned(held, outputs={}), held) == (Unapproved(job="title", take=None, approved=ONE),)


def test_an_edited_output_is_not_approved() -> None:
    held = approved(ONE)
    todo = planned(held, outputs={"audio/title.wav": sha("edited")})
    assert unapproved(todo, held) == (Unapproved(job="title", take=None, approved=ONE),)


def test_an_approval_under_the_name_that_a_job_had_before_counts() -> None:
    held = approved(ONE, job="theme")
    assert unapproved_take(held, ("title", "theme"), sha("one"), 1) is None
    assert unapproved_take(held, ("title",), sha("one"), 1) == Unapproved(job="title", take=1, approved=None)
    assert unapproved_take(held, ("title", "theme"), sha("two"), 2) == Unapproved(job="title", take=2, approved=ONE)
