"""When a finished piece is the same, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from runner.plan.decide import decide
from runner.plan.facts import Selected
from runner.plan.finishing import is_as_locked, known_output, path_of, stage_of
from runner.records import reasons as r
from runner.records.family import NumberedTake
from runner.records.lock import Output
from runner.records.mastering import Finishing, Format, Mastering, Tag
from runner.records.measured import Measured, Sound
from runner.records.plan import Verb
from tests.plan.test_decide import facts
from tests.support.catalog import shipped_catalog
from tests.support.made import entry, request, sha, take

if TYPE_CHECKING:
    from runner.plan.finishing import Stage
    from runner.records.lock import Entry
    from runner.records.plan import Action
    from runner.records.request import Request

SOUND = Sound(seconds=19.5, rate_hz=44_100, channels=1, measured=Measured(lufs=-16.1, true_peak_dbtp=-1.2))
FLAC = Finishing(mastering=Mastering(loudness_lufs=-16.0, peak_dbtp=-1.0, format=Format.FLAC), tags={})


def asked(finishing: Finishing | None = FLAC, **over: Any) -> Request:
    return request(finishing=finishing, **over)


def first(item: Entry) -> NumberedTake:
    return NumberedTake(number=1, entry=item, take=item.takes[0])


def staged(wanted: Request, item: Entry | None = None) -> Stage:
    stage = stage_of(wanted, first(item or entry()))
    assert stage is not None
    return stage


def placed(item: Entry, wanted: Request, word: str = "finished") -> Entry:
    """Return an entry whose take was finished as a request says, and placed."""
    return replace(item, output=staged(wanted, item).output(sha(word), 900, SOUND, None))


def test_the_fingerprint_of_a_stage_is_fixed() -> None:
    """Another value finishes every piece of every project again: raise SCHEME only for that."""
    assert staged(asked()).fingerprint == "sha256:fe6c3a2e46344e32ee23ca56c935ca0114295d6cf00a92cfd50a8874beadf024"


@pytest.mark.parametrize(
    "other",
    [
        asked(replace(FLAC, mastering=replace(FLAC.mastering, loudness_lufs=-20.0))),
        asked(replace(FLAC, tags={Tag.ARTIST: "Ember"})),
        asked(replace(FLAC, tags=None)),
        asked(job="opening"),
    ],
)
def test_settings_and_tags_change_the_fingerprint(other: Request) -> None:
    assert staged(other).fingerprint != staged(asked()).fingerprint


def test_another_take_changes_the_fingerprint_and_the_price_does_not() -> None:
    other = entry(takes=(take("two"),))
    assert staged(asked(), other).fingerprint != staged(asked()).fingerprint
    assert staged(asked(retries=3)).fingerprint == staged(asked()).fingerprint


def test_a_piece_says_where_it_comes_from() -> None:
    tags = staged(asked(replace(FLAC, tags={Tag.ARTIST: "Ember"}))).tags
    assert tags is not None
    assert {name: tags[name] for name in ("title", "artist", "job", "model", "seed", "comment")} == {
        "title": "title",
        "artist": "Ember",
        "job": "title",
        "model": "pixazo/ace-step-xl",
        "seed": "7",
        "comment": "AI-generated with pixazo/ace-step-xl",
    }
    assert tags["prompt_sha256"] == sha("low brass")
    assert tags["date"] == entry().receipt.submitted_at  # type: ignore[union-attr]
    assert tags["source_type"] == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def test_a_sketch_says_that_no_model_was_trained_for_it() -> None:
    sketch = replace(asked(), model=shipped_catalog().models["local/sketch"])
    tags = staged(sketch).tags
    assert tags is not None
    assert tags["source_type"].endswith("/algorithmicMedia")
    assert "comment" not in tags


@pytest.mark.parametrize(
    ("finishing", "media_type", "extension"),
    [
        (None, "audio/wav", ".wav"),
        (FLAC, "audio/wav", ".flac"),
        (Finishing(mastering=Mastering(format=Format.OPUS)), "audio/wav", ".opus"),
        (Finishing(mastering=Mastering(fade_in_s=1.0)), "audio/aac", ".m4a"),
        (Finishing(tags={}), "audio/aac", ".aac"),
    ],
)
def test_the_extension_is_that_of_the_file_that_will_be_there(
    finishing: Finishing | None, media_type: str, extension: str
) -> None:
    assert path_of(asked(finishing), media_type) == f"audio/title{extension}"


def test_what_was_finished_in_the_same_way_is_known_by_its_hash() -> None:
    item = placed(entry(), asked())
    assert known_output(asked(), first(item)) == item.output
    moved = known_output(asked(output="audio/opening"), first(item))
    assert (moved and moved.path, moved and moved.finished) == (
        "audio/opening.flac",
        item.output and item.output.finished,
    )
    assert is_as_locked(first(item), known_output(asked(), first(item)))
    assert known_output(asked(job="opening"), first(item)) is None
    assert not is_as_locked(first(item), known_output(asked(None), first(item)))
    assert known_output(asked(None), first(item)) == Output(path="audio/title.wav", sha256=item.takes[0].sha256)


# ---------------------------------------------------------------- what a plan does about it


def decided(wanted: Request, item: Entry, **known: Any) -> Action:
    (action,) = decide((wanted,), facts(item, **known), Selected()).actions
    return action


def test_only_the_stage_is_done_where_the_take_is_here() -> None:
    raw = entry()
    at, blobs = {"audio/title.wav": raw.takes[0].sha256}, {raw.takes[0].sha256}
    for outputs in (at, {}):
        action = decided(asked(), raw, outputs=outputs, blobs=blobs)
        assert (action.verb, action.reason, action.cost.worst) == (Verb.MASTER, r.NotMastered(), Decimal(0))
    assert decided(asked(), raw, outputs=at).verb is Verb.MASTER, "the take is at the output"


def test_a_finished_piece_is_reused_restored_or_finished_again() -> None:
    item, wanted = placed(entry(), asked()), asked()
    path, take_ = "audio/title.flac", item.takes[0].sha256
    assert decided(wanted, item, outputs={path: sha("finished")}).verb is Verb.REUSE
    assert decided(wanted, item, blobs={sha("finished")}).reason == r.OutputMissing(path=path)
    again = decided(wanted, item, blobs={take_})
    assert (again.verb, again.reason) == (Verb.MASTER, r.MasterMissing(path=path))
    other = asked(replace(FLAC, tags=None))
    changed = decided(other, item, outputs={path: sha("finished")}, blobs={take_})
    assert (changed.verb, changed.reason) == (Verb.MASTER, r.MasterChanged())


def test_a_checkout_without_the_take_asks_its_provider_for_it_once_more() -> None:
    item = placed(entry(), asked())
    other = asked(replace(FLAC, tags=None))
    action = decided(other, item, outputs={"audio/title.flac": sha("finished")})
    assert (action.verb, action.reason) == (Verb.RESUME, r.AudioMissing(path="audio/title.flac"))
    assert action.cost.worst == 0


def test_a_take_comes_back_as_it_was_when_nothing_finishes_it_any_more() -> None:
    item = placed(entry(), asked())
    known = {"outputs": {"audio/title.flac": sha("finished")}, "blobs": {item.takes[0].sha256}}
    action = decided(asked(None), item, **known)
    assert (action.verb, action.reason) == (Verb.RESTORE, r.Moved(path="audio/title.flac"))


def test_an_edited_piece_blocks() -> None:
    item = placed(entry(), asked())
    known = {"outputs": {"audio/title.flac": sha("mine")}, "blobs": {item.takes[0].sha256}}
    assert decided(asked(), item, **known).reason == r.EditedOutput(path="audio/title.flac")


def test_a_piece_in_the_way_blocks_before_anything_is_paid() -> None:
    (action,) = decide((asked(),), facts(outputs={"audio/title.flac": sha("mine")}), Selected()).actions
    assert (action.verb, action.reason) == (Verb.BLOCKED, r.ForeignOutput(path="audio/title.flac"))


def test_an_output_knows_the_take_that_it_was_finished_from() -> None:
    output = staged(asked()).output(sha("finished"), 900, SOUND, "draft")
    assert (output.raw, output.profile) == (entry().takes[0].sha256, "draft")
    assert output.is_same(replace(output, profile=None))
    assert not output.is_same(replace(output, finished=None))
    assert output.is_same(staged(asked()).output(sha("finished"), 900, replace(SOUND, seconds=20.0), None))
    assert Output(path="a.wav", sha256=sha("one")).raw == sha("one")


def test_what_is_heard_at_an_output_is_the_take_or_what_it_became() -> None:
    raw = entry()
    assert raw.heard is raw.takes[0]
    assert replace(raw, output=None).heard is None
    item = placed(raw, asked(Finishing(mastering=Mastering(format=Format.OPUS))))
    assert item.heard == replace(
        raw.takes[0], sha256=sha("finished"), bytes=900, media_type="audio/ogg", seconds=19.5, rate_hz=44_100, channels=1,
        measured=SOUND.measured,
    )  # fmt: skip


def test_a_piece_that_only_got_tags_sounds_as_its_take() -> None:
    own = take(lufs=-9.3, true_peak_dbtp=0.4, codec="pcm_s16le")
    tagged = staged(asked(Finishing(tags={})), entry(None, own)).output(sha("tagged"), 1100, None, None)
    assert tagged.finished is not None
    assert tagged.finished.sound == Sound(seconds=20.0, rate_hz=48_000, channels=2, measured=own.measured)
