"""How the embedded vendors behave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.emulator.faults import Fault

PACES = {"fast": 0.1, "vendor": 3.0}
"""How long a job stands at each of its waiting words, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the vendors behave: seconds at each waiting word, and the faults that are planned."""

    step_s: float = PACES["fast"]
    faults: tuple[Fault, ...] = ()
