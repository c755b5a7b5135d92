"""NAME.lock: every submission in it is a receipt, so what cannot be read is refused and never taken for an empty lock."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from runner.errors import StateError
from runner.records.approval import Approval
from runner.records.lock import Lock, Output, ProviderJobId, State
from runner.records.lock_json import entry_to_json
from runner.records.pick import Pick
from runner.records.rating import Rating
from runner.state import lockfile
from runner.state.lock_parsing import parse_lock
from runner.state.lock_text import LockText, render_lock
from runner.state.lock_validation import check_entry
from runner.state.lockfile import BLOCK_BYTES, is_conflicted, read_lock, refuse_too_large
from tests.support.long import sampled
from tests.support.made import entry, finished, lock, request, sha, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runner.records.lock import Entry


FULL = lock(
    entry(
        {"prompt": "Träume 夢", "bpm": 96, "guidance_scale": 7.5, "seed": 7},
        take("one", lufs=-14.2, seed=11),
        take("two", media_type="audio/mpeg"),
    ),
    entry(None, attempt="a2", revision=2, state=State.PENDING, request_id="ace_2"),
    entry(None, attempt="a3", job="battle@forest-hot", request_id="sha256:" + "a" * 64),
    picks={"title": frozenset({Pick(sha256=sha("two"), revision=3)})},
)
OF_TITLE = FULL.jobs["title"]
"""The entries of `title` in the order of the file: the current one, which is pending, first."""


def submissions(**over: Any) -> list[dict[str, Any]]:
    """Return the submissions of `title` without their checksums, as a person may have written them, the done one changed."""
    block = json.loads(render_lock(FULL))["jobs"]["title"]["submissions"]
    pending, done = ({name: value for name, value in item.items() if name != "sum"} for item in block)
    return [pending, done | over]


FINISHED = {
    "take": sha("one"), "master": f"sha256:{sha('finished so')}", "bytes": 900, "seconds": 18.5, "rate_hz": 44100, "channels": 2,
}  # fmt: skip
"""What a lock says at least of a finished piece."""


def done(**over: Any) -> dict[str, Any]:
    return submissions(**over)[1]


def of_title(*items: Any, **over: Any) -> str:
    """Return the text of a lock of which `title` has these submissions."""
    return json.dumps({"version": 2, "jobs": {"title": {"submissions": list(items)} | over}})


def with_done(**over: Any) -> str:
    return of_title(done(**over))


def with_receipt(**over: Any) -> str:
    return with_done(receipt=done()["receipt"] | over)


def with_take(**over: Any) -> str:
    first, *rest = done()["takes"]
    return with_done(takes=[first | over, *rest])


def with_output(**over: Any) -> str:
    return with_done(output=done()["output"] | over)


def with_finished(**over: Any) -> str:
    return with_output(sha256=sha("finished"), finished=FINISHED | over)


def with_sum(value: Any) -> str:
    return with_done(sum=value)


def test_what_is_written_is_read_back() -> None:
    assert parse_lock(render_lock(FULL).decode()) == FULL


def test_a_rehearsal_is_marked_and_read_back() -> None:
    marked = replace(FULL, rehearsal=True)
    assert parse_lock(render_lock(marked).decode()) == marked


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("local", [False, True])
def test_an_entry_of_every_state_is_read_back(state: State, local: bool) -> None:
    has_id = state not in {State.UNKNOWN, State.NOT_CHARGED}
    held = lock(entry(state=state, local=local, request_id="ace_1" if has_id else None))
    if local and state is not State.DONE:
        with pytest.raises(ValueError, match=f"receipt: a submission that is {state} needs one"):
            check_entry(held.entries["a1"])
    else:
        assert parse_lock(render_lock(held).decode()) == held


@pytest.mark.parametrize(
    ("state", "known", "why"),
    [
        (State.UNKNOWN, "ace_1", "a submission that is unknown has no provider job id"),
        (State.NOT_CHARGED, "ace_1", "a submission that is not-charged has no provider job id"),
        (State.FAILED, None, "a submission that is failed needs the provider job id"),
    ],
)
def test_an_id_that_does_not_fit_its_state_is_refused(state: State, known: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=f"receipt.request_id: {why}"):
        parse_lock(render_lock(lock(entry(state=state, request_id=known))).decode())


def test_of_what_was_made_here_only_what_is_at_an_output_is_written() -> None:
    placed, gone = entry(local=True), entry(local=True, attempt="a2", path=None)
    assert parse_lock(render_lock(lock(placed, gone)).decode()) == lock(placed)
    assert json.loads(render_lock(lock(gone)))["jobs"] == {}


def test_of_free_results_the_rolls_of_what_is_at_the_output_are_written_each_once_and_what_was_picked() -> None:
    def roll(attempt: str, seed: int, **over: Any) -> Entry:
        sent = {"prompt": "low brass", "seed": seed}
        return entry(sent, take(attempt), **{"attempt": attempt, "roll": 1, "local": True, "path": None, **over})

    placed, one, other = entry(local=True), roll("r1", 8, revision=2), roll("r2", 9, revision=3)
    again, elsewhere = roll("r3", 8, revision=1), roll("r4", 8, roll_of="sha256:" + "0" * 64)
    found = parse_lock(render_lock(lock(placed, one, other, again, elsewhere)).decode())
    assert set(found.entries) == {"a1", "r1", "r2"}
    chosen = {"title": frozenset({Pick(sha256=sha("r4"), revision=9)})}
    assert set(parse_lock(render_lock(lock(placed, elsewhere, picks=chosen)).decode()).entries) == {"a1", "r4"}

    at = Output(path="audio/title.wav", sha256=sha("r1"))
    base, rolled = replace(placed, output=None), replace(one, output=at)
    assert set(parse_lock(render_lock(lock(base, rolled)).decode()).entries) == {"a1", "r1"}


def test_picks_that_differ_are_both_read_back_and_a_job_may_have_nothing_else() -> None:
    both = Lock(picks={"title": frozenset({Pick(sha256=sha(word), revision=3) for word in ("one", "two")})})
    assert parse_lock(render_lock(both).decode()) == both
    assert json.loads(render_lock(both))["jobs"]["title"]["submissions"] == []


@pytest.mark.parametrize(
    "over",
    [
        {"poll_url": "https://x.example/status/1?fresh=1"},
        {"poll_url": "http://127.0.0.1:8123/v2/1"},
        {"told": 2, "earlier_ids": frozenset({ProviderJobId.of("ace_0"), ProviderJobId.of("user:1").hidden()})},
        {"price_usd": None},
        {"request_id": None},
    ],
    ids=["a link", "a link to this machine", "an id that was corrected", "no price", "no id"],
)
def test_a_receipt_is_read_back_whole(over: dict[str, Any]) -> None:
    made = entry()
    assert made.receipt is not None
    held = lock(replace(made, receipt=replace(made.receipt, **over)))
    (found,) = parse_lock(render_lock(held).decode()).entries.values()
    assert found == held.entries["a1"]
    assert found.receipt is not None
    assert [repr(item) for item in (found.receipt.request_id, *sorted(found.receipt.earlier_ids, key=str))] == [
        repr(item) for item in (over.get("request_id", made.request_id), *sorted(over.get("earlier_ids", ()), key=str))
    ], "the plain id, too"


def test_rendering_is_stable_to_the_byte() -> None:
    backwards = replace(FULL, entries=dict(reversed(list(FULL.entries.items()))))
    assert render_lock(FULL) == render_lock(backwards) == render_lock(parse_lock(render_lock(FULL).decode()))


def test_the_text_is_sorted_utf_8_with_one_newline_at_the_end() -> None:
    text = render_lock(FULL).decode()
    assert "Träume 夢" in text
    assert text.endswith("}\n")
    assert "\r" not in text
    assert not text.endswith("\n\n")
    assert text.index('"battle@forest-hot"') < text.index('"title"')


@pytest.mark.parametrize("held", [FULL, Lock(), Lock(rehearsal=True), replace(FULL, rehearsal=True)])
def test_the_text_is_that_of_pythons_own_encoder(held: Lock) -> None:
    text = render_lock(held).decode()
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def changed_locks() -> Iterator[Lock]:
    """Yield locks, each of which differs from the one before in a way of its own."""
    held = parse_lock(render_lock(FULL).decode())
    yield held
    pending = replace(held, entries={**held.entries, "a4": entry(attempt="a4", revision=9, request_id="ace_4")})
    yield pending
    yield replace(pending, picks={})
    yield replace(pending, picks={"battle@forest-hot": frozenset({Pick(sha256=sha("one"), revision=5)})})
    receipt = pending.entries["a4"].receipt
    assert receipt is not None
    assert receipt.request_id is not None
    hidden = replace(pending.entries["a4"], receipt=replace(receipt, request_id=receipt.request_id.hidden()))
    assert hidden == pending.entries["a4"]
    yield replace(pending, entries={**pending.entries, "a4": hidden})
    yield replace(held, entries={"a3": held.entries["a3"]})
    yield replace(held, entries={}, picks={})
    yield replace(held, rehearsal=True)
    yield held


def test_a_text_that_grows_is_at_any_time_that_of_the_whole_lock() -> None:
    text = LockText(next(changed_locks()))
    for held in changed_locks():
        assert text.of(held) == render_lock(held)


@pytest.mark.parametrize("first", [Lock(), FULL], ids=["of an empty lock", "of a lock that was read"])
def test_what_changes_is_checked_whatever_was_read_or_written_before(first: Lock) -> None:
    text, made = LockText(first), FULL.entries["a1"]
    text.of(FULL)
    assert made.receipt is not None
    for damaged, why in (
        (replace(made, takes=()), "a submission that is done has 0"),
        (replace(made, request={"prompt": "another"}), "its request does not match its fingerprint"),
        (replace(made, receipt=replace(made.receipt, submitted_at="yesterday")), "is not a time"),
    ):
        with pytest.raises(ValueError, match=why):
            text.of(replace(FULL, entries={**FULL.entries, "a1": damaged}))
    assert text.of(FULL) == render_lock(FULL)


def test_a_block_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []

    def noted(item: Entry) -> dict[str, Any]:
        rendered.append(item.attempt)
        return entry_to_json(item)

    monkeypatch.setattr("runner.state.lock_text.entry_to_json", noted)
    text = LockText(FULL)
    text.of(FULL)
    assert sorted(rendered) == ["a1", "a2", "a3"]
    text.of(replace(FULL, entries=dict(FULL.entries)))
    text.of(replace(FULL, entries={**FULL.entries, "a4": entry(attempt="a4", job="other", request_id="ace_4")}))
    assert rendered[3:] == ["a4"]


def test_what_did_not_change_is_written_as_the_file_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []

    def noted(item: Entry) -> dict[str, Any]:
        rendered.append(item.attempt)
        return entry_to_json(item)

    data = render_lock(FULL)
    read = parse_lock(data.decode())
    expected = render_lock(replace(read, entries={**read.entries, "a4": entry(attempt="a4", job="other")}))
    monkeypatch.setattr("runner.state.lock_text.entry_to_json", noted)
    changed = replace(read, entries={**read.entries, "a4": entry(attempt="a4", job="other")})
    assert LockText(read, data).of(changed) == expected
    assert rendered == ["a4"]
    assert LockText(read, data).of(read) == data


@pytest.mark.parametrize("held", list(changed_locks()))
def test_the_text_of_a_lock_that_was_read_is_that_of_the_whole_lock(held: Lock) -> None:
    data = render_lock(FULL)
    read = parse_lock(data.decode())
    kept = {attempt: read.entries.get(attempt, item) for attempt, item in held.entries.items()}
    kept = {attempt: item if item == held.entries[attempt] else held.entries[attempt] for attempt, item in kept.items()}
    now = replace(held, entries=kept)
    assert LockText(read, data).of(now) == render_lock(now)


def _by_hand(change: Callable[[dict[str, Any]], object], **layout: Any) -> str:
    data = json.loads(render_lock(FULL))
    change(data)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, **layout) + "\n"


def _without_sums(data: dict[str, Any]) -> None:
    for block in data["jobs"].values():
        for item in block["submissions"]:
            del item["sum"]


def _turned(data: dict[str, Any]) -> None:
    for block in data["jobs"].values():
        block["submissions"].reverse()


def _in_two_blocks(data: dict[str, Any]) -> None:
    data["jobs"]["zzz"] = {"submissions": [*data["jobs"]["title"]["submissions"]]}


@pytest.mark.parametrize(
    "text",
    [
        _by_hand(_without_sums, indent=1),
        _by_hand(_turned, indent=1),
        _by_hand(_in_two_blocks, indent=1),
        _by_hand(lambda _data: None, indent=2),
        _by_hand(lambda _data: None),
    ],
    ids=["without checksums", "in another order", "in two blocks", "with other spaces", "in one line"],
)
def test_what_a_hand_left_of_a_lock_is_laid_out_as_ever(text: str) -> None:
    read = parse_lock(text)
    assert LockText(read, text.encode()).of(read) == render_lock(read)


def test_the_current_submission_of_a_job_comes_first_and_one_that_is_over_last() -> None:
    over = entry(attempt="a9", revision=9, state=State.FAILED, request_id="ace_9")
    held = json.loads(render_lock(replace(FULL, entries={**FULL.entries, "a9": over})))["jobs"]["title"]["submissions"]
    assert [item["attempt"] for item in held] == ["a2", "a1", "a9"]


def test_a_new_submission_changes_the_block_of_its_job_and_no_other_line() -> None:
    more = entry(attempt="a4", revision=3, request_id="ace_4")
    before, after = (render_lock(item).decode() for item in (FULL, replace(FULL, entries={**FULL.entries, "a4": more})))
    assert after.index('"title"') == before.index('"title"')
    head = after.index('"attempt": "a4"')
    assert before.startswith(after[: after.rindex("{", 0, head)])
    assert set(before.splitlines()) <= set(after.splitlines())


def test_a_lock_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "night.lock", rehearsal=False) == Lock()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[]", "expected an object, found a list"),
        ('{"version": 3, "jobs": {}}', "unsupported version 3 (expected 2)"),
        ('{"version": true, "jobs": {}}', "unsupported version"),
        ('{"version": "2", "jobs": {}}', "unsupported version"),
        ('{"version": 2}', "missing field `jobs`"),
        ('{"version": 2, "jobs": []}', "jobs: expected an object, found a list"),
        ('{"version": 2, "jobs": {}, "extra": 1}', "unknown field `extra`"),
        ('{"version": 2, "jobs": {}, "jobs": {}}', "duplicate key 'jobs'"),
        ('{"version": 2, "jobs": {"a": NaN}}', "NaN is not JSON"),
        ('{"version": 2, "jobs": {"a": -Infinity}}', "-Infinity is not JSON"),
        ('{"version": 2,\n "jobs": {"a" 1}}', "Expecting ':' delimiter: line 2 column 15"),
        (with_done(request={"prompt": "\ud800"}), "a text in it has half a character"),
        (of_title().replace("[]", "[1e999]"), "the block of 'title' is not valid"),
        (of_title(done()).replace('"bytes": 1000', '"bytes": 1e999'), "takes[0].bytes: number out of range"),
        ('{"version": 2, "jobs": {"a": 1}}', "the block of 'a' is not valid: expected an object, found a whole number"),
        ('{"version": 2, "jobs": {"a": {}}}', "the block of 'a' is not valid: missing field `submissions`"),
        ('{"version": 2, "jobs": {"a": {"submissions": 1}}}', "the block of 'a' is not valid"),
        (of_title(1), "submissions[0]: expected an object, found a whole number"),
        (of_title(extra=1), "unknown field `extra`"),
        (of_title(picks=[{"sha256": "x", "revision": 1}]), "picks[0].sha256: expected 64 hex digits"),
        (
            of_title(picks=[{"sha256": sha("one"), "revision": "1"}]),
            "picks[0].revision: expected a whole number, found text",
        ),
        (of_title(picks=[{"sha256": sha("one")}]), "picks[0]: missing field `revision`"),
        (of_title(picks=[{"sha256": sha("one"), "revision": 1, "why": ""}]), "picks[0]: unknown field `why`"),
        (with_done(price=3), "submissions[0]: unknown field `price`"),
        (with_done(attempt="../a"), "submissions[0]: attempt: expected 1 to 80 letters, digits, - and _"),
        (with_done(attempt=""), "submissions[0]: attempt: expected 1 to 80 letters, digits, - and _"),
        (with_done(attempt="a" * 81), "submissions[0]: attempt: expected 1 to 80 letters, digits, - and _"),
        (with_done(attempt=None), "submissions[0]: attempt: expected text, found null"),
        (with_done(revision="1"), "submissions[0]: revision: expected a whole number, found text"),
        (with_done(revision=True), "submissions[0]: revision: expected a whole number, found true or false"),
        (with_done(revision=-1), "submissions[0]: revision: expected a whole number of at least 0"),
        (with_done(state="finished"), "submissions[0]: state: unknown value 'finished'"),
        (with_done(state="pending"), "takes: a submission that is pending has 2"),
        (with_done(takes=[]), "takes: a submission that is done has 0"),
        (with_done(state="unknown", takes=[], receipt=None), "receipt: a submission that is unknown needs one"),
        (with_done(request={"prompt": "another"}), "a1 was changed: its request does not match its fingerprint"),
        (with_done(model="pixazo/tracks"), "a1 was changed: its request does not match its fingerprint"),
        (with_done(takes=[{"sha256": "../../etc/passwd"}]), "the block of 'title' is not valid"),
        (with_take(sha256="../../etc/passwd"), "submissions[0]: takes[0].sha256: expected 64 hex digits"),
        (with_done(receipt={"request_id": 5}), "the block of 'title' is not valid"),
        ("[" * 100_000, ""),
        (
            with_receipt(submitted_at="20x6-11-20T12:00:00Z"),
            "submissions[0]: receipt.submitted_at: '20x6-11-20T12:00:00Z' is not a time such as 2026-11-20T12:00:00Z",
        ),
        (with_receipt(submitted_at="2026-11-20T12:00:00"), "receipt.submitted_at"),
        (with_receipt(submitted_at=5), "submissions[0]: receipt.submitted_at: expected text, found a whole number"),
        (with_receipt(price_usd="0,10"), "receipt.price_usd: '0,10' is not an amount of dollars"),
        (with_receipt(price_usd="NaN"), "receipt.price_usd"),
        (with_receipt(price_usd="-1"), "receipt.price_usd"),
        (with_receipt(request_id="a b"), "receipt.request_id: 'a b' is not a valid provider job id"),
        (with_receipt(request_id="a\n"), "receipt.request_id"),
        (with_receipt(request_id="a" * 513), "receipt.request_id"),
        (with_receipt(earlier_ids=["a b"]), "receipt.request_id: 'a b' is not a valid provider job id"),
        (with_receipt(earlier_ids=5), "the block of 'title' is not valid"),
        (with_receipt(told=-1), "submissions[0]: receipt.told: expected a whole number of at least 0"),
        (with_receipt(told="1"), "submissions[0]: receipt.told: expected a whole number, found text"),
        (with_receipt(poll_url=5), "submissions[0]: receipt.poll_url: expected text, found a whole number"),
        (with_receipt(poll_url="file:///etc/passwd"), "receipt.poll_url: 'file:///etc/passwd' is not a link"),
        (with_receipt(poll_url="https://[x"), "receipt.poll_url"),
        (with_receipt(poll_url="https:///status"), "receipt.poll_url"),
        (with_receipt(poll_url="https://x.example/\u202e"), "receipt.poll_url"),
        (with_receipt(sum="0"), "submissions[0]: receipt: unknown field `sum`"),
        (with_sum("0" * 16), "the submission a1 was changed: its checksum does not match"),
        (with_sum(""), "its checksum does not match"),
        (with_sum(None), "its checksum does not match"),
        (with_done(summ="0"), "submissions[0]: unknown field `summ`"),
        (with_take(bytes=-1), "submissions[0]: takes[0].bytes: expected a whole number of at least 0"),
        (with_take(bytes=1.5), "submissions[0]: takes[0].bytes: expected a whole number, found a number"),
        (with_take(seconds=-1), "submissions[0]: takes[0].seconds: expected a number of at least 0"),
        (with_take(seconds=10**400), "the block of 'title' is not valid"),
        (with_take(seconds="nan"), "submissions[0]: takes[0].seconds: expected a number, found text"),
        (with_take(lufs="inf"), "submissions[0]: takes[0].lufs: expected a number, found text"),
        (with_take(codec=5), "submissions[0]: takes[0].codec: expected text, found a whole number"),
        (with_take(lra_lu=-1), "submissions[0]: takes[0].lra_lu: expected a number of at least 0"),
        (with_take(true_peak_dbtp="nan"), "submissions[0]: takes[0].true_peak_dbtp: expected a number, found text"),
        (with_take(head_silence_s=-1), "submissions[0]: takes[0].head_silence_s: expected a number of at least 0"),
        (with_take(tail_silence_s="inf"), "submissions[0]: takes[0].tail_silence_s: expected a number, found text"),
        (
            with_take(clipped_samples=-1),
            "submissions[0]: takes[0].clipped_samples: expected a whole number of at least 0",
        ),
        (
            with_take(clipped_samples=1.5),
            "submissions[0]: takes[0].clipped_samples: expected a whole number, found a number",
        ),
        (with_take(dc_offset="nan"), "submissions[0]: takes[0].dc_offset: expected a number, found text"),
        (with_take(bpm=-1), "submissions[0]: takes[0].bpm: expected a number of at least 0"),
        (with_take(key=5), "submissions[0]: takes[0].key: expected text, found a whole number"),
        (with_take(channels=0), "submissions[0]: takes[0].channels: expected a whole number of at least 1"),
        (with_take(number=0), "submissions[0]: takes[0].number: expected a whole number of at least 1"),
        (with_take(number=True), "submissions[0]: takes[0].number: expected a whole number, found true or false"),
        (with_take(path="audio/title.wav"), "submissions[0]: takes[0]: unknown field `path`"),
        (
            with_take(media_type="text/plain"),
            "submissions[0]: takes[0].media_type: unknown value 'text/plain'",
        ),
        (with_output(path="thesis.txt"), "'thesis.txt' is not a path for audio/wav, whose files end in .wav"),
        (with_output(path="audio/title.mp3"), "'audio/title.mp3' is not a path for audio/wav"),
        (with_output(sha256=sha("another")), "output.sha256: it is none of the takes"),
        (with_output(sha256="x"), "submissions[0]: output.sha256: expected 64 hex digits"),
        (with_output(takes=1), "submissions[0]: output: unknown field `takes`"),
        (with_output(take=sha("one")), "submissions[0]: output: unknown field `take`"),
        (with_output(finished="loud"), "submissions[0]: output.finished: expected an object, found text"),
        (with_finished(take=1), "submissions[0]: output.finished.take: expected text, found a whole number"),
        (with_finished(take="x"), "submissions[0]: output.finished.take: expected 64 hex digits"),
        (with_finished(take=sha("another")), "output.finished.take: it is none of the takes"),
        (with_finished(master="x"), "submissions[0]: output.finished.master: expected `sha256:` and 64 hex digits"),
        (with_finished(bytes=-1), "submissions[0]: output.finished.bytes: expected a whole number of at least 0"),
        (with_finished(seconds="nan"), "submissions[0]: output.finished.seconds: expected a number, found text"),
        (with_finished(channels=0), "submissions[0]: output.finished.channels: expected a whole number of at least 1"),
        (with_finished(lufs="inf"), "submissions[0]: output.finished.lufs: expected a number, found text"),
        (
            with_finished(true_peak_dbtp="nan"),
            "submissions[0]: output.finished.true_peak_dbtp: expected a number, found text",
        ),
        (with_finished(number=1), "submissions[0]: output.finished: unknown field `number`"),
        (
            with_output(path="audio/title.txt", finished=FINISHED),
            "'audio/title.txt' is not a path for a finished piece, whose files end in .wav or .mp3",
        ),
    ],
)
def test_a_damaged_lock_is_refused_and_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "night.lock"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StateError, match="cannot be read") as caught:
        read_lock(path, rehearsal=False)
    assert why in caught.value.message
    assert (
        caught.value.help
        == "restore it with git or fix it by hand; until then nothing is generated, because it holds receipts"
    )


@pytest.mark.parametrize(
    "text",
    ["<<<<<<< ours\n{}\n=======\n>>>>>>> theirs\n", '{\n<<<<<<< ours\n "version": 2\n', "{\n>>>>>>> theirs\n"],
)
def test_a_lock_with_the_markers_of_git_is_refused_with_the_way_to_join_both_sides(tmp_path: Path, text: str) -> None:
    path = tmp_path / "night.lock"
    path.write_text(text)
    with pytest.raises(StateError, match=r"night\.lock contains git's conflict markers") as caught:
        read_lock(path, rehearsal=False)
    assert caught.value.help == f"scorefile merge {path} joins both sides without loss"


@pytest.mark.parametrize(
    ("place", "more"),
    [
        ('"jobs": {', '"title": {"submissions": []}, '),
        ('"title": {', '"submissions": [], '),
        ('"submissions": [{', '"attempt": "a1", '),
        ('"output": {', '"path": "audio/other.wav", '),
        ('"request": {', '"prompt": "another", '),
        ('"picks": [{', '"revision": 1, '),
        ('"approvals": [{', '"note": "yes", '),
        ("{", '"version": 1, '),
        ("{", '"rehearsal": true, "rehearsal": false, '),
    ],
)
@pytest.mark.parametrize("spaces", [{"indent": 1}, {"separators": (",", ":")}], ids=["in our layout", "in one line"])
def test_a_name_that_is_there_twice_is_refused_wherever_it_is(place: str, more: str, spaces: dict[str, Any]) -> None:
    said = Approval(sha256=sha("one"), by="Ada", at="2026-11-20T12:00:00Z", note="no")
    data = json.loads(render_lock(replace(FULL, approvals={"title": frozenset({said})})))
    text = re.sub(r"(?<=[:\[{,])\s+", " ", json.dumps(data, ensure_ascii=False)).replace("[ {", "[{")
    assert text.count(place)
    twice = text.replace(place, place + more, 1)
    with pytest.raises(ValueError, match="duplicate key"):
        parse_lock(msgspec.json.format(twice, indent=spaces.get("indent", -1)))


def test_what_this_program_wrote_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Approval(sha256=sha("one"), by="Ada", at="2026-11-20T12:00:00Z", note="für «Ende»")
    rated = Rating(sha256=sha("one"), by="Ada", at="2026-11-20T12:00:00Z", stars=4)
    odd = entry({"prompt": "“\u2028\x7f”", "strength": 1e-07, "big": 1e22, "half": 60.0}, attempt="a4", request_id="é")
    held = replace(
        FULL,
        entries={**FULL.entries, "a4": odd},
        forgotten=frozenset({"b", "a"}),
        approvals={"title": frozenset({said})},
        ratings={"title": frozenset({rated})},
    )
    monkeypatch.setattr("runner.state.lock_parsing.careful", lambda _: pytest.fail("it was read again"))
    assert parse_lock(render_lock(held)) == held


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ('"Träume 夢"', '"Tr\\u00e4ume \\u5922"'),
        ("7.5", "75e-1"),
        ('"bpm": 96', '"bpm": 96.0'),
        ('"a1"', '"\\u0061\\u0031"'),
    ],
)
def test_what_a_hand_wrote_in_another_way_has_the_fingerprint_of_what_it_says(ours: str, theirs: str) -> None:
    text = json.dumps(json.loads(of_title(*submissions())), ensure_ascii=False)
    assert ours in text
    assert parse_lock(text.replace(ours, theirs)).entries["a1"] == FULL.entries["a1"]


def test_a_submission_that_git_left_in_two_blocks_is_one_where_the_higher_revision_says() -> None:
    moved = {name: {"submissions": [done(revision=revision)]} for name, revision in (("a", 3), ("b", 2))}
    for jobs in (moved, dict(reversed(moved.items()))):
        (found,) = parse_lock(json.dumps({"version": 2, "jobs": jobs})).entries.values()
        assert (found.job, found.revision, found.takes) == ("a", 3, FULL.entries["a1"].takes)
    assert list(parse_lock(of_title(done(), done())).entries) == ["a1"]


def test_a_prompt_with_the_markers_of_git_is_no_conflict() -> None:
    held = lock(entry({"prompt": "<<<<<<< ours\n>>>>>>> theirs", "seed": 7}))
    assert parse_lock(render_lock(held).decode()) == held
    assert not is_conflicted(render_lock(held))


def test_a_lock_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StateError, match="cannot be read"):
        read_lock(path, rehearsal=False)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "night.lock").mkdir()
    with pytest.raises(StateError, match=r"cannot read .*: Is a directory"):
        read_lock(tmp_path / "night.lock", rehearsal=False)


@pytest.mark.parametrize(("rehearsal", "kind"), [(True, "a rehearsal"), (False, "real results")])
def test_a_rehearsal_is_never_taken_for_real_results(tmp_path: Path, rehearsal: bool, kind: str) -> None:
    path = tmp_path / "night.lock"
    path.write_bytes(render_lock(replace(FULL, rehearsal=rehearsal)))
    with pytest.raises(StateError, match=f"is a lock of {kind}"):
        read_lock(path, rehearsal=not rehearsal)


def test_a_submission_without_a_checksum_is_judged_by_its_fields_and_gets_one() -> None:
    plain = parse_lock(of_title(*submissions()))
    assert plain.jobs["title"] == OF_TITLE
    written = json.loads(render_lock(plain))["jobs"]["title"]["submissions"]
    assert [len(item["sum"]) for item in written] == [16, 16]


def test_submissions_that_a_merge_brought_together_keep_their_checksums() -> None:
    ours, theirs = (
        json.loads(render_lock(lock(entry(attempt=name, request_id=name))))["jobs"]["title"]["submissions"]
        for name in ("a1", "a2")
    )
    merged = json.dumps({"version": 2, "jobs": {"title": {"submissions": [*ours, *theirs]}}})
    assert set(parse_lock(merged).entries) == {"a1", "a2"}


@pytest.mark.sampled
def test_every_bit_flip_of_a_lock_is_refused_or_means_the_same() -> None:
    """A job's name is its key: an entry of another name is found by what it asked for. So is a pick, which is no proof."""
    data = render_lock(replace(FULL, picks={}))
    whole = sorted(repr(replace(item, job="")) for item in parse_lock(data.decode()).entries.values())
    for place in range(0, 8 * len(data), sampled(7, 1)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        try:
            found = parse_lock(changed.decode())
        except ValueError:
            continue
        held = sorted(repr(replace(item, job="")) for item in found.entries.values())
        assert held == whole, f"bit {place % 8} of byte {place // 8}"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../", "..", "a/../../outside.wav", "../a/../../outside.wav", "", "a\0b.wav"]
)
def test_a_path_in_the_lock_does_not_lead_out_of_the_folder(path: str) -> None:
    with pytest.raises(ValueError, match=r"the block of 'title' is not valid: .* is outside the folder"):
        parse_lock(with_output(path=path))


