"""Tags can be read back from every format, by this program and by FFmpeg, and the audio stays what it was."""

from __future__ import annotations

import hashlib
import io
import struct
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from runner.audio.encode import encode
from runner.audio.master.finish import finish
from runner.audio.probe.decode import BadAudio, probe
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose
from runner.audio.tags.names import NAMES
from runner.audio.tags.write import read_tags, write_tags
from runner.plan.finishing import SOURCE_TYPES, TRAINED
from runner.records.mastering import Format, Mastering, Tag

if TYPE_CHECKING:
    from pathlib import Path

TAGS = {
    "title": "Nacht über Brünn",
    "artist": "Ember Studio",
    "album": "Emberfall",
    "genre": "Brass",
    "composer": "Nobody",
    "copyright": "© 2026 Ember",
    "comment": "AI-generated with pixazo/tracks",
    "date": "2026-11-21T12:00:00Z",
    "job": "battle@forest-hot",
    "model": "pixazo/tracks",
    "seed": "4711",
    "prompt_sha256": "ab" * 32,
    "take_sha256": "cd" * 32,
    "source_type": SOURCE_TYPES + TRAINED,
}


@pytest.fixture
def piece(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    source = encode(compose(Brief(prompt="calm", duration_s=2.0, seed=1)), 48_000, "audio/wav")
    target = tmp_path / "piece"
    finish(source, "audio/wav", Mastering(format=request.param), target)
    return target


def test_every_tag_of_a_pipeline_has_names() -> None:
    assert set(TAGS) == set(NAMES)
    assert {tag.value for tag in Tag} < set(NAMES)


@pytest.mark.parametrize("piece", list(Format), indirect=True)
def test_every_tag_can_be_read_back_and_the_audio_stays(piece: Path) -> None:
    before = probe(piece)
    assert read_tags(piece) == {}
    write_tags(piece, TAGS)
    found = read_tags(piece)
    assert found.pop("date").startswith("2026-11-21")
    assert found == {name: text for name, text in TAGS.items() if name != "date"}
    assert probe(piece) == before


@pytest.mark.parametrize("piece", list(Format), indirect=True)
def test_other_programs_read_the_title(piece: Path) -> None:
    write_tags(piece, TAGS)
    with av.open(io.BytesIO(piece.read_bytes()), "r") as file:
        said = {key.lower(): text for key, text in (file.metadata | file.streams.audio[0].metadata).items()}
    assert said["title"] == TAGS["title"]
    assert said["artist"] == TAGS["artist"]


@pytest.mark.parametrize("form", list(Format))
def test_the_same_tags_make_the_same_bytes(form: Format, tmp_path: Path) -> None:
    source = encode(compose(Brief(prompt="calm", duration_s=1.0, seed=1)), 48_000, "audio/wav")
    hashes = set()
    for number in range(2):
        target = tmp_path / f"piece{number}"
        finish(source, "audio/wav", Mastering(format=form), target)
        write_tags(target, TAGS)
        hashes.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(hashes) == 1


@pytest.mark.parametrize("piece", [Format.WAV], indirect=True)
def test_wav_says_it_to_broadcasters_and_players(piece: Path) -> None:
    write_tags(piece, TAGS)
    data = piece.read_bytes()
    assert struct.unpack_from("<I", data, 4)[0] + 8 == len(data)
    bext = data.index(b"bext")
    assert data[bext + 8 :].startswith(b"AI-generated with pixazo/tracks; job=battle@forest-hot; model=pixazo/tracks")
    assert data[bext + 8 + 320 : bext + 8 + 338] == b"2026-11-2112:00:00"
    assert b"trainedAlgorithmicMedia" in data[bext : bext + 264]
    info = data.index(b"LIST")
    assert data[info + 8 : info + 12] == b"INFO"
    assert "Nacht über Brünn".encode() in data[info:]


@pytest.mark.parametrize("media_type", ["audio/wav", "audio/flac", "audio/ogg", "audio/mpeg", "audio/mp4"])
def test_a_take_as_it_came_can_be_tagged(media_type: str, tmp_path: Path) -> None:
    take = tmp_path / "take"
    take.write_bytes(encode(compose(Brief(prompt="calm", duration_s=2.0, seed=1)), 48_000, media_type))
    before = probe(take)
    write_tags(take, TAGS)
    assert read_tags(take)["job"] == TAGS["job"]
    assert probe(take) == before


def test_what_is_no_audio_has_no_tags(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("<html>")
    with pytest.raises(BadAudio, match=r"^not audio: an HTML page, 6 bytes$"):
        read_tags(tmp_path / "page")


def test_broken_audio_has_no_tags(tmp_path: Path) -> None:
    for head in (b"fLaC", b"ID3\x04\x00\x00\x00\x00\x00\x05aaaaa\xff\xfb", b"RIFF\0\0\0\0WAVE", b"OggS" + bytes(40)):
        (tmp_path / "piece").write_bytes(head + bytes(np.arange(100, dtype=np.uint8)))
        assert read_tags(tmp_path / "piece") == {}
