"""What a run has any executor do: functions of bytes and paths, picklable, that return records.

An executor may be in another process, or on another machine that does not see the files of this one.
"""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from runner import __version__
from runner.errors import ScorefileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.audio.local.orders import LocalOrder, Source
    from runner.audio.pictures import Picture
    from runner.audio.sketch.brief import Brief
    from runner.audio.sketch.render import Pcm
    from runner.records.mastering import Mastering
    from runner.records.measured import Measured, Probe, Sound

RATE_HZ = 48_000


class FileNotSeen(Exception):
    """The executor does not see a file of the machine that asks: send the bytes."""


class OtherVersions(Exception):
    """The executor runs other versions: what it makes may differ."""


class Result(Struct, frozen=True, kw_only=True):
    """What a task returned, or the error that it raised: any other error is one of the executor."""

    value: object = None
    error: Exception | None = None


class SketchOrder(Struct, frozen=True, kw_only=True):
    """A sketch as a file."""

    brief: Brief
    media_type: str
    bit_rate_kbps: int | None = None
    tags: Mapping[str, str]


class MadeFile(Struct, frozen=True, kw_only=True):
    """A file that was made and can be played. `data` is None when it was written where it was wanted."""

    sha256: str
    size: int
    probe: Probe
    data: bytes | None


class MasterOrder(Struct, frozen=True, kw_only=True):
    """How a take is finished. `media_type` is the take's; `tags` are None where the piece says nothing of itself."""

    media_type: str
    mastering: Mastering
    tags: Mapping[str, str] | None


class MasteredFile(Struct, frozen=True, kw_only=True):
    """A finished piece. `data` is None when it was written where it was wanted, `sound` where that is the take's."""

    sha256: str
    size: int
    sound: Sound | None
    data: bytes | None


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of all that decides over the bytes of a result."""
    import platform
    from importlib.metadata import version

    python = ".".join(platform.python_version_tuple()[:2])
    return {"scorefile": __version__, "python": python} | {
        name: version(name) for name in ("av", "mutagen", "numpy", "soundfile")
    }


def perform(expected: Mapping[str, str], call: Callable[..., object], *args: object) -> Result:
    """Do a task where the versions are the expected ones. Raises OtherVersions."""
    if versions() != expected:
        raise OtherVersions
    try:
        return Result(value=call(*args))
    except (ScorefileError, FileNotSeen, OSError) as error:
        return Result(error=error)


def load() -> None:
    """Load what decodes and measures, before the first file is there."""
    import runner.audio.probe.measure  # noqa: F401 - FFmpeg is for those who do the work


def inspect_file(source: Path | bytes) -> Probe:
    """Decode a file to its end and measure it. Raises BadAudio, or FileNotSeen."""
    from runner.audio.probe.measure import inspect  # FFmpeg is for those who do the work

    try:
        return inspect(source)
    except FileNotFoundError as error:
        raise FileNotSeen from error


def inspect_take(source: Path | bytes, *, listens: bool) -> Probe:
    """Decode a file to its end and measure it; where one `listens`, also its tempo and key. Raises BadAudio, or FileNotSeen."""
    probe = inspect_file(source)
    return replace(probe, measured=listened(source, probe.measured)) if listens else probe


def check_audio(path: Path) -> None:
    """Raise BadAudio for a file that is not one whole piece of audio, as far as it can be told without decoding it."""
    from runner.audio.probe.structure import check_structure  # for pipelines that name files

    check_structure(path)


def listened(source: Path | bytes, measured: Measured) -> Measured:
    """Return what is measured of a file with its tempo and key. Raises FileNotSeen.

    Whatever librosa makes of a file that can be played, or where it is missing, it is a take all the same.
    """
    try:
        from runner.audio.probe.listening import tempo_and_key  # FFmpeg is for those who do the work

        bpm, key = tempo_and_key(source)
    except FileNotFoundError as error:
        raise FileNotSeen from error
    except Exception:  # noqa: BLE001 - as above
        return measured
    return replace(measured, bpm=bpm, key=key)


def sketch(order: SketchOrder) -> bytes:
    """Compose and encode a sketch. The same order makes the same music on any machine; WAV output has the same bytes."""
    from runner.audio.encode import encode  # numpy and FFmpeg are for those who do the work

    return encode(_composed(order), RATE_HZ, order.media_type, bit_rate_kbps=order.bit_rate_kbps, tags=order.tags)


def _composed(order: SketchOrder) -> Pcm:
    from runner.audio.sketch.composer import compose  # numpy is for those who do the work

    return compose(order.brief, rate_hz=RATE_HZ)


def make_local(order: LocalOrder, sources: tuple[Source, ...], target: Path) -> MadeFile:
    """Make what a local model is asked for and write it to `target`, an empty file; return its bytes where that is not seen.

    Raises LocalFailed naming the input that it is about, or FileNotSeen.
    """
    from runner.audio.local.render import render  # numpy and FFmpeg are for those who do the work

    if any(not isinstance(source.data, bytes) and not source.data.exists() for source in sources):
        raise FileNotSeen
    if target.exists():
        render(order, sources, target)
        return _made(target, data=None)
    with tempfile.TemporaryDirectory(prefix="scorefile-") as folder:
        piece = Path(folder) / "piece"
        render(order, sources, piece)
        return _made(piece, data=piece.read_bytes())


def _made(file: Path, *, data: bytes | None) -> MadeFile:
    probe = inspect_file(file)
    with file.open("rb") as reader:
        sha256 = hashlib.file_digest(reader, "sha256").hexdigest()
    return MadeFile(sha256=sha256, size=file.stat().st_size, probe=probe, data=data)


def make_sketch(order: SketchOrder, target: Path) -> MadeFile:
    """Make a sketch and write it to `target`, an empty file; return its bytes where that file is not seen."""
    parts, probe = _sketched(order)
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    unwritten: bytes | None = None
    try:
        with target.open("r+b") as file:
            file.writelines(parts)
    except FileNotFoundError:
        unwritten = b"".join(parts)
    return MadeFile(sha256=found.hexdigest(), size=sum(map(len, parts)), probe=probe, data=unwritten)


def _sketched(order: SketchOrder) -> tuple[tuple[bytes | memoryview, ...], Probe]:
    """Return the parts of a sketch's file, and what the file is. What an encoder has made is decoded again."""
    if order.media_type != "audio/wav":
        data = sketch(order)
        return (data,), inspect_file(data)
    from runner.audio.encode import wav_parts  # numpy and FFmpeg are for those who do the work
    from runner.audio.probe.measure import inspect_wav  # the same

    pcm = _composed(order)
    return wav_parts(pcm, RATE_HZ, order.tags), inspect_wav(pcm, RATE_HZ)


