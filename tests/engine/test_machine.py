"""The life of one submission: what its rows mean, what it needs next, and which rows an answer makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.engine.machine import (
    MAX_REFRESHES,
    Step,
    after_answer,
    answered,
    event,
    expired,
    fetched,
    planned,
    ready,
    step,
)
from runner.records.exchange import Media, Reading, Reply, Verdict
from runner.records.lock import ProviderJobId
from runner.records.submission import A_PERSON, THE_LOCK, Phase
from runner.state.submissions import advance, fold
from tests.support.made import request, submission, take

if TYPE_CHECKING:
    from runner.records.submission import Event, Submission

AT = "2026-11-21T10:00:00Z"
LATER = "2026-11-21T10:00:09Z"
FIRST = planned(request(), attempt="a1", fingerprint="sha256:f", price_usd="0.10", private=False, at=AT)
LINK = Media(url="https://x.example/1.wav", media_type="audio/wav", seed=7)
DATA: dict[Phase, dict[str, Any]] = {
    Phase.ANSWERED: {"reply": {"status": 200, "headers": {}, "body": ""}},
    Phase.READY: {"media": []},
    Phase.FETCHED: {"takes": []},
}
"""What the rows of these phases cannot be without."""
HIDDEN = "sha256:" + "0" * 64


def after(*rows: Event) -> Submission:
    """Return the one submission of a journal with these rows after its first."""
    (only,) = fold((FIRST, *rows)).values()
    return only


def row(phase: Phase, at: str = AT, **data: Any) -> Event:
    return event(after(), phase, at=at, **data)


# ---------------------------------------------------------------- rows


def test_the_first_row_says_what_would_be_sent_and_what_it_costs() -> None:
    first = planned(request(), attempt="a1", fingerprint="sha256:f", price_usd="0.10", private=False, at=AT)
    assert first == FIRST
    assert (first.job, first.attempt, first.phase, first.at) == ("title", "a1", Phase.PLANNED, AT)
    assert first.data == {
        "model": "pixazo/ace-step-xl",
        "params": {"prompt": "low brass", "seed": 7},
        "fingerprint": "sha256:f",
        "seed_param": "seed",
        "price_usd": "0.10",
        "private": False,
    }


def test_a_model_without_a_seed_has_none_in_its_first_row() -> None:
    first = planned(
        request(model="pixazo/lyria-3-pro", seed=None),
        attempt="a",
        fingerprint="f",
        price_usd=None,
        private=False,
        at=AT,
    )
    assert first.data["seed_param"] is None
    assert first.data["price_usd"] is None


def test_values_that_are_none_are_left_out_of_a_row() -> None:
    made = event(after(), Phase.UNKNOWN, at=LATER, message="gone", charged=None, retry_after_s=0)
    assert (made.at, made.job, made.attempt, made.phase) == (LATER, "title", "a1", Phase.UNKNOWN)
    assert made.data == {"message": "gone", "retry_after_s": 0}


def test_a_planned_submission_has_what_its_row_says() -> None:
    found = after()
    assert (found.job, found.attempt, found.phase) == ("title", "a1", Phase.PLANNED)
    assert (found.model, found.params) == ("pixazo/ace-step-xl", {"prompt": "low brass", "seed": 7})
    assert (found.fingerprint, found.seed_param, found.price_usd) == ("sha256:f", "seed", "0.10")
    assert (found.planned_at, found.submitted_at) == (AT, None)
    assert (found.request_id, found.poll_url) == (None, None)


def test_a_row_without_a_seed_or_a_price_is_one_too() -> None:
    data = {name: FIRST.data[name] for name in ("model", "params", "fingerprint")}
    (found,) = fold([replace(FIRST, data=data)]).values()
    assert (found.seed_param, found.price_usd) == (None, None)


def test_each_attempt_is_one_submission_in_the_order_they_were_made() -> None:
    other = replace(FIRST, attempt="a2")
    found = fold([FIRST, other, row(Phase.INTENT)])
    assert list(found) == ["a1", "a2"]
    assert [item.phase for item in found.values()] == [Phase.INTENT, Phase.PLANNED]


@pytest.mark.parametrize("kept", [None, "0" * 64])
def test_a_raw_answer_is_kept_as_it_came_with_the_headers_that_matter(kept: str | None) -> None:
    headers = {"content-type": "audio/wav", "retry-after": "9", "date": "now", "location": "x", "set-cookie": "secret"}
    reply = Reply(status=202, headers=headers, body=b"\x00\xff", kept=kept)
    found = after(row(Phase.INTENT), answered(after(), reply, at=LATER))
    del headers["set-cookie"]
    assert found.answer == Reply(status=202, headers=headers, body=b"\x00\xff", kept=kept)
    assert (found.phase, found.submitted_at) == (Phase.ANSWERED, LATER)


def test_a_receipt_ends_the_answer_and_keeps_the_first_time() -> None:
    reply = Reply(status=202, headers={}, body=b"{}")
    rows = (
        answered(after(), reply, at=AT),
        row(Phase.ACCEPTED, LATER, request_id="ace_1", poll_url="https://x.example/1"),
    )
    found = after(*rows)
    assert (found.answer, found.submitted_at) == (None, AT)
    assert (str(found.request_id), found.poll_url, found.refreshes) == ("ace_1", "https://x.example/1", 0)
    assert after(rows[1]).submitted_at == LATER


def test_a_further_receipt_row_changes_only_what_it_names() -> None:
    first = row(Phase.ACCEPTED, request_id="ace_1", poll_url="https://x.example/1", refreshes=2)
    found = after(first, row(Phase.ACCEPTED, LATER))
    assert (str(found.request_id), found.poll_url, found.refreshes) == ("ace_1", "https://x.example/1", 2)
    moved = after(first, row(Phase.ACCEPTED, request_id="ace_2", poll_url="https://x.example/2", refreshes=3))
    assert (str(moved.request_id), moved.poll_url, moved.refreshes) == ("ace_2", "https://x.example/2", 3)


@pytest.mark.parametrize(
    "media",
    [LINK, Media(url="https://x.example/2"), Media(kept="0" * 64, media_type="audio/mpeg"), Media(seed=0, kept="1")],
)
def test_links_are_read_back_as_they_were_written(media: Media) -> None:
    made = ready(after(), Reading(verdict=Verdict.DONE, media=(media, LINK)), at=LATER)
    assert (made.phase, made.at) == (Phase.READY, LATER)
    assert after(made).media == (media, LINK)
    assert None not in made.data["media"][0].values()


def test_takes_are_read_back_and_their_length_may_set_the_price() -> None:
    takes = (take("one"), take("two"))
    found = after(fetched(after(), takes, at=LATER, price_usd="0.25"))
    assert (found.phase, found.takes, found.price_usd) == (Phase.FETCHED, takes, "0.25")
    assert fetched(after(), takes, at=LATER, price_usd=None).at == LATER
    assert after(fetched(after(), takes, at=LATER, price_usd=None)).price_usd == "0.10"


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.REJECTED])
@pytest.mark.parametrize("charged", [True, False, None])
def test_an_end_says_why_and_whether_it_was_charged(phase: Phase, charged: bool | None) -> None:
    reply = answered(after(), Reply(status=500, headers={}, body=b""), at=AT)
    found = after(reply, row(phase, message="no", charged=charged))
    assert (found.phase, found.message, found.charged, found.answer) == (phase, "no", charged, None)


@pytest.mark.parametrize("phase", [Phase.NOT_SENT, Phase.UNKNOWN])
def test_what_proves_no_charge_and_what_proves_nothing_ends_the_answer_too(phase: Phase) -> None:
    reply = answered(after(), Reply(status=500, headers={}, body=b""), at=AT)
    found = after(reply, row(phase, message="no"))
    assert (found.phase, found.message, found.charged, found.answer) == (phase, "no", None, None)


@pytest.mark.parametrize("phase", Phase)
def test_a_submission_may_have_reached_a_provider_once_its_intent_is_written_unless_it_is_proven_not_to(
    phase: Phase,
) -> None:
    begun = submission(phase=Phase.PLANNED, sent=False, request_id=None, submitted_at=None)
    assert not after().sent
    assert after(row(Phase.INTENT)).sent
    assert not after(row(Phase.INTENT), row(Phase.NOT_SENT)).sent
    sends = {Phase.INTENT, Phase.ACCEPTED, Phase.UNKNOWN}
    moved = advance(begun, event(begun, phase, at=AT, **DATA.get(phase, {})))
    assert moved.sent == (phase in sends)


def test_a_submission_belongs_to_the_job_of_its_last_row() -> None:
    assert after(row(Phase.INTENT), replace(row(Phase.ACCEPTED, request_id="ace_1"), job="opening")).job == "opening"


# ---------------------------------------------------------------- an id that a person told


def test_an_id_that_a_person_tells_is_counted_and_what_was_fetched_by_the_wrong_one_is_forgotten() -> None:
    wrong = row(Phase.ACCEPTED, request_id="wrong", poll_url="https://x.example/wrong", via=A_PERSON)
    found = after(wrong, fetched(after(), (take(),), at=AT, price_usd=None))
    assert (str(found.request_id), found.told, found.earlier_ids, len(found.takes)) == ("wrong", 1, frozenset(), 1)
    corrected = after(
        wrong,
        ready(after(), Reading(verdict=Verdict.DONE, media=(LINK,)), at=LATER),
        fetched(after(), (take(),), at=AT, price_usd=None),
        row(Phase.ACCEPTED, request_id="right", via=A_PERSON),
    )
    assert (str(corrected.request_id), corrected.told) == ("right", 2)
    assert corrected.earlier_ids == {ProviderJobId.of("wrong")}
    assert (corrected.poll_url, corrected.media, corrected.takes) == (None, (), ())


def test_an_id_that_is_told_twice_is_one_and_one_that_is_told_again_is_no_earlier_one() -> None:
    first, second = (row(Phase.ACCEPTED, request_id=known, via=A_PERSON) for known in ("one", "two"))
    assert (after(first, first).told, after(first, first).earlier_ids) == (2, frozenset())
    found = after(first, second, first)
    assert (str(found.request_id), found.told, found.earlier_ids) == ("one", 3, frozenset({ProviderJobId.of("two")}))


def test_a_row_from_a_lock_says_how_often_the_id_was_told() -> None:
    copied = row(Phase.ACCEPTED, request_id="two", told=4, via=THE_LOCK)
    assert after(row(Phase.ACCEPTED, request_id="one"), copied).told == 4


@pytest.mark.parametrize(
    "phase", [Phase.INTENT, Phase.STALLED, Phase.LOST, Phase.EXPIRED, Phase.BAD_CONTENT, Phase.PLACED, Phase.DONE]
)
def test_other_rows_move_a_submission_and_keep_what_is_known(phase: Phase) -> None:
    before = after(row(Phase.ACCEPTED, request_id="ace_1"), fetched(after(), (take(),), at=AT, price_usd=None))
    assert after(
        row(Phase.ACCEPTED, request_id="ace_1"),
        fetched(after(), (take(),), at=AT, price_usd=None),
        row(phase, message="so"),
    ) == replace(before, phase=phase, message="so")


def test_a_message_holds_for_its_row_only() -> None:
    assert after(row(Phase.STALLED, message="slow"), row(Phase.ACCEPTED)).message == ""


# ---------------------------------------------------------------- what is next

NEXT = {
    Phase.PLANNED: Step.SUBMIT,
    Phase.NOT_SENT: Step.SUBMIT,
    Phase.REJECTED: Step.SUBMIT,
    Phase.INTENT: Step.HOLD,
    Phase.UNKNOWN: Step.HOLD,
    Phase.ANSWERED: Step.READ_ANSWER,
    Phase.ACCEPTED: Step.POLL,
    Phase.STALLED: Step.POLL,
    Phase.EXPIRED: Step.POLL,
    Phase.READY: Step.FETCH,
    Phase.FETCHED: Step.PLACE,
    Phase.PLACED: Step.PLACE,
    Phase.DONE: Step.END,
    Phase.FAILED: Step.END,
    Phase.LOST: Step.END,
    Phase.BAD_CONTENT: Step.END,
}


@pytest.mark.parametrize("phase", list(Phase))
def test_each_phase_has_one_next_step(phase: Phase) -> None:
    assert step(submission(phase=phase), local=False, polled=True) is NEXT[phase]


@pytest.mark.parametrize("phase", list(Phase))
def test_only_what_is_proven_not_to_be_charged_is_ever_submitted(phase: Phase) -> None:
    free = phase in (Phase.PLANNED, Phase.NOT_SENT, Phase.REJECTED)
    for local in (False, True):
        for polled in (False, True):
            found = step(submission(phase=phase), local=local, polled=polled)
            assert (found is Step.SUBMIT) == (free and not local)
            assert (found is Step.FETCH) == ((free and local) or phase is Phase.READY)


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.STALLED, Phase.EXPIRED])
def test_where_only_a_digest_is_known_the_receipt_is_searched_for(phase: Phase) -> None:
    assert step(submission(phase=phase, request_id=HIDDEN), local=False, polled=True) is Step.FIND


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.STALLED, Phase.EXPIRED])
def test_where_nobody_can_be_asked_links_are_fetched_or_the_job_is_given_up(phase: Phase) -> None:
    assert step(submission(phase=phase), local=False, polled=False) is Step.GIVE_UP
    assert step(submission(phase=phase, media=(LINK,)), local=False, polled=False) is Step.FETCH


# ---------------------------------------------------------------- what an answer means


def said(verdict: Verdict, **more: Any) -> list[tuple[Phase, dict[str, Any]]]:
    rows = after_answer(after(), Reading(verdict=verdict, **more), at=LATER)
    assert {(item.at, item.attempt) for item in rows} == {(LATER, "a1")}
    return [(item.phase, dict(item.data)) for item in rows]


def test_an_accepted_submit_is_a_receipt() -> None:
    found = said(Verdict.ACCEPTED, id="ace_1", poll_url="https://x.example/1")
    assert found == [(Phase.ACCEPTED, {"request_id": "ace_1", "poll_url": "https://x.example/1"})]
    assert said(Verdict.ACCEPTED, id="ace_1") == [(Phase.ACCEPTED, {"request_id": "ace_1"})]


def test_a_submit_that_is_done_at_once_is_a_receipt_and_its_links() -> None:
    links = {"media": [{"url": "https://x.example/1.wav", "media_type": "audio/wav", "seed": 7}]}
    assert said(Verdict.DONE, id="ace_1", media=(LINK,)) == [
        (Phase.ACCEPTED, {"request_id": "ace_1"}),
        (Phase.READY, links),
    ]


def test_a_refused_submit_is_proven_not_to_be_charged() -> None:
    assert said(Verdict.REJECTED, group="rate", message="later", retry_after_s=3.0) == [
        (Phase.REJECTED, {"group": "rate", "message": "later", "retry_after_s": 3.0, "charged": False})
    ]


@pytest.mark.parametrize("charged", [True, False])
def test_a_failed_job_says_whether_it_was_charged(charged: bool) -> None:
    found = said(Verdict.FAILED, message="no", charged=charged)
    assert found == [(Phase.FAILED, {"message": "no", "charged": charged})]


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.WAITING, Verdict.RETRY, Verdict.REFUSED, Verdict.MISSING])
def test_any_other_answer_to_a_submit_proves_nothing(verdict: Verdict) -> None:
    assert said(verdict, id="ace_1", message="what?") == [(Phase.UNKNOWN, {"message": "what?"})]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_meaning_of_an_answer_to_a_submit_can_be_folded(verdict: Verdict) -> None:
    assert after(*after_answer(after(), Reading(verdict=verdict, id="ace_1"), at=LATER)).phase is not Phase.PLANNED


def test_a_dead_link_is_asked_for_afresh_three_times() -> None:
    found, seen = after(), []
    for _ in range(MAX_REFRESHES + 1):
        made = expired(found, "403", at=LATER)
        assert made.at == LATER
        seen.append((made.phase, dict(made.data)))
        found = replace(found, phase=made.phase, refreshes=made.data.get("refreshes", found.refreshes))
    assert seen == [
        (Phase.ACCEPTED, {"refreshes": 1}),
        (Phase.ACCEPTED, {"refreshes": 2}),
        (Phase.ACCEPTED, {"refreshes": 3}),
        (Phase.EXPIRED, {"message": "403"}),
    ]
