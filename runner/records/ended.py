"""What all endings of a job have in common."""

from __future__ import annotations

from typing import ClassVar

from runner.frozen import dataclass
from runner.records.result import Result

REFUSED_CODE, KEY_CODE = 6, 7
"""Exit codes of a run that a budget stopped, and of one whose key was not accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What all endings have. In each of them `said` is the provider's own message."""

    result: ClassVar[Result] = Result.FAILED

    @property
    def exit_code(self) -> int:
        """Return the exit code of a run in which this is the gravest ending; the highest is the gravest."""
        return self.result.exit_code
