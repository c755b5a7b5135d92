"""Locks that version 1 wrote in the situations that matter: each is read, and none loses a receipt."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.records.lock import Output, ProviderJobId, State
from runner.state.lock_parsing import parse_lock
from runner.state.lock_rules import is_version_1, join
from runner.state.lock_text import render_lock
from runner.state.reconcile import Reconciled
from tests.support import locks
from tests.support.catalog import ROOT
from tests.support.long import sampled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.records.lock import Entry, Lock

FOLDER = ROOT / "tests" / "cases" / "locks" / "v1"
LOCKS = sorted(FOLDER.glob("*.lock"))
COUNTS = {
    name: int(count)
    for name, count in re.findall(r"^\| `(.+?)` \|.*\| (\d+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
}


def test_the_page_names_every_lock() -> None:
    assert sorted(COUNTS) == [path.name for path in LOCKS]
    assert len(LOCKS) >= 8


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_of_version_1_is_read_and_written_without_losing_a_receipt(path: Path) -> None:
    before = path.read_text(encoding="utf-8")
    after = render_lock(parse_lock(before)).decode()
    assert len(locks.receipts(before)) == COUNTS[path.name]
    assert locks.receipts(after) == locks.receipts(before)
    assert sorted((x.job, x.id, x.state, x.takes) for x in locks.submissions(after)) == sorted(
        (x.job, x.id, x.state, x.takes) for x in locks.submissions(before)
    )


def read(name: str) -> Lock:
    return parse_lock((FOLDER / f"{name}.lock").read_text(encoding="utf-8"))


def rows(name: str) -> list[tuple[str, State, str | None, int]]:
    """Return (job, state, where its take was placed, how many takes) of each entry, the current one of a job first."""
    held = read(name)
    return [
        (job, item.state, item.output.path if item.output else None, len(item.takes))
        for job in sorted(held.jobs)
        for item in held.jobs[job]
    ]


DONE, PENDING = State.DONE, State.PENDING
EXPECTED: dict[str, list[tuple[str, State, str | None, int]]] = {
    "finished": [("battle", DONE, "audio/battle.wav", 1), ("title", DONE, "audio/title.wav", 1)],
    "pending": [("title", PENDING, None, 0)],
    "pending-beside-finished": [("title", PENDING, None, 0), ("title", DONE, "audio/title.wav", 1)],
    "paid-behind-a-draft": [("title", DONE, "audio/title.wav", 1), ("title", DONE, None, 1)],
    "private-ids": [("shop", PENDING, None, 0), ("title", DONE, "audio/title.wav", 1)],
    "twins": [("a", DONE, "audio/a.wav", 1), ("b", DONE, "audio/b.wav", 1)],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_receipt_has_its_state_its_takes_and_its_output(name: str) -> None:
    assert rows(name) == EXPECTED[name]


def test_what_was_pending_is_the_current_one_and_what_was_behind_a_draft_is_not() -> None:
    held = read("pending-beside-finished")
    current = held.current("title")
    assert current is not None
    assert (str(current.request_id), current.state) == ("tracks_54996bac0dad1499", PENDING)
    draft = read("paid-behind-a-draft").current("title")
    assert draft is not None
    assert (draft.model, draft.receipt) == ("local/sketch", None)


def test_a_receipt_and_the_chosen_take_are_those_that_version_1_had() -> None:
    title = read("finished").jobs["title"][0]
    block = json.loads((FOLDER / "finished.lock").read_text())["jobs"]["title"]
    assert title.receipt is not None
    assert (str(title.request_id), title.receipt.price_usd) == (block["receipt"]["request_id"], "0.08")
    assert (title.receipt.submitted_at, title.receipt.poll_url) == (
        block["receipt"]["submitted_at"],
        block["receipt"]["poll_url"],
    )
    assert (title.receipt.told, title.receipt.earlier_ids) == (0, frozenset())
    (local,) = (item for item in read("local-takes").entries.values() if len(item.takes) == 3)
    assert local.placed is not None
    assert (local.placed.number, [take.number for take in local.takes]) == (2, [1, 2, 3])


def test_private_ids_stay_digests() -> None:
    for item in read("private-ids").entries.values():
        assert item.request_id is not None
        assert item.request_id.plain is None


def test_seeds_are_known_where_the_request_has_one() -> None:
    for item in read("matrix-and-seeds").entries.values():
        assert item.seed_param == ("seed" if "seed" in item.request else None)


# ---------------------------------------------------------------- attempts


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_any_machine_gives_a_receipt_the_same_attempt(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    held = parse_lock(text)
    assert parse_lock(text) == held
    for attempt, item in held.entries.items():
        assert re.fullmatch(r"v1-[0-9a-f]{24}", attempt)
        assert (is_version_1(attempt), item.attempt) == (True, attempt)
    again = parse_lock(render_lock(held).decode())
    assert (again.entries, join(held, again)) == (held.entries, held)


def test_an_attempt_is_that_of_the_receipt_and_not_of_its_job_or_its_place() -> None:
    names = {str(item.request_id): item.attempt for item in read("pending-beside-finished").entries.values()}
    data = json.loads((FOLDER / "pending-beside-finished.lock").read_text())
    block = data["jobs"].pop("title")
    pending = block.pop("pending")
    del block["receipt"]["sum"]
    moved = parse_lock(json.dumps(data | {"jobs": {"opening": block, "title": pending}}))
    assert {str(item.request_id): item.attempt for item in moved.entries.values()} == names


def test_twins_have_an_attempt_each() -> None:
    assert len(read("twins").entries) == 2


def test_a_receipt_in_two_blocks_after_a_merge_is_one_entry() -> None:
    data = json.loads((FOLDER / "finished.lock").read_text())
    data["jobs"] = dict.fromkeys(("opening", "title"), data["jobs"]["title"])
    (found,) = parse_lock(json.dumps(data)).entries.values()
    assert (found.job, found.output) == ("title", Output(path="audio/title.wav", sha256=found.takes[0].sha256))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_journal_learns_every_receipt_once_and_keeps_it_without_the_lock(path: Path) -> None:
    held = parse_lock(path.read_text(encoding="utf-8"))
    first = Reconciled(held, ())
    paid = {attempt: item for attempt, item in held.entries.items() if item.receipt is not None}
    assert set(first.submissions) == set(paid)
    again = Reconciled(parse_lock(render_lock(held).decode()), first.missing)
    assert (again.missing, again.lock.entries) == ((), held.entries)
    alone = Reconciled(replace(held, entries={}), first.missing).lock.entries
    assert {attempt: facts(item) for attempt, item in alone.items()} == {
        attempt: facts(item) for attempt, item in paid.items()
    }


def facts(item: Entry) -> tuple[object, ...]:
    return item.job, item.model, item.request, item.state, item.takes, item.request_id


# ---------------------------------------------------------------- what is refused


def changed(change: Callable[[dict[str, Any]], object], *, keep_sum: bool = False) -> str:
    """Return a lock of version 1 in which the block of `title` was changed, without its checksum."""
    data = json.loads((FOLDER / "pending-beside-finished.lock").read_text())
    block = data["jobs"]["title"]
    if not keep_sum:
        del block["receipt"]["sum"]
    change(block)
    return json.dumps(data)


def receipt(**over: Any) -> Callable[[dict[str, Any]], object]:
    return lambda block: block["receipt"].update(over)


def pending(**over: Any) -> Callable[[dict[str, Any]], object]:
    return lambda block: block["pending"].update(over)


def take(**over: Any) -> Callable[[dict[str, Any]], object]:
    return lambda block: block["takes"][0].update(over)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda block: block.update(price=3), "unknown field `price`"),
        (lambda block: block.update(take="1"), "take: expected a whole number, found text"),
        (lambda block: block.update(take=True), "take: expected a whole number, found true or false"),
        (lambda block: block.update(take=0), "take: expected a whole number of at least 1"),
        (lambda block: block.update(takes=block["takes"] * 2), "several have one"),
        (lambda block: block.pop("fingerprint"), "missing field `fingerprint`"),
        (pending(take=0), "pending.take: expected a whole number of at least 1"),
        (pending(receipt={"request_id": "", "price_usd": None, "submitted_at": "2026-11-20T12:00:00Z"}), "needs the"),
        (receipt(request_id=5), "receipt.request_id: expected text, found a whole number"),
        (receipt(request_id="a b"), "receipt.request_id: 'a b' is not a valid provider job id"),
        (receipt(price_usd="0,10"), "receipt.price_usd: '0,10' is not an amount of dollars"),
        (receipt(submitted_at="2026-11-20T12:00:00"), "receipt.submitted_at"),
        (receipt(poll_url="file:///etc/passwd"), "receipt.poll_url"),
        (receipt(summ="0"), "receipt: unknown field `summ`"),
        (take(sha256="../../etc/passwd"), "takes[0].sha256: expected 64 hex digits"),
        (take(seconds=-1), "takes[0].seconds: expected a number of at least 0"),
        (take(path="audio/title.mp3"), "'audio/title.mp3' is not a path for audio/wav"),
        (take(path="a/../../outside.wav"), "is outside the folder"),
    ],
)
def test_a_damaged_block_is_refused_and_says_why(change: Callable[[dict[str, Any]], object], why: str) -> None:
    with pytest.raises(ValueError, match="the block of 'title' is not a valid entry: ") as caught:
        parse_lock(changed(change))
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [receipt(sum="0" * 16), receipt(sum=""), receipt(sum=None), receipt(request_id="tracks_c6ca1a147342435b")],
)
def test_a_block_that_does_not_match_its_checksum_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(ValueError, match="the block of 'title' was changed: its checksum does not match"):
        parse_lock(changed(change, keep_sum=True))


@pytest.mark.parametrize("where", [lambda block: block, lambda block: block["pending"]])
def test_a_request_that_does_not_match_its_fingerprint_is_refused(
    where: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    with pytest.raises(ValueError, match="'title' was changed: its request does not match its fingerprint"):
        parse_lock(changed(lambda block: where(block)["request"].update(prompt="another")))


@pytest.mark.sampled
def test_every_bit_flip_is_refused_or_means_the_same() -> None:
    """A job's name is its key: an entry of another name is found by what it asked for."""
    data = (FOLDER / "private-ids.lock").read_bytes()
    whole = sorted(repr(replace(item, job="")) for item in parse_lock(data.decode()).entries.values())
    for place in range(0, 8 * len(data), sampled(7, 1)):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        try:
            found = parse_lock(flipped.decode())
        except ValueError:
            continue
        held = sorted(repr(replace(item, job="")) for item in found.entries.values())
        assert held == whole, f"bit {place % 8} of byte {place // 8}"


def test_the_attempt_of_an_id_is_the_same_for_its_digest() -> None:
    for known in ("tracks_c6ca1a147342435a", str(ProviderJobId.of("tracks_c6ca1a147342435a").hidden())):
        held = parse_lock(changed(receipt(request_id=known)))
        assert {item.attempt for item in held.entries.values()} == {
            item.attempt for item in read("pending-beside-finished").entries.values()
        }
