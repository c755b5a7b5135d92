"""What cannot be done to a take."""

from __future__ import annotations

from runner.errors import ScorefileError


class MasterFailed(ScorefileError):
    """A setting cannot be met for this take; nothing was written."""
