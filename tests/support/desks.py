"""Which tests need which system."""

from __future__ import annotations

import sys

import pytest


def posix_only(reason: str) -> pytest.MarkDecorator:
    """Return the mark of tests that do what Windows has no way to do; `reason` says what."""
    return pytest.mark.skipif(sys.platform == "win32", reason=f"needs POSIX: {reason}")
