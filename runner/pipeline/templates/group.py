"""What a later job may read of a finished one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.request import Request


class Group:
    """The finished requests of one job: one of its own name, or one for each cell; broken when any is missing."""

    def __init__(self, job: str, requests: Mapping[str, Request], *, broken: bool) -> None:
        self.job = job
        self.requests = requests
        self.broken = broken

    @property
    def single(self) -> Request | None:
        """The one request of a job without a matrix."""
        return self.requests.get(self.job)
