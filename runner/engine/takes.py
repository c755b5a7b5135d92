"""The steps that put the takes of one submission into the store: fetch them from their links, or make them here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runner.engine import endings, machine
from runner.engine.effects import Lane, Work
from runner.engine.local_models import make
from runner.provider.downloads import BadContent, DownloadFailed, DownloadRules, LinkDead
from runner.records.endings import DownloadFailed as NotDownloaded
from runner.records.endings import Interrupted
from runner.records.exchange import Media
from runner.records.lock import Take
from runner.records.submission import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.effects import Effect, World
    from runner.engine.submission_log import SubmissionLog
    from runner.provider.rate_limit import RateLimit
    from runner.records.endings import Ending
    from runner.records.provider import Provider
    from runner.records.request import Request


class TakeSteps:
    """The takes of one job. Its generators are parts of a JobRun; each returns the ending of the job, or None to continue."""

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
                take: Take = yield Work(lane=Lane.FETCH, call=self._fetching(item))
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
        for number in range(self._request.takes):
            self._report("composing", take=number + 1, takes=self._request.takes)
            data = yield Work(lane=Lane.MAKE, call=self._composing(number))
            take: Take = yield Work(lane=Lane.FETCH, call=self._fetching(Media(data=data)))
            takes.append(replace(take, number=number + 1))
        self._log.record_takes(tuple(takes))
        return None

    def _composing(self, number: int) -> Callable[[object], bytes]:
        params, model, cpu = self._request.params, self._model, self._world.cpu
        return lambda _gate: cpu.submit(make, model.id, params, model, number).result()

    def _fetching(self, item: Media) -> Callable[[object], Take]:
        fetcher, log, request = self._world.fetcher, self._log, self._request
        rules = DownloadRules(
            provider=self._model.provider,
            provider_url=self._provider.base_url,
            within_s=max(self._world.limits.min_download_timeout_s, request.timeout_s - log.age_s()),
        )
        return lambda _gate: fetcher.fetch(log.with_data(item), rules)
