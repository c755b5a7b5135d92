"""How the takes of one submission come into the store: fetched from their links, or made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.catalog.media_types import media_types_of
from runner.engine import endings, machine
from runner.engine.effects import Work
from runner.engine.local_models import make
from runner.plan.decide import asked_seconds
from runner.provider.downloads import BadContent, DownloadFailed, LinkDead, Promise
from runner.records.exchange import Media
from runner.records.lock import Take
from runner.records.submission import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.effects import Effect, World
    from runner.engine.endings import Ending
    from runner.engine.submission_log import Story
    from runner.records.provider import Provider
    from runner.records.request import Request


class Takes:
    """The takes of one job. Its generators are parts of a Life; each returns how the job ends, None to go on."""

    def __init__(
        self, request: Request, provider: Provider, *, story: Story, world: World, tell: Callable[..., None]
    ) -> None:
        self._request, self._model, self._provider = request, request.model, provider
        self._story, self._world, self._tell = story, world, tell

    def fetch(self) -> Generator[Effect, Any, Ending | None]:
        """Download what the submission's links lead to."""
        story, takes = self._story, list[Take]()
        media = story.submission.media
        for number, item in enumerate(media, start=1):
            self._tell("fetching", take=number, takes=len(media))
            try:
                takes.append((yield Work(call=self._fetching(item))))
            except LinkDead as error:
                story.record(machine.expired(story.submission, error.message, at=story.at()))
                if story.submission.phase is not Phase.EXPIRED:
                    return None
                return endings.dead_link(self._provider, story.submission)
            except BadContent as error:
                story.reached(Phase.BAD_CONTENT, message=error.message)
                return None
            except DownloadFailed as error:
                return (
                    endings.interrupted(unpaid=False)
                    if self._world.stop.is_set()
                    else endings.undownloaded(error.message)
                )
        story.fetched(tuple(takes))
        return None

    def make(self) -> Generator[Effect, Any, Ending | None]:
        """Make the takes of a model that runs here."""
        takes: list[Take] = []
        for number in range(self._request.takes):
            self._tell("composing", take=number + 1, takes=self._request.takes)
            data = yield Work(call=self._composing(number))
            takes.append((yield Work(call=self._fetching(Media(data=data)))))
        self._story.fetched(tuple(takes))
        return None

    def _composing(self, number: int) -> Callable[[object], bytes]:
        params, model, cpu = self._request.params, self._model, self._world.cpu
        return lambda _gate: cpu.submit(make, model.id, params, model, number).result()

    def _fetching(self, item: Media) -> Callable[[object], Take]:
        fetcher, story, request = self._world.fetcher, self._story, self._request
        promise = Promise(
            provider=self._model.provider,
            kinds=media_types_of(self._model, request.params),
            provider_url=self._provider.base_url,
            asked_s=asked_seconds(request),
            within_s=max(self._world.limits.min_download_timeout_s, request.timeout_s - story.age_s()),
        )
        return lambda _gate: fetcher.fetch(story.with_data(item), promise)
