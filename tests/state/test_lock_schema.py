"""schemas/lock.schema.json says what a lock is: every lock that is written fits it, and what is refused does not."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator
from msgspec.structs import asdict, replace

from runner.records.approval import Approval
from runner.records.lock import Lock, ProviderJobId, State
from runner.records.lock_json import take_to_json
from runner.records.media_types import EXTENSIONS
from runner.records.pick import Pick
from runner.records.rating import MOST_STARS, Rating
from runner.state.lock_parsing import parse_lock
from runner.state.lock_text import render_lock
from runner.state.schemas import read_schema
from tests.support.command import scorefile, vendors_at
from tests.support.emulator import running_emulator
from tests.support.made import entry, finished, lock, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runner.records.lock import Entry

PIPELINE = """\
version: 1
name: night
profiles: {draft: {defaults: {model: local/sketch, params: {duration: 2}}}}
defaults: {model: pixazo/lyria-2, output: "audio/{{ job.id }}"}
jobs:
  title: {prompt: low brass}
  pair: {model: pixazo/ace-step-xl, prompt: choir, params: {batch_size: 2, duration: 3}, take: 2}
  dance: {model: pixverse/music-2.6, prompt: village dance}
  here: {model: local/sketch, prompt: calm, params: {duration: 2}}
  slow: {model: pixazo/lyria-2, prompt: long drone, timeout_s: 1}
  hidden: {model: pixverse/lyria-3-pro-preview, prompt: deep forest, timeout_s: 1}