def look(source: Path, sha256: str, seconds: float) -> Picture:
    """Return the picture of the take with this hash. Raises BadAudio when the file is another one, or cannot be decoded."""
    from runner.audio.pictures import picture  # the same

    return picture(_same(source, sha256), seconds)


def shrink(source: Path, sha256: str) -> bytes:
    """Return the take with this hash as Opus. Raises BadAudio when the file is another one, or cannot be decoded."""
    from runner.audio.opus import opus  # the same

    return opus(_same(source, sha256))


def _same(source: Path, sha256: str) -> Path:
    with source.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            from runner.audio.probe.container_header import BadAudio  # the same

            raise BadAudio("damaged: its bytes are not those that were made")
    return source


def master_take(source: Path | bytes, order: MasterOrder, target: Path) -> MasteredFile:
    """Finish a take and write the piece to `target`, an empty file; return its bytes where that file is not seen.

    Raises MasterFailed when a setting cannot be met, BadAudio, or FileNotSeen when the take is not seen.
    """
    from tempfile import TemporaryDirectory

    if target.exists():
        return _mastered(source, order, target)
    with TemporaryDirectory(prefix="scorefile-") as folder:
        part = Path(folder) / "piece"
        part.touch()
        return replace(_mastered(source, order, part), data=part.read_bytes())


def said_by(path: Path) -> dict[str, str]:
    """Return what an audio file says of itself; nothing for what is no audio."""
    from runner.audio.probe.container_header import BadAudio
    from runner.audio.tags.write import read_tags

    try:
        return read_tags(path)
    except BadAudio:
        return {}


def _mastered(source: Path | bytes, order: MasterOrder, target: Path) -> MasteredFile:
    from runner.audio.master.finish import finish  # numpy and FFmpeg are for those who do the work
    from runner.audio.tags.write import write_tags

    sound: Sound | None = None
    try:
        if order.mastering.changes_audio:
            sound = finish(source, order.media_type, order.mastering, target)
        else:
            target.write_bytes(source if isinstance(source, bytes) else source.read_bytes())
    except FileNotFoundError as error:
        raise FileNotSeen from error
    if order.tags is not None:
        write_tags(target, order.tags)
    with target.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return MasteredFile(sha256=sha256, size=target.stat().st_size, sound=sound, data=None)
