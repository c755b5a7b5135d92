"""NAME.lock: because every block is a receipt, so what cannot be read is refused and never taken for an empty lock."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from runner.errors import StateError
from runner.records.lock import Lock
from runner.state.lockfile import parse_lock, read_lock, render_lock
from tests.support.made import entry, take

if TYPE_CHECKING:
    from pathlib import Path

FULL = Lock(
    jobs={
        "title": entry(
            {"prompt": "Träume 夢", "bpm": 96, "guidance_scale": 7.5, "seed": 7},
            take("one", path="audio/title.wav", lufs=-14.2, seed=11),
            take("two", media_type="audio/mpeg"),
            pending=entry(None, request_id="ace_2"),
        ),
        "battle@forest-hot": entry(request_id="sha256:ab"),
    }
)


def blocks(**over: Any) -> str:
    data = json.loads(render_lock(FULL))
    return json.dumps(data | over)


def with_title(**over: Any) -> str:
    data = json.loads(render_lock(FULL))
    data["jobs"]["title"] |= over
    return json.dumps(data)


def block(**over: Any) -> dict[str, Any]:
    """Return the block of `title` without its checksum, as a person may have written it."""
    made: dict[str, Any] = json.loads(render_lock(FULL))["jobs"]["title"]
    del made["receipt"]["sum"]
    return made | over


def with_receipt(**over: Any) -> str:
    made = block()
    return json.dumps({"version": 1, "jobs": {"title": made | {"receipt": made["receipt"] | over}}})


def with_take(**over: Any) -> str:
    made = block()
    first, *rest = made["takes"]
    return json.dumps({"version": 1, "jobs": {"title": made | {"takes": [first | over, *rest]}}})


def test_what_is_written_is_read_back() -> None:
    assert parse_lock(render_lock(FULL).decode()) == FULL


def test_a_rehearsal_is_marked_and_read_back() -> None:
    marked = Lock(jobs=FULL.jobs, rehearsal=True)
    assert parse_lock(render_lock(marked).decode()) == marked


@pytest.mark.parametrize("url", ["https://x.example/status/1?fresh=1", "http://127.0.0.1:8123/v2/1"])
def test_a_receipt_is_read_back_with_its_polling_address(url: str) -> None:
    held = entry()
    polled = Lock(jobs={"title": replace(held, receipt=replace(held.receipt, poll_url=url))})
    assert parse_lock(render_lock(polled).decode()) == polled


def test_rendering_is_stable_to_the_byte() -> None:
    backwards = Lock(jobs=dict(reversed(list(FULL.jobs.items()))))
    assert render_lock(FULL) == render_lock(backwards) == render_lock(parse_lock(render_lock(FULL).decode()))


def test_the_text_is_sorted_utf_8_with_one_newline_at_the_end() -> None:
    text = render_lock(FULL).decode()
    assert "Träume 夢" in text
    assert text.endswith("}\n")
    assert "\r" not in text
    assert not text.endswith("\n\n")
    assert text.index('"battle@forest-hot"') < text.index('"title"')


def test_a_lock_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "night.lock", rehearsal=False) == Lock()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<<<<<<< ours\n{}\n=======\n>>>>>>> theirs\n", "merge conflict markers: keep the blocks of both sides"),
        ('{\n<<<<<<< ours\n "version": 1\n', "conflict markers"),
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[]", "unsupported version"),
        ('{"version": 2, "jobs": {}}', "unsupported version"),
        ('{"version": 1}', "exactly `version` and `jobs`"),
        ('{"version": 1, "jobs": []}', "exactly `version` and `jobs`"),
        ('{"version": 1, "jobs": {}, "extra": 1}', "exactly `version` and `jobs`"),
        ('{"version": 1, "jobs": {}, "jobs": {}}', "duplicate key 'jobs'"),
        ('{"version": 1, "jobs": {"a": NaN}}', "NaN is not JSON"),
        ('{"version": 1, "jobs": {"a": -Infinity}}', "-Infinity is not JSON"),
        ('{"version": 1, "jobs": {"a": 1}}', "the block of 'a' is not a valid entry"),
        (with_title(price=3), "unknown field 'price'"),
        (with_title(take="1"), "the block of 'title' is not a valid entry: '1' is not a whole number"),
        (with_title(take=True), "True is not a whole number"),
        (with_title(takes=[{"sha256": "../../etc/passwd"}]), "sha256 is not 64 hex digits"),
        (with_title(receipt={"request_id": 5}), "the block of 'title' is not a valid entry"),
        ("[" * 100_000, ""),
        (
            with_receipt(submitted_at="20x6-11-20T12:00:00Z"),
            "'title' is not a valid entry: receipt.submitted_at: '20x6-11-",
        ),
        (with_receipt(submitted_at="2026-11-20T12:00:00"), "receipt.submitted_at"),
        (with_receipt(submitted_at=5), "5 is not text"),
        (with_receipt(price_usd="0,10"), "receipt.price_usd: '0,10' is not an amount of dollars"),
        (with_receipt(price_usd="NaN"), "receipt.price_usd"),
        (with_receipt(price_usd="-1"), "receipt.price_usd"),
        (with_receipt(request_id="a b"), "receipt.request_id: 'a b' is not a valid provider job id"),
        (with_receipt(request_id="a\n"), "receipt.request_id"),
        (with_receipt(poll_url=5), "receipt.poll_url: 5 is not a link"),
        (with_receipt(poll_url="file:///etc/passwd"), "receipt.poll_url"),
        (with_receipt(poll_url="https://[x"), "receipt.poll_url"),
        (with_receipt(poll_url="https:///status"), "receipt.poll_url"),
        (with_receipt(poll_url="https://x.example/\u202e"), "receipt.poll_url"),
        (with_receipt(sum="0" * 16), "the block of 'title' was changed: its checksum does not match"),
        (with_receipt(sum=""), "its checksum does not match"),
        (with_receipt(sum=None), "its checksum does not match"),
        (with_receipt(summ="0"), "unknown field 'summ'"),
        (with_take(bytes=-1), "take 1: bytes: a size cannot be negative"),
        (with_take(bytes=1.5), "1.5 is not a whole number"),
        (with_take(seconds=-1), "take 1: seconds: -1.0 is not a length"),
        (with_take(seconds=10**400), "the block of 'title' is not a valid entry"),
        (with_take(seconds="nan"), "seconds: nan is not a length"),
        (with_take(lufs="inf"), "lufs: inf is not a loudness"),
        (with_take(channels=0), "rate_hz and channels are counted from 1"),
        (with_take(media_type="text/plain"), "'text/plain' is not a supported media type"),
        (with_take(path="thesis.txt"), "'thesis.txt' is not a path for audio/wav, whose files end in .wav"),
        (with_take(path="audio/title.mp3"), "'audio/title.mp3' is not a path for audio/wav"),
        (
            json.dumps(
                {"version": 1, "jobs": {"a": block(takes=[], receipt={**block()["receipt"], "request_id": ""})}}
            ),
            "needs the provider job id",
        ),
        (json.dumps({"version": 1, "jobs": {"a": block(takes=block()["takes"][:1] * 2)}}), "several have one"),
        (json.dumps({"version": 1, "jobs": {"a": block(pending=block(take=0))}}), "pending: take: 0 is less than 1"),
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
    path.write_bytes(render_lock(Lock(jobs=FULL.jobs, rehearsal=rehearsal)))
    with pytest.raises(StateError, match=f"is a lock of {kind}"):
        read_lock(path, rehearsal=not rehearsal)


def test_a_block_without_a_checksum_is_judged_by_its_fields_and_gets_one() -> None:
    plain = parse_lock(json.dumps({"version": 1, "jobs": {"title": block()}}))
    assert plain.jobs["title"] == FULL.jobs["title"]
    assert len(json.loads(render_lock(plain))["jobs"]["title"]["receipt"]["sum"]) == 16


def test_blocks_that_a_merge_brought_together_keep_their_checksums() -> None:
    ours, theirs = (json.loads(render_lock(Lock(jobs={name: entry(request_id=name)}))) for name in ("a", "b"))
    merged = json.dumps({"version": 1, "jobs": ours["jobs"] | theirs["jobs"]})
    assert set(parse_lock(merged).jobs) == {"a", "b"}


def test_every_bit_flip_of_a_lock_is_refused_or_means_the_same() -> None:
    """A job's name is its key: an entry of another name is found by what it asked for."""
    data = render_lock(FULL)
    whole = sorted(map(repr, parse_lock(data.decode()).jobs.values()))
    for place in range(8 * len(data)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        try:
            found = parse_lock(changed.decode())
        except ValueError:
            continue
        assert sorted(map(repr, found.jobs.values())) == whole, f"bit {place % 8} of byte {place // 8}"


@pytest.mark.parametrize("path", ["/etc/passwd", "../", "..", "a/../../outside.wav", "../a/../../outside.wav"])
def test_a_path_in_the_lock_does_not_lead_out_of_the_folder(path: str) -> None:
    data = json.loads(render_lock(FULL))
    data["jobs"]["title"]["takes"][0]["path"] = path
    with pytest.raises(ValueError, match="is not a valid entry"):
        parse_lock(json.dumps(data))


def test_a_chosen_take_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a valid entry"):
        parse_lock(with_title(take=0))
