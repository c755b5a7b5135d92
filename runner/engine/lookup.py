"""Ask a vendor's own list of recent jobs, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.engine.effects import Wait, Work
from runner.provider.listing import BadList, read_page
from runner.provider.protocol import list_call
from runner.provider.transport import NotSent
from runner.records.lock import ProviderJobId

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from runner.engine.effects import Effect
    from runner.provider.listing import Listed
    from runner.provider.rate_limit import Tries
    from runner.provider.transport import Door, Transport
    from runner.records.provider import Provider

MOST_PAGES = 40


def recent_jobs(provider: Provider, door: Door, transport: Transport) -> Iterator[Listed]:
    """Yield the vendor's jobs as it lists them, MOST_PAGES pages at most; none where it has no list.

    Raises NotSent when a page cannot be had or read.
    """
    page: str | None = None
    for _ in range(MOST_PAGES):
        call = list_call(provider, base_url=door.base_url, page=page)
        if call is None:
            return
        try:
            read = read_page(provider, transport.ask(call, door))
        except BadList as error:
            raise NotSent(str(error)) from error
        yield from read.jobs
        if read.next is None or not read.jobs:
            return
        page = read.next


def learn_id(
    wanted: ProviderJobId, provider: Provider, door: Door, transport: Transport, *, tries: Tries
) -> Generator[Effect, Any, tuple[str | None, str]]:
    """Find an id of which only the digest is known in the vendor's list; where it is not found, None and why. Part of a Life."""

    def search(_gate: object) -> str | None:
        return next(
            (job.id for job in recent_jobs(provider, door, transport) if ProviderJobId.of(job.id) == wanted), None
        )

    while True:
        try:
            return (yield Work(call=search)), "it is not in the list"
        except NotSent as error:
            wait_s = tries.again_in_s()
            if wait_s is None:
                return None, error.message
        yield Wait(seconds=wait_s)
