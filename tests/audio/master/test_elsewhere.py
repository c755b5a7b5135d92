"""A take is finished on a machine that does not see our files as it is here."""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from runner.audio.encode import encode
from runner.audio.tasks import FileNotSeen, MasteredFile, MasterOrder, master_take
from runner.records.mastering import Format, Mastering

if TYPE_CHECKING:
    from pathlib import Path

TONE = (0.3 * np.sin(2 * np.pi * 220 * np.arange(96_000) / 48_000) * 32767).astype(np.int16)
TAKE = encode(np.stack((TONE, TONE), axis=1), 48_000, "audio/wav")
ORDER = MasterOrder(
    media_type="audio/wav",
    mastering=Mastering(loudness_lufs=-20.0, peak_dbtp=-1.0, format=Format.OGG),
    tags={"job": "title", "model": "pixazo/tracks"},
)


def test_the_bytes_come_back_where_the_target_is_not_seen(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.touch()
    written = master_take(TAKE, ORDER, here)
    sent = master_take(TAKE, pickle.loads(pickle.dumps(ORDER)), tmp_path / "elsewhere")
    assert written.data is None
    assert sent.data == here.read_bytes()
    assert written.sha256 == sent.sha256 == hashlib.sha256(here.read_bytes()).hexdigest()
    assert written.size == sent.size == here.stat().st_size
    assert written.sound == sent.sound
    assert written.sound is not None
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


@pytest.mark.parametrize("mastering", [ORDER.mastering, Mastering()], ids=["finished", "tagged"])
def test_a_take_that_is_not_seen_is_asked_for_as_bytes(mastering: Mastering, tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    order = MasterOrder(media_type="audio/wav", mastering=mastering, tags=None)
    with pytest.raises(FileNotSeen):
        master_take(tmp_path / "elsewhere", order, tmp_path / "target")


def test_without_settings_and_tags_a_take_stays_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    order = MasterOrder(media_type="audio/wav", mastering=Mastering(), tags=None)
    made = master_take(TAKE, order, tmp_path / "target")
    assert made == MasteredFile(sha256=hashlib.sha256(TAKE).hexdigest(), size=len(TAKE), sound=None, data=None)
    assert (tmp_path / "target").read_bytes() == TAKE
