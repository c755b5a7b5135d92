"""How many jobs each provider was found to accept at once, kept in the state folder from one run to the next.

It only saves refusals: whatever is damaged, old or not understood counts as unknown, and nothing here is worth an error.
"""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.records.submission import timestamp
from runner.state.files.atomic import remove_temporary, write_atomic
from runner.state.files.folder import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "pace.json"
"""The file in a state folder."""
MAX_AGE = timedelta(days=7)
MAX_BYTES = 64 << 10


class Pace:
    """What the file in the state folder `folder` says at the time `now`, and what a run adds to it."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._path, self._now = folder / NAME, now
        self._found: dict[str, tuple[int, str]] = {}
        """Provider → how many slots it was found to have, and when."""
        for name, row in self._rows().items():
            match row:
                case {"slots": bool()}:
                    pass
                case {"slots": int(count), "at": str(at)} if count > 0 and self._is_recent(at):
                    self._found[name] = count, at

    @property
    def slots(self) -> dict[str, int]:
        """Provider → how many slots it was found to have, not long ago."""
        return {name: count for name, (count, _) in self._found.items()}

    def keep(self, found: Mapping[str, int | None]) -> None:
        """Keep what a run has found out; None where nothing limits a provider."""
        before = self.slots
        news = {name: count for name, count in found.items() if count != before.get(name)}
        if not news:
            with contextlib.suppress(OSError):
                remove_temporary(self._path)
            return
        kept = {name: row for name, row in self._found.items() if name not in news}
        kept |= {name: (count, timestamp(self._now)) for name, count in news.items() if count is not None}
        rows = {name: {"slots": count, "at": at} for name, (count, at) in sorted(kept.items())}
        with contextlib.suppress(OSError, StateError):
            write_atomic(self._path, f"{json.dumps(rows, indent=1)}\n".encode(), mode=0o600)

    def _rows(self) -> Mapping[str, object]:
        try:
            rows = json.loads(read_regular(self._path, limit=MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return rows if isinstance(rows, dict) else {}

    def _is_recent(self, at: str) -> bool:
        try:
            return timedelta(0) <= self._now - datetime.fromisoformat(at) <= MAX_AGE
        except (ValueError, TypeError, OverflowError):
            return False
