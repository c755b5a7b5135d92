"""What every test stands on: the safety net, and a gateway for those that want one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.gateway.serve import rehearsal_gateway
from tests.support.catalog import SCHEMAS
from tests.support.gateway import RunningGateway
from tests.support.net import spread

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def safety_net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the whole session on loopback, without keys, settings or the user's home (see tests/support/net.py)."""
    with pytest.MonkeyPatch.context() as patch:
        spread(patch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    """Run the embedded vendors in a process of their own, with a ledger that this module alone writes in."""
    with rehearsal_gateway((SCHEMAS,)) as url:
        running = RunningGateway(url=url)
        with running.http:
            yield running
