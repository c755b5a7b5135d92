"""A fresh clone has no bytecode: each worker begins with tests of its own, so that what they compile is there for the others."""

from __future__ import annotations

import contextlib
import importlib
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def import_share(config: pytest.Config) -> None:
    """Import this worker's share of the tests that are not compiled yet, where all tests are about to be collected.

    What is wrong with a test is said when it is collected.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number, count = int(os.environ["PYTEST_XDIST_WORKER"][2:]), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for file in sorted((ROOT / "tests").rglob("test_*.py"))[number::count]:
        if not is_compiled(file):
            with contextlib.suppress(Exception, pytest.skip.Exception):
                importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def is_compiled(file: Path) -> bool:
    """Say whether pytest keeps bytecode of a file that is younger than the file."""
    written_ns = file.stat().st_mtime_ns
    return any(
        kept.stat().st_mtime_ns >= written_ns for kept in (file.parent / "__pycache__").glob(f"{file.stem}.*-pytest-*")
    )