def test_a_lock_without_room_for_what_a_run_would_make_is_refused_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = tmp_path / "night.lock", request(params={"prompt": "x" * 5000})
    monkeypatch.setattr(lockfile, "MAX_BYTES", 10_000)
    refuse_too_large(path, [asked])
    with pytest.raises(StateError, match=r"night\.lock would hold 0\.0 MiB, and at most 0 MiB can be read") as caught:
        refuse_too_large(path, [asked, asked])
    assert caught.value.help == "nothing was sent; shorten the texts, or divide the pipeline among several files"


def test_a_submission_and_each_of_its_takes_fit_in_the_room_that_is_counted_for_them() -> None:
    most: dict[str, Any] = {
        "codec": "pcm_s16le", "lufs": -14.2, "lra_lu": 12.1, "true_peak_dbtp": -10.9, "head_silence_s": 100.012,
        "tail_silence_s": 101.5, "clipped_samples": 10**7, "dc_offset": -0.00012, "bpm": 196.4, "key": "D# minor",
    }  # fmt: skip
    made = entry(None, *(take(f"take {number}", seed=2**31, **most) for number in range(4)))
    made = replace(made, output=finished("loud", made.takes[0], **most))
    empty = len(render_lock(Lock()))
    params = len(json.dumps(dict(made.request), indent=1))
    assert len(render_lock(lock(made))) - empty <= params + BLOCK_BYTES * (1 + len(made.takes))


def test_of_free_results_that_two_machines_made_the_newest_is_kept() -> None:
    older, newer = (
        entry(None, take(word), attempt=word, local=True, revision=number) for number, word in ((1, "old"), (2, "new"))
    )
    assert [item.attempt for item in parse_lock(render_lock(lock(older, newer)).decode()).jobs["title"]] == ["new"]
