"""NAME.lock: every block is a receipt, so what cannot be read is refused and never taken for an empty lock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from runner.errors import StateError
from runner.records import Lock
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


def test_what_is_written_is_read_back() -> None:
    assert parse_lock(render_lock(FULL).decode()) == FULL


def test_a_rehearsal_is_marked_and_read_back() -> None:
    marked = Lock(jobs=FULL.jobs, rehearsal=True)
    assert parse_lock(render_lock(marked).decode()) == marked


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
        ("<<<<<<< ours\n{}\n=======\n>>>>>>> theirs\n", "conflict markers of a merge: keep both sides' blocks"),
        ('{\n<<<<<<< ours\n "version": 1\n', "conflict markers"),
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[]", "does not say version 1"),
        ('{"version": 2, "jobs": {}}', "does not say version 1"),
        ('{"version": 1}', "exactly `version` and `jobs`"),
        ('{"version": 1, "jobs": []}', "exactly `version` and `jobs`"),
        ('{"version": 1, "jobs": {}, "extra": 1}', "exactly `version` and `jobs`"),
        ('{"version": 1, "jobs": {}, "jobs": {}}', "'jobs' stands in it twice"),
        ('{"version": 1, "jobs": {"a": NaN}}', "NaN is not JSON"),
        ('{"version": 1, "jobs": {"a": -Infinity}}', "-Infinity is not JSON"),
        ('{"version": 1, "jobs": {"a": 1}}', "the block of 'a' is not an entry"),
        (with_title(price=3), "unknown field 'price'"),
        (with_title(take="1"), "the block of 'title' is not an entry: '1' is not a whole number"),
        (with_title(take=True), "True is not a whole number"),
        (with_title(takes=[{"sha256": "../../etc/passwd"}]), "sha256 is not 64 hex digits"),
        (with_title(receipt={"request_id": 5}), "the block of 'title' is not an entry"),
        ("[" * 100_000, ""),
    ],
)
def test_a_damaged_lock_is_refused_and_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "night.lock"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StateError, match="cannot be read") as caught:
        read_lock(path, rehearsal=False)
    assert why in caught.value.message
    assert caught.value.help == "it holds receipts, so nothing is made anew; restore it with git, or mend it"


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


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.wav", "a/../../outside.wav"])
def test_a_path_in_the_lock_does_not_lead_out_of_the_folder(path: str) -> None:
    data = json.loads(render_lock(FULL))
    data["jobs"]["title"]["takes"][0]["path"] = path
    with pytest.raises(ValueError, match="is not an entry"):
        parse_lock(json.dumps(data))


def test_a_chosen_take_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="is not an entry"):
        parse_lock(with_title(take=0))
