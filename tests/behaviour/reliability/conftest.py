"""One vendor and one fork server for each worker; a project for each test, with keys planted in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from runner.audio.encode import encode
from runner.records.media_types import EXTENSIONS
from tests.behaviour.reliability.project import Project
from tests.support.canary import canary
from tests.support.vendor.process import RunningVendor, running_vendor
from tests.torture.forks import Zygote, running_zygote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.canary import Canary

__all__ = ["canary"]


@pytest.fixture(scope="session")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVendor]:
    """Run the vendor; its folder holds recordings, whole and cut, in every container that it could send."""
    folder = tmp_path_factory.mktemp("vendor")
    _record(folder)
    with running_vendor(folder) as running:
        yield running


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """Run the fork server."""
    with running_zygote(tmp_path_factory.mktemp("zygote")) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, vendor: RunningVendor, zygote: Zygote, canary: Canary) -> Project:
    """Return an empty project."""
    return Project(folder=tmp_path / "project", vendor=vendor, zygote=zygote, canary=canary)


def _record(folder: Path) -> None:
    """Write one second of a tone as whole.EXT, cut.EXT and minus-one.EXT."""
    times = np.arange(16_000) / 16_000
    pcm = (np.sin(times * 440 * 2 * np.pi) * 9000).astype(np.int16)[:, None]
    for kind in ("audio/wav", "audio/mpeg", "audio/flac", "audio/ogg", "audio/mp4"):
        whole = encode(pcm, 16_000, kind)
        for name, data in (("whole", whole), ("cut", whole[: len(whole) * 6 // 10]), ("minus-one", whole[:-1])):
            (folder / f"{name}{EXTENSIONS[kind]}").write_bytes(data)
