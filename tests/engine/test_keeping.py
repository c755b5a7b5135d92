"""The task that measures and saves a download, in whatever process it is done."""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from runner.audio.encode import encode
from runner.audio.probe.container_header import BadAudio
from runner.audio.tasks import FileNotSeen
from runner.engine.keeping import inspect_and_save
from runner.state.blobs.local import LocalBlobs

if TYPE_CHECKING:
    from pathlib import Path

WAV = encode(np.zeros((48_000, 2), np.int16), 48_000, "audio/wav")
SHA256 = hashlib.sha256(WAV).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs")


def download(blobs: LocalBlobs, data: bytes) -> Path:
    part = blobs.incoming.part()
    part.write_bytes(data)
    return part


def test_a_download_that_can_be_played_moves_into_the_store(blobs: LocalBlobs) -> None:
    part = download(blobs, WAV)
    assert inspect_and_save(part, SHA256, blobs, listens=False).seconds == 1.0
    assert (list(blobs.list()), part.exists()) == ([SHA256], False)


def test_one_that_cannot_stays_where_it_is(blobs: LocalBlobs) -> None:
    part = download(blobs, b"no audio")
    with pytest.raises(BadAudio):
        inspect_and_save(part, SHA256, blobs, listens=False)
    assert (list(blobs.list()), part.exists()) == ([], True)


def test_one_that_is_not_seen_is_asked_for(blobs: LocalBlobs) -> None:
    with pytest.raises(FileNotSeen):
        inspect_and_save(blobs.incoming.part(), SHA256, blobs, listens=False)


def test_one_that_a_process_has_saved_before_it_was_killed_is_measured_in_the_store(blobs: LocalBlobs) -> None:
    part = download(blobs, WAV)
    told = inspect_and_save(part, SHA256, blobs, listens=False)
    assert inspect_and_save(part, SHA256, blobs, listens=False) == told


def test_a_store_in_another_process_is_the_same_and_names_its_own_downloads(blobs: LocalBlobs) -> None:
    other = pickle.loads(pickle.dumps(blobs))
    assert inspect_and_save(download(blobs, WAV), SHA256, other, listens=False).channels == 2
    assert SHA256 in blobs
    assert other.incoming.part().parent == blobs.incoming.part().parent
    assert other.incoming.part().name.split("-")[0] == blobs.incoming.part().name.split("-")[0]
    assert len({store.incoming.part().name.split("-")[1] for store in (blobs, other)}) == 2
