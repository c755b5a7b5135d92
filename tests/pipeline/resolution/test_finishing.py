"""What `master:` and `tags:` become: bounded numbers, words of closed sets, and what jobs share with the defaults."""

from __future__ import annotations

import pytest

from runner.records.mastering import SILENCE, Finishing, Format, Mastering, Tag
from tests.pipeline.conftest import check_text

HEAD = "version: 1\nname: night\nvars: {lufs: -18, wide: stereo}\ndefaults:\n  model: acme/solo\n"


def finishing(job: str, defaults: str = "") -> Finishing | None:
    """Return what a job's finishing is; `defaults` are further lines of the file's defaults."""
    found = check_text(f"{HEAD}{defaults}jobs:\n  a: {{prompt: x, {job}}}\n")
    assert [problem for problem in found.problems if problem.severity == "error"] == []
    (request,) = found.requests
    return request.finishing


def mastering(settings: str, defaults: str = "") -> Mastering:
    found = finishing(f"master: {settings}", defaults)
    assert found is not None
    return found.mastering


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("{}", Mastering()),
        ("true", Mastering()),
        ("{loudness: -16 LUFS}", Mastering(loudness_lufs=-16.0, peak_dbtp=-1.0)),
        ("{loudness: -23, peak: -3 dBTP}", Mastering(loudness_lufs=-23.0, peak_dbtp=-3.0)),
        ('{loudness: "{{ lufs }} LUFS"}', Mastering(loudness_lufs=-18.0, peak_dbtp=-1.0)),
        ('{loudness: "{{ lufs }}"}', Mastering(loudness_lufs=-18.0, peak_dbtp=-1.0)),
        ("{peak: -6}", Mastering(peak_dbtp=-6.0)),
        ("{trim: silence}", Mastering(trim=SILENCE)),
        ("{trim: [500 ms, 12.5]}", Mastering(trim=(0.5, 12.5))),
        ("{fade_in: 250 ms, fade_out: 3 s}", Mastering(fade_in_s=0.25, fade_out_s=3.0)),
        ("{loop: true}", Mastering(loop_s=2.0)),
        ("{loop: {crossfade: 4 s}}", Mastering(loop_s=4.0)),
        ("{loop: false}", Mastering()),
        ("{rate: 44.1 kHz, channels: mono}", Mastering(rate_hz=44_100, channels=1)),
        ('{rate: 48000, channels: "{{ wide }}"}', Mastering(rate_hz=48_000, channels=2)),
        ("{format: flac, quality: 24 bit}", Mastering(format=Format.FLAC, quality=24)),
        ("{format: opus, quality: 96 kbps}", Mastering(format=Format.OPUS, quality=96)),
    ],
)
def test_settings_are_read_with_or_without_their_unit(settings: str, expected: Mastering) -> None:
    assert mastering(settings) == expected


def test_a_job_lays_its_settings_over_the_defaults() -> None:
    shared = "  master: {loudness: -16 LUFS, fade_out: 2 s}\n  tags: {artist: Ember, genre: brass}\n"
    assert mastering("{loudness: -20}", shared) == Mastering(loudness_lufs=-20.0, peak_dbtp=-1.0, fade_out_s=2.0)
    assert mastering("{fade_out: null}", shared) == Mastering(loudness_lufs=-16.0, peak_dbtp=-1.0)
    assert finishing("master: false, tags: false", shared) is None
    found = finishing("tags: {genre: null, title: Low}", shared)
    assert found is not None
    assert found.tags == {Tag.ARTIST: "Ember", Tag.TITLE: "Low"}


@pytest.mark.parametrize(
    ("job", "tags"),
    [
        ("master: {}", {}),
        ("master: {}, tags: false", None),
        ("tags: true", {}),
        ("tags: {artist: Ember}", {Tag.ARTIST: "Ember"}),
    ],
)
def test_master_implies_tags_unless_they_are_turned_off(job: str, tags: dict[Tag, str] | None) -> None:
    found = finishing(job)
    assert found is not None
    assert found.tags == tags


@pytest.mark.parametrize("job", ["take: 1", "tags: false", "master: false"])
def test_without_master_and_tags_a_take_is_placed_as_it_is(job: str) -> None:
    assert finishing(job) is None


def test_an_exact_length_is_the_one_that_the_request_asks_for() -> None:
    text = "version: 1\njobs: {a: {model: acme/solo, prompt: x, params: {duration: 12}, master: {length: exact}}}\n"
    (request,) = check_text(text).requests
    assert request.finishing is not None
    assert request.finishing.mastering.exact_s == 12.0
