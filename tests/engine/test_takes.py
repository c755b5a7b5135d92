"""URL or order → take in the store: only what can be played to its end gets a name, wherever that is found out."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from runner.audio.encode import encode
from runner.audio.sketch.brief import Brief
from runner.audio.tasks import FileNotSeen, MadeFile, SketchOrder, inspect_file, make_sketch, sketch
from runner.engine.effects import Compute, Wait, Work
from runner.engine.takes import TakeSteps
from runner.provider.downloads import BadContent, HttpFetcher
from runner.records.exchange import Media
from runner.records.limits import Limits
from runner.state.blobs.local import LocalBlobs
from tests.support.made import request
from tests.support.recorder import Recorder, Says, recording

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from runner.engine.effects import Effect, World
    from runner.records.lock import Take

PAGE = b"<!DOCTYPE html><title>Login</title>" + b" " * 5000
ORDER = SketchOrder(brief=Brief(prompt="calm piano", duration_s=1.0), media_type="audio/wav", tags={})


def tone(seconds: float = 3.0) -> Any:
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(48_000 * seconds)) / 48_000)
    return (np.stack([wave, wave], axis=1) * 32767).astype(np.int16)


WAV = encode(tone(), 48_000, "audio/wav")
MP3 = encode(tone(), 48_000, "audio/mpeg")


class Elsewhere(Executor):
    """Works in this thread as a machine without our files does: each path leads to nothing there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def submit(self, call: Any, /, *args: Any, **_more: Any) -> Future[Any]:
        """Work at once."""
        done: Future[Any] = Future()
        there = [self._folder / arg.name if isinstance(arg, Path) else arg for arg in args]
        try:
            done.set_result(call(*there))
        except Exception as error:
            done.set_exception(error)
        return done


class Bench:
    """Takes with a real download, a real executor and a real store; waits between tries take no time."""

    def __init__(self, folder: Path, cpu: Executor) -> None:
        self.blobs, self.cpu, self.waits = LocalBlobs(folder / "blobs"), cpu, list[float]()
        self.provider_url = ""
        self.fetcher = HttpFetcher(self.blobs.incoming, threading.Event())

    def steps(self) -> TakeSteps:
        """Return the steps of a job."""
        world = SimpleNamespace(
            limits=Limits(bad_content_tries=2),
            monotonic=lambda: 0.0,
            fetcher=self.fetcher,
        )
        log = SimpleNamespace(age_s=lambda: 0.0, with_data=lambda item: item, blobs=self.blobs)
        return TakeSteps(
            request(),
            cast("Any", SimpleNamespace(base_url=self.provider_url, title="Pixazo")),
            log=cast("Any", log),
            world=cast("World", world),
            rate_limit=cast("Any", None),
            report=lambda *_args, **_more: None,
        )

    def get(self, cdn: Recorder, *, media_type: str | None = None, seed: int | None = None) -> Take:
        """Fetch one take from its link."""
        self.provider_url = cdn.url
        media = Media(url=f"{cdn.url}/take.wav", media_type=media_type, seed=seed)
        return self.done(self.steps()._fetched(media))

    def done(self, steps: Generator[Effect, Any, Take]) -> Take:
        """Do at once what the steps ask for, and return the take."""
        sent, error = None, None
        while True:
            try:
                effect = steps.send(sent) if error is None else steps.throw(error)
            except StopIteration as end:
                return cast("Take", end.value)
            sent, error = None, None
            try:
                match effect:
                    case Work():
                        sent = effect.call(lambda: None)
                    case Compute():
                        sent = self.cpu.submit(effect.call, *effect.args).result()
                    case Wait():
                        self.waits.append(effect.seconds)
            except Exception as found:
                error = found

    def unfinished(self) -> list[Path]:
        """Return the files of downloads that are not done."""
        return list(self.blobs.incoming.part().parent.iterdir())


