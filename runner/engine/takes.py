"""The steps that put the takes of one submission into the store: fetch them from their links, or make them here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runner.audio.probe.container_header import BadAudio
from runner.audio.tasks import FileNotSeen, inspect_take, make_local, make_sketch
from runner.engine import endings, machine
from runner.engine.effects import Compute, Lane, Wait, Work
from runner.engine.keeping import inspect_and_save
from runner.engine.local_models import local_order, sketch_order, sources_of
from runner.provider.downloads import BadContent, Download, DownloadFailed, DownloadRules, LinkDead
from runner.provider.rate_limit import Backoff
from runner.records.endings import DownloadFailed as NotDownloaded
from runner.records.endings import Interrupted
from runner.records.lock import Take
from runner.records.submission import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from runner.audio.tasks import MadeFile, SketchOrder
    from runner.engine.effects import Effect, World
    from runner.engine.submission_log import SubmissionLog
    from runner.provider.rate_limit import RateLimit
    from runner.records.endings import Ending
    from runner.records.exchange import Media
    from runner.records.measured import Probe
    from runner.records.provider import Provider
    from runner.records.request import Request


class TakeSteps:
    """The takes of one job. Its generators are parts of a JobRun; each returns the ending of the job, or None to continue."""

    __slots__ = ("_log", "_model", "_provider", "_rate_limit", "_report", "_request", "_world")

    def __init__(
        self,
        request: Request,
        provider: Provider,
        *,
        log: SubmissionLog,
        world: World,
        rate_limit: RateLimit,
        report: Callable[..., None],
    ) -> None:
        self._request, self._model, self._provider = request, request.model, provider
        self._log, self._world, self._rate_limit, self._report = log, world, rate_limit, report

    def fetch(self) -> Generator[Effect, Any, Ending | None]:
        """Download the takes from the submission's links; those that cannot be played are left out, if any can."""
        log, takes, bad = self._log, list[Take](), ""
        media = log.submission.media
        for number, item in enumerate(media, start=1):
            self._report("fetching", take=number, takes=len(media))
            try:
                take = yield from self._fetched(item)
                takes.append(replace(take, number=number))
            except LinkDead as error:
                log.record(machine.expired(log.submission, error.message, at=log.at()))
                if log.submission.phase is not Phase.EXPIRED:
                    return None
                return endings.dead_link(self._provider, log.submission)
            except BadContent as error:
                bad = error.message
                self._rate_limit.count_bad_content(self._provider.title)
                self._report("fetching", bad, take=number, takes=len(media))
            except DownloadFailed as error:
                return Interrupted() if self._world.stop.is_set() else NotDownloaded(why=error.message)
        if not takes:
            log.record_phase(Phase.BAD_CONTENT, message=bad)
            return None
        log.record_takes(tuple(takes))
        return None

    def make(self) -> Generator[Effect, Any, Ending | None]:
        """Make the takes of a model that runs here."""
        takes: list[Take] = []
        if self._request.inputs:
            self._report("rendering")
            takes.append((yield from self._rendered()))
        for number in range(0 if takes else self._request.takes):
            self._report("composing", take=number + 1, takes=self._request.takes)
            take = yield from self._composed(sketch_order(self._request, number))
            takes.append(replace(take, number=number + 1))
        self._log.record_takes(tuple(takes))
        return None

    def _fetched(self, item: Media) -> Generator[Effect, Any, Take]:
        """Download one take, again if it cannot be played, and save it. Raises LinkDead, BadContent or DownloadFailed."""
        world, limits = self._world, self._world.limits
        tries = Backoff(limits, tries=limits.bad_content_tries, first_s=0.5, max_s=30.0)
        until = world.monotonic() + max(limits.min_download_timeout_s, self._request.timeout_s - self._log.age_s())
        while True:
            file: Download = yield Work(
                lane=Lane.FETCH, call=self._downloading(item, within_s=max(1.0, until - world.monotonic()))
            )
            try:
                probe = yield from self._kept(file)
            except BadAudio as error:
                why = f"{error.message}; kept at {self._log.blobs.incoming.quarantine(file.path, file.sha256)}"
                wait_s = tries.next_wait_s()
                if item.url is None or wait_s is None:
                    raise BadContent(why) from error
                if world.monotonic() + wait_s > until:
                    raise DownloadFailed(f"the download failed {tries.failed} times: {why}") from error
                yield Wait(seconds=wait_s)
            else:
                return _take(file, probe, seed=item.seed)

    def _downloading(self, item: Media, *, within_s: float) -> Callable[[object], Download]:
        fetcher, log = self._world.fetcher, self._log
        rules = DownloadRules(provider=self._model.provider, provider_url=self._provider.base_url, within_s=within_s)
        return lambda _gate: fetcher.download(log.with_data(item), rules)

    def _kept(self, file: Download) -> Generator[Effect, Any, Probe]:
        """Have a file decoded to its end, measured, and moved into the store. Raises BadAudio, and then the file is still there."""
        blobs = self._log.blobs
        inspects_and_saves = partial(inspect_and_save, listens=self._request.expect.need_listening)
        inspects = partial(inspect_take, listens=self._request.expect.need_listening)
        probe: Probe
        try:
            try:
                probe = yield Compute(call=inspects_and_saves, args=(file.path, file.sha256, blobs))
            except FileNotSeen:
                data: bytes = yield Work(lane=Lane.FETCH, call=lambda _gate: file.path.read_bytes())
                probe = yield Compute(call=inspects, args=(data,))
                yield Work(lane=Lane.FETCH, call=lambda _gate: blobs.save(file.path, file.sha256))
        except BadAudio:
            raise
        except BaseException:  # on a full disk it would keep the receipts of other jobs out
            file.path.unlink(missing_ok=True)
            raise
        return probe

    def _rendered(self) -> Generator[Effect, Any, Take]:
        """Have a piece made of inputs, which are copied first, and save it. Raises LocalFailed or TakeMissing."""
        parts: list[Path] = []
        try:
            for item in self._request.inputs:
                part, copy = self._log.blobs.incoming.part(), self._log.copying(item, self._world.folder)
                parts.append(part)
                yield Work(lane=Lane.FETCH, call=lambda _gate, part=part, copy=copy: copy(part))  # type: ignore[misc]
            order, sources = local_order(self._request), sources_of(self._request, parts)
            try:
                return (yield from self._made(make_local, order, sources))
            except FileNotSeen:
                sent = tuple(
                    replace(source, data=part.read_bytes()) for source, part in zip(sources, parts, strict=True)
                )
                return (yield from self._made(make_local, order, sent))
        finally:
            for part in parts:
                part.unlink(missing_ok=True)

    def _composed(self, order: SketchOrder) -> Generator[Effect, Any, Take]:
        """Have a sketch made, and save it."""
        return (yield from self._made(make_sketch, order))

    def _made(self, call: Callable[..., MadeFile], *order: object) -> Generator[Effect, Any, Take]:
        """Have a file made by a task, and save it."""
        blobs = self._log.blobs
        part = blobs.incoming.part()
        try:
            part.touch(exist_ok=False)
            made: MadeFile = yield Compute(call=call, args=(*order, part))
            if made.data is not None:
                data = made.data
                yield Work(lane=Lane.FETCH, call=lambda _gate: part.write_bytes(data))
            file = Download(path=part, sha256=made.sha256, bytes=made.size)
            if self._request.expect.need_listening:
                return _take(file, (yield from self._kept(file)), seed=None)
            yield Work(lane=Lane.FETCH, call=lambda _gate: blobs.save(part, made.sha256))
        except BaseException:  # on a full disk it would keep the receipts of other jobs out
            part.unlink(missing_ok=True)
            raise
        return _take(file, made.probe, seed=None)


def _take(file: Download, probe: Probe, *, seed: int | None) -> Take:
    return Take(
        sha256=file.sha256,
        bytes=file.bytes,
        media_type=probe.media_type,
        seconds=round(probe.seconds, 3),
        rate_hz=probe.rate_hz,
        channels=probe.channels,
        measured=probe.measured,
        seed=seed,
    )
