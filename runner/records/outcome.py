"""How one job ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from decimal import Decimal

    from runner.records.lock import Entry
    from runner.records.provider import ErrorGroup


Result: TypeAlias = Literal["made", "reused", "restored", "unfinished", "failed", "unknown", "skipped"]
"""`unfinished` is paid and goes on in the next run; `unknown` may be paid and waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job ended."""

    job: str
    model: str
    result: Result
    entry: Entry | None = None
    spent_usd: Decimal | None = None
    message: str = ""
    help: str | None = None
    group: ErrorGroup | None = None