@pytest.fixture
def cdn() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture(params=["here", "elsewhere"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with ThreadPoolExecutor(1) as threads:
        made = Bench(tmp_path, threads if request.param == "here" else Elsewhere(Path("nothing")))
        yield made
        made.fetcher.close()


def test_a_take_is_verified_measured_and_stored(bench: Bench, cdn: Recorder) -> None:
    cdn.say("*", Says.file(WAV, "audio/wav"))
    take = bench.get(cdn, seed=5)
    assert (take.bytes, take.media_type, take.seconds, take.rate_hz, take.channels, take.seed) == (
        len(WAV),
        "audio/wav",
        3.0,
        48_000,
        2,
        5,
    )
    assert take.measured.lufs is not None
    with bench.blobs.open(take.sha256) as stored:
        assert stored.read() == WAV
    assert bench.unfinished() == []


def test_bytes_that_came_with_the_answer_need_no_request(bench: Bench, cdn: Recorder) -> None:
    take = bench.done(bench.steps()._fetched(Media(data=WAV)))
    assert take.sha256 in bench.blobs
    assert cdn.seen == []


@pytest.mark.parametrize("said", [None, "audio/x-wav", "audio/wav; charset=binary", "application/octet-stream"])
def test_other_names_of_the_same_type_are_the_same(bench: Bench, cdn: Recorder, said: str | None) -> None:
    cdn.say("*", Says.file(WAV, "application/octet-stream"))
    assert bench.get(cdn, media_type=said).media_type == "audio/wav"


def test_a_page_where_audio_should_be_is_kept_aside(bench: Bench, cdn: Recorder) -> None:
    cdn.say("*", Says.file(PAGE, "text/html"))
    with pytest.raises(BadContent, match=r"kept at .*quarantine") as caught:
        bench.get(cdn)
    assert "web page" in caught.value.message.lower() or "html" in caught.value.message.lower()
    assert bench.unfinished() == []
    assert len(bench.waits) == 1, "it is downloaded twice"


@pytest.mark.parametrize("body", [b"", b"RIFF", WAV[:40], b'{"error": "expired"}', b"\x00" * 9000])
def test_what_is_no_audio_is_never_stored(bench: Bench, cdn: Recorder, body: bytes) -> None:
    cdn.say("*", Says.file(body, "audio/wav"))
    with pytest.raises(BadContent, match="kept at"):
        bench.get(cdn)
    assert bench.unfinished() == []
    assert list(bench.blobs.list()) == []


def test_audio_that_ends_early_is_never_stored(bench: Bench, cdn: Recorder) -> None:
    cdn.say("*", Says.file(WAV[: len(WAV) // 2], "audio/wav"))
    with pytest.raises(BadContent, match="kept at"):
        bench.get(cdn)


def test_a_take_that_plays_at_the_second_try_is_taken(bench: Bench, cdn: Recorder) -> None:
    cdn.say("*", Says.file(PAGE, "text/html"), Says.file(WAV, "audio/wav"))
    assert bench.get(cdn).bytes == len(WAV)
    assert bench.unfinished() == []


@pytest.mark.parametrize("said", [None, "audio/wav", "audio/x-wav", "text/html"])
def test_what_plays_is_a_take_of_the_kind_it_is_whatever_was_said_of_it(
    bench: Bench, cdn: Recorder, said: str | None
) -> None:
    cdn.say("*", Says.file(MP3, "audio/wav"))
    take = bench.get(cdn, media_type=said)
    assert take.media_type == "audio/mpeg"
    assert take.sha256 in bench.blobs
    assert len(cdn.seen) == 1


def test_a_sketch_has_the_same_bytes_wherever_it_is_made(bench: Bench) -> None:
    take = bench.done(bench.steps()._composed(ORDER))
    with bench.blobs.open(take.sha256) as stored:
        assert stored.read() == sketch(ORDER)
    assert (take.seconds, bench.unfinished()) == (1.0, [])


class Broken(Executor):
    """Can do nothing."""

    def submit(self, *_args: Any, **_more: Any) -> Future[Any]:
        """Fail."""
        done: Future[Any] = Future()
        done.set_exception(OSError(28, "No space left on device"))
        return done


@pytest.mark.parametrize("what", ["fetched", "composed"])
def test_an_error_of_the_executor_leaves_no_file(tmp_path: Path, cdn: Recorder, what: str) -> None:
    bench = Bench(tmp_path, Broken())
    cdn.say("*", Says.file(WAV, "audio/wav"))
    with pytest.raises(OSError, match="No space left"):
        bench.get(cdn) if what == "fetched" else bench.done(bench.steps()._composed(ORDER))
    bench.fetcher.close()
    assert bench.unfinished() == []


def test_what_does_not_see_a_file_says_so_or_returns_the_bytes(tmp_path: Path) -> None:
    with pytest.raises(FileNotSeen):
        inspect_file(tmp_path / "nothing.wav")
    made = make_sketch(ORDER, tmp_path / "nothing.wav")
    assert made == MadeFile(sha256=made.sha256, size=len(sketch(ORDER)), probe=made.probe, data=sketch(ORDER))
    assert list(tmp_path.iterdir()) == []