"""
FAULTS = [
    {"do": "never-ends", "model": "pixazo/lyria-2", "nth": 2},
    {"do": "never-ends", "model": "pixverse/lyria-3-pro-preview", "nth": 1},
]
CURRENT = entry(None, take("one", lufs=-14.2, seed=11), take("two", media_type="audio/mpeg"), revision=4)
RECEIPT = CURRENT.receipt
assert RECEIPT is not None
TOLD = replace(RECEIPT, told=2, earlier_ids=frozenset({ProviderJobId.of("ace_0")}), poll_url="https://x.example/1")
SOUND = (
    CURRENT,
    entry(attempt="a2", revision=3, state=State.PENDING, request_id=str(ProviderJobId.of("user:1-music:2").hidden())),
    replace(entry(attempt="a3", revision=2, state=State.LOST), receipt=TOLD),
)
FULL = take(
    "three", codec="pcm_s16le", lufs=-14.2, lra_lu=6.1, true_peak_dbtp=-0.9, head_silence_s=0.012, tail_silence_s=1.5,
    clipped_samples=3, dc_offset=-0.0001, bpm=96.0, key="D minor", seed=11,
)  # fmt: skip
NEEDED = ("attempt", "revision", "model", "request", "fingerprint", "state", "takes")
"""What no submission is without."""
PIECE = {
    "take": take("one").sha256, "master": f"sha256:{'0' * 64}", "bytes": 900, "seconds": 18.5, "rate_hz": 44100, "channels": 2,
}  # fmt: skip
PICKED = {"title": frozenset({Pick(sha256=take("one").sha256, revision=5)})}


@cache
def schema() -> Draft7Validator:
    return Draft7Validator(read_schema("lock.schema.json"))


def faults(found: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in schema().iter_errors(found)]


def test_a_roll_fits_it_too() -> None:
    rolled = entry({"prompt": "low brass", "seed": 8}, attempt="a4", revision=5, request_id="ace_4", roll=2, path=None)
    found = written(*SOUND, rolled)
    assert faults(found) == []
    block = next(item for item in found["jobs"]["title"]["submissions"] if item["attempt"] == "a4")
    assert (block["roll"], block["roll_of"]) == (2, CURRENT.fingerprint)
    assert parse_lock(json.dumps(found)).entries["a4"] == rolled


def test_approvals_and_a_pick_that_was_undone_fit_it_too() -> None:
    undone = Pick(sha256=None, revision=6, replaces=frozenset({f"5-{take('one').sha256[:16]}", "4-none"}))
    said = Approval(sha256=take("one").sha256, by="Ada", at="2026-11-20T12:00:00Z", note="for the trailer")
    ended = Approval(sha256=said.sha256, by="Bob", at="2026-11-20T13:00:00Z", withdraws=frozenset({said.name}))
    held = lock(CURRENT, picks={"title": frozenset({undone})}, approvals={"title": frozenset({said, ended})})
    found = json.loads(render_lock(held))
    assert faults(found) == []
    assert parse_lock(json.dumps(found)) == held


def test_ratings_and_one_that_was_withdrawn_fit_it_too() -> None:
    liked = Rating(sha256=take("one").sha256, by="Ada", at="2026-11-20T12:00:00Z", stars=MOST_STARS, note="für «Ende»")
    noted = replace(liked, by="Bob", stars=None, note="too loud\nat the end")
    ended = replace(liked, by="Cleo", stars=None, note="", replaces=frozenset({replace(liked, by="Cleo").name}))
    held = lock(CURRENT, ratings={"title": frozenset({liked, noted, ended})})
    found = json.loads(render_lock(held))
    assert faults(found) == []
    assert parse_lock(json.dumps(found)) == held
    of_bob = next(item for item in found["jobs"]["title"]["ratings"] if item["by"] == "Bob")
    assert of_bob.keys() == {"sha256", "by", "at", "note"}


def test_the_place_of_what_is_wrong_with_a_rating_is_named() -> None:
    for over, told in WRONG_RATINGS:
        found = written()
        _rating(**over)(found)
        with pytest.raises(ValueError, match=f"the block of 'title' is not valid: {told}"):
            parse_lock(json.dumps(found))


def written(*entries: Entry) -> Any:
    return json.loads(render_lock(lock(*(entries or SOUND), picks=PICKED)))


@pytest.fixture
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    played = tmp_path_factory.mktemp("faults") / "faults.json"
    played.write_text(json.dumps(FAULTS))
    with running_emulator(faults=played) as running:
        yield vendors_at(running.url)


def test_it_is_a_draft_07_schema() -> None:
    Draft7Validator.check_schema(read_schema("lock.schema.json"))


def test_locks_of_every_kind_that_runs_write_fit_it(tmp_path: Path, vendors: dict[str, str]) -> None:
    (tmp_path / "night.yaml").write_text(PIPELINE)
    words = ("night.yaml", "--yes", "-q", "-j", "1")
    scorefile("run", *words, cwd=tmp_path, env=vendors)
    scorefile("run", *words, "title", "--profile", "draft", cwd=tmp_path, env=vendors)
    found = json.loads((tmp_path / "night.lock").read_text())
    assert faults(found) == []
    jobs = {job: block["submissions"] for job, block in found["jobs"].items()}
    assert {job: items[0]["state"] for job, items in jobs.items()} == {
        "title": "done",
        "pair": "done",
        "dance": "done",
        "here": "done",
        "slow": "pending",
        "hidden": "pending",
    }
    draft, paid = jobs["title"]
    assert "receipt" not in draft
    assert paid["receipt"]["request_id"].startswith("lyria-2_")
    assert "receipt" not in jobs["here"][0]
    ids = {job: items[-1]["receipt"]["request_id"] for job, items in jobs.items() if job != "here"}
    assert [job for job, id_ in ids.items() if ProviderJobId.parse(id_).plain is None] == ["dance", "hidden"]
    assert len(jobs["pair"][0]["takes"]) == 2


def test_a_receipt_that_waits_beside_a_finished_one_fits_it(tmp_path: Path, vendors: dict[str, str]) -> None:
    once = "version: 1\njobs:\n  title: {model: pixazo/lyria-2, prompt: low brass, timeout_s: 2}\n"
    (tmp_path / "night.yaml").write_text(once)
    scorefile("run", "night.yaml", "--yes", "-q", cwd=tmp_path, env=vendors)
    scorefile("run", "night.yaml", "title", "--force", "--yes", "-q", cwd=tmp_path, env=vendors)
    found = json.loads((tmp_path / "night.lock").read_text())
    assert [item["state"] for item in found["jobs"]["title"]["submissions"]] == ["pending", "done"]
    assert faults(found) == []


def test_the_lock_of_a_rehearsal_fits_it(tmp_path: Path) -> None:
    (tmp_path / "night.yaml").write_text(PIPELINE)
    scorefile("run", "night.yaml", "title", "dance", "--rehearse", "-q", cwd=tmp_path)
    found = json.loads((tmp_path / ".scorefile/rehearsal/night/night.lock").read_text())
    assert found["rehearsal"] is True
    assert faults(found) == []


def test_an_empty_lock_and_a_submission_without_a_checksum_fit_it() -> None:
    assert faults(json.loads(render_lock(Lock()))) == []
    found = written()
    for item in found["jobs"]["title"]["submissions"]:
        del item["sum"]
    assert faults(found) == []
    assert parse_lock(json.dumps(found)) == lock(*SOUND, picks=PICKED)


@pytest.mark.parametrize("state", State)
def test_a_submission_of_every_state_fits_it(state: State) -> None:
    for known_id in ("ace_1", None):
        found = written(entry(state=state, request_id=known_id))
        try:
            parse_lock(json.dumps(found))
        except ValueError:
            assert faults(found) != []
        else:
            assert faults(found) == []
    assert faults(written(entry(local=True))) == []


def test_audio_that_came_by_a_wrong_id_may_be_at_the_output_until_the_right_one_replaces_it() -> None:
    waits = replace(entry(state=State.PENDING), receipt=TOLD, output=CURRENT.output)
    assert faults(written(waits)) == []
    assert parse_lock(json.dumps(written(waits))).entries == {"a1": waits}
    never_told = written(replace(waits, receipt=RECEIPT))
    assert faults(never_told) != []
    with pytest.raises(ValueError, match="it is none of the takes"):
        parse_lock(json.dumps(never_told))


def test_what_the_schema_says_of_states_takes_and_media_types_is_all_there_is() -> None:
    told = read_schema("lock.schema.json")["definitions"]
    assert told["submission"]["properties"]["state"]["enum"] == list(State)
    assert told["take"]["properties"]["media_type"]["enum"] == list(EXTENSIONS)
    assert sorted(told["take"]["properties"]) == sorted(take_to_json(FULL))


def test_all_that_is_measured_of_a_take_is_in_the_lock_beside_its_hash() -> None:
    own = entry(None, FULL)
    assert faults(written(own)) == []
    assert parse_lock(json.dumps(written(own))).entries == {"a1": own}


def test_what_a_take_became_is_in_the_lock_with_all_that_is_measured_of_it() -> None:
    made = entry(None, FULL)
    for path in ("audio/title.flac", "audio/title.opus"):
        own = replace(made, output=finished("loud", FULL, path=path, **asdict(FULL.measured)))
        assert faults(written(own)) == []
        assert parse_lock(json.dumps(written(own))).entries == {"a1": own}
    piece = written(own)["jobs"]["title"]["submissions"][0]["output"]["finished"]
    assert set(piece) == set(read_schema("lock.schema.json")["definitions"]["finished"]["properties"])


@pytest.mark.parametrize("media_type", EXTENSIONS)
def test_every_kind_of_audio_fits_it_at_a_path_of_its_own_extension_only(media_type: str) -> None:
    own = entry(None, take(media_type=media_type), path=f"a/b{EXTENSIONS[media_type]}")
    assert faults(written(own)) == []
    assert own.output is not None
    assert faults(written(replace(own, output=replace(own.output, path="a/b.txt")))) != []


def _block(change: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda found: change(found["jobs"]["title"])


def _current(change: Callable[[Any], object]) -> Callable[[Any], object]:
    """Return a change of the current submission, as by a person, who takes its checksum out."""

    def changed(found: Any) -> None:
        item = found["jobs"]["title"]["submissions"][0]
        del item["sum"]
        change(item)

    return changed


def _entry(**over: Any) -> Callable[[Any], object]:
    return _current(lambda item: item.update(over))


def _without(name: str) -> Callable[[Any], object]:
    return _current(lambda item: item.pop(name))


def _receipt(**over: Any) -> Callable[[Any], object]:
    return _current(lambda item: item["receipt"].update(over))


def _take(**over: Any) -> Callable[[Any], object]:
    return _current(lambda item: item["takes"][0].update(over))


def _output(**over: Any) -> Callable[[Any], object]:
    return _current(lambda item: item["output"].update(over))


def _finished(**over: Any) -> Callable[[Any], object]:
    """Return a change to an output that is finished; what is None is left out."""
    return _output(finished={name: value for name, value in (PIECE | over).items() if value is not None})


def _pick(**over: Any) -> Callable[[Any], object]:
    return _block(lambda block: block["picks"][0].update(over))


def _approval(**over: Any) -> Callable[[Any], object]:
    said = {"sha256": "0" * 64, "by": "Ada", "at": "2026-11-20T12:00:00Z"}
    return _block(lambda block: block.update(approvals=[said | over]))


def _rating(**over: Any) -> Callable[[Any], object]:
    said = {"sha256": "0" * 64, "by": "Ada", "at": "2026-11-20T12:00:00Z", "stars": 4}
    return _block(lambda block: block.update(ratings=[said | over]))


WRONG_RATINGS: list[tuple[dict[str, Any], str]] = [
    ({"sha256": "x"}, r"ratings\[0\].sha256: expected 64 hex digits"),
    ({"by": ""}, "ratings.by: '' is not a name"),
    ({"by": "a\n"}, r"ratings.by: 'a\\n' is not a name"),
    ({"at": "yesterday"}, "ratings.at: 'yesterday' is not a time such as 2026-11-20T12:00:00Z"),
    ({"stars": 0}, r"ratings\[0\].stars: expected a whole number of at least 1"),
    ({"stars": 6}, r"ratings\[0\].stars: expected a whole number of at most 5"),
    ({"stars": True}, r"ratings\[0\].stars: expected a whole number, found true or false"),
    ({"stars": None}, r"ratings\[0\].stars: expected a whole number, found null"),
    ({"note": "x" * 2001}, "ratings.note: 'x+' is not a note"),
    ({"note": "a\x1b[31m"}, r"ratings.note: 'a\\x1b\[31m' is not a note"),
    ({"replaces": ["x"]}, r"ratings\[0\].replaces\[0\]: expected 16 hex digits"),
    ({"why": "it is better"}, r"ratings\[0\]: unknown field `why`"),
]


@pytest.mark.parametrize(
    "change",
    [
        _block(lambda block: block.update(ratings=[1])),
        *(_rating(**over) for over, _ in WRONG_RATINGS if over.keys() & {"at", "stars", "replaces", "why"}),
        _rating(sha256="x"),
        _rating(by=""),
        _rating(note="x" * 2001),
        _block(lambda block: block.update(ratings=[{"sha256": "0" * 64, "by": "Ada", "at": "2026-11-20T12:00:00Z"}])),
        lambda found: found.update(version=1),
        lambda found: found.update(version=3),
        lambda found: found.update(extra=1),
        lambda found: found.pop("jobs"),
        _block(lambda block: block.update(price=3)),
        _block(lambda block: block.pop("submissions")),
        _block(lambda block: block.update(picks=[1])),
        _pick(sha256="x"),
        _block(lambda block: block["picks"][0].pop("sha256")),
        _block(lambda block: block.update(approvals=[1])),
        _approval(sha256="x"),
        _approval(by=""),
        _approval(by="x" * 201),
        _approval(at="yesterday"),
        _approval(note="x" * 2001),
        _approval(withdraws=["x"]),
        _approval(why="it is better"),
        _pick(revision="1"),
        _pick(why="it is better"),
        _block(lambda block: block["picks"][0].pop("revision")),
        _entry(price=3),
        _entry(job="title"),
        _entry(attempt="../a"),
        _entry(attempt="a" * 81),
        _entry(attempt="a1\n"),
        _entry(revision=-1),
        _entry(revision="1"),
        _entry(revision=1.5),
        _entry(state="finished"),
        _entry(state="pending"),
        _entry(takes=[]),
        _entry(state="pending", takes=[]),
        _entry(state="unknown", takes=[]),
        _entry(seed_param=7),
        _entry(roll=1),
        _entry(roll_of="sha256:" + "0" * 64),
        _entry(roll=0, roll_of="sha256:" + "0" * 64),
        _entry(roll=True, roll_of="sha256:" + "0" * 64),
        _entry(roll=1, roll_of="sha256:0"),
        _entry(roll=1, roll_of=5),
        _entry(sum=""),
        *map(_without, NEEDED),
        _block(lambda block: block["submissions"][1].pop("receipt")),
        _block(lambda block: block["submissions"][1].update(output=block["submissions"][0]["output"])),
        _receipt(request_id="a b"),
        _receipt(request_id="a\n"),
        _receipt(request_id="a" * 513),
        _receipt(price_usd="0,10"),
        _receipt(price_usd="NaN"),
        _receipt(price_usd="-1"),
        _receipt(submitted_at="20x6-11-20T12:00:00Z"),
        _receipt(submitted_at="2026-11-20T12:00:00"),
        _receipt(poll_url="file:///etc/passwd"),
        _receipt(poll_url=5),
        _receipt(told=-1),
        _receipt(told="1"),
        _receipt(earlier_ids=["a b"]),
        _receipt(earlier_ids=[5]),
        _receipt(sum="0" * 16),
        _current(lambda item: item["receipt"].pop("price_usd")),
        _current(lambda item: item["receipt"].pop("submitted_at")),
        _take(sha256="../../etc/passwd"),
        _take(bytes=-1),
        _take(bytes=1.5),
        _take(seconds=-1),
        _take(seconds="nan"),
        _take(lufs="inf"),
        _take(codec=5),
        _take(lra_lu=-1),
        _take(true_peak_dbtp="nan"),
        _take(head_silence_s=-1),
        _take(tail_silence_s="inf"),
        _take(clipped_samples=1.5),
        _take(clipped_samples=-1),
        _take(dc_offset="nan"),
        _take(bpm=-1),
        _take(key=5),
        _take(channels=0),
        _take(number=0),
        _take(path="audio/title.wav"),
        _take(media_type="text/plain"),
        _current(lambda item: item["takes"][0].pop("number")),
        _output(path="thesis.txt"),
        _output(path="/etc/title.wav"),
        _output(path="../.."),
        _output(path="../a/../../title.wav"),
        _output(path="a/../../title.wav"),
        _output(sha256="x"),
        _output(take="0" * 64),
        _output(finished="loud"),
        _finished(take="x"),
        _finished(master="x"),
        _finished(bytes=-1),
        _finished(seconds="nan"),
        _finished(rate_hz=0),
        _finished(lufs="inf"),
        _finished(number=1),
        *(_finished(**{name: None}) for name in PIECE),
        _current(lambda item: item["output"].pop("sha256")),
    ],
)
def test_what_the_reader_refuses_does_not_fit_it(change: Callable[[Any], object]) -> None:
    found = written()
    change(found)
    assert faults(found) != []
    if found["version"] != 1:  # the reader knows it, too
        with pytest.raises(ValueError, match=r"."):
            parse_lock(json.dumps(found))


def test_a_path_of_another_media_type_fits_only_where_the_takes_are_of_several() -> None:
    """A schema cannot say which of them is placed; the reader can."""
    mixed, single = written(), written(entry())
    for found in (mixed, single):
        _output(path="audio/title.mp3")(found)
        with pytest.raises(ValueError, match="is not a path for audio/wav"):
            parse_lock(json.dumps(found))
    assert faults(mixed) == []
    assert faults(single) != []
