"""The pages of an Ogg file are numbered alike each time, and stay whole."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
import soundfile

from runner.audio.ogg_pages import renumber


def vorbis(samples: int) -> bytes:
    buffer = io.BytesIO()
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(samples) / 48_000)
    with soundfile.SoundFile(buffer, "w", 48_000, 1, "VORBIS", format="OGG") as file:
        file.title = "Low brass"
        file.write(tone)
    return buffer.getvalue()


def renumbered(data: bytes) -> bytes:
    target = io.BytesIO()
    renumber(io.BytesIO(data), target)
    return target.getvalue()


@pytest.mark.parametrize("samples", [10, 48_000, 60_000, 70_000, 481_234])
def test_two_files_of_the_same_audio_become_one(samples: int) -> None:
    files = {vorbis(samples), vorbis(samples)}
    assert len(files) == 2
    (data,) = {renumbered(data) for data in files}
    assert soundfile.info(io.BytesIO(data)).frames == samples


def test_each_page_keeps_its_checksum_right() -> None:
    data = renumbered(vorbis(200_000))
    options = {"err_detect": "crccheck+explode"}
    with av.open(io.BytesIO(data), "r", container_options=options) as file:
        assert file.streams.audio[0].metadata["TITLE"] == "Low brass"
        assert sum(frame.samples for frame in file.decode(file.streams.audio[0])) == 200_000
    samples, _ = soundfile.read(io.BytesIO(data))  # libogg leaves out pages whose checksum is wrong
    assert len(samples) == 200_000
