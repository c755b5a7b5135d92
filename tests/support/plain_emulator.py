"""The emulator without its mark: what a test takes for the providers themselves.

Run as `python -m tests.support.plain_emulator`, like `runner.emulator`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runner.emulator import app as emulator_app
from runner.emulator.__main__ import main

if TYPE_CHECKING:
    from starlette.types import ASGIApp

NAME = "tests.support.plain_emulator"


def unmarked(app: ASGIApp) -> ASGIApp:
    """Return an application as it is."""
    return app


if __name__ == "__main__":
    emulator_app.marked = unmarked
    sys.exit(main())
