"""Find the provider's id behind a digest in the provider's own list of recent jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.engine.effects import Lane, Wait, Work
from runner.provider.transport import NotSent
from runner.records.lock import ProviderJobId

if TYPE_CHECKING:
    from collections.abc import Generator

    from runner.engine.effects import Effect
    from runner.provider.client import ProviderClient
    from runner.provider.rate_limit import Backoff


def find_id(
    wanted: ProviderJobId, client: ProviderClient, *, tries: Backoff
) -> Generator[Effect, Any, tuple[str | None, str]]:
    """Return the id of a digest from the provider's list; None, and why, where it is not found."""

    def search(_gate: object) -> str | None:
        return next((job.id for job in client.jobs() if ProviderJobId.of(job.id) == wanted), None)

    while True:
        try:
            return (yield Work(lane=Lane.POLL, call=search)), "the list does not contain it"
        except NotSent as error:
            wait_s = tries.next_wait_s()
            if wait_s is None:
                return None, error.message
        yield Wait(seconds=wait_s)
