"""Which jobs leave the lock, and what was paid for them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.report.numbers import Sum, count, some, usd
from runner.report.style import clean
from runner.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.source import Json
    from runner.report.records import Style

_HEAD = ("JOB", "MODEL", "PAID", "TAKES", "OUTPUT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What the lock has of one job. `prices` are those of its submissions that may have been charged; None is unknown."""

    job: str
    models: tuple[str, ...]
    prices: tuple[str | None, ...]
    takes: int
    output: str | None

    @property
    def paid(self) -> Sum:
        """What its submissions cost."""
        return _sum(self.prices)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetReport:
    """What is left out of the lock."""

    jobs: tuple[Forgotten, ...]
    name: str
    verb: str = "forget"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {
            "file": self.name,
            "paid": _sum_data(self._paid()),
            "jobs": [
                {
                    "job": item.job,
                    "models": [*item.models],
                    "paid": _sum_data(item.paid),
                    "takes": item.takes,
                    "output": item.output,
                }
                for item in self.jobs
            ],
        }

    def listed(self, style: Style) -> str:
        """Return what a person is asked about: a line a job, and the sum."""
        rows = (
            (item.job, some(item.models), _said(item.paid), str(item.takes), item.output or "") for item in self.jobs
        )
        return "\n".join([*table(_HEAD, rows, style), "", self._total()])

    def text(self, style: Style) -> str:
        """Return what was forgotten."""
        done = f"{count(len(self.jobs), 'job')} forgotten, for which {_said(self._paid())} was paid"
        return done if style.quiet else f"{self.listed(style)}\n{done}"

    def messages(self, style: Style) -> str:
        """Return what stays, for stderr."""
        left = [item.output for item in self.jobs if item.output is not None]
        if style.quiet:
            return ""
        stay = [
            clean(f"{some(left)}: no job owns {'it' if len(left) == 1 else 'them'} any more, and nothing deletes it")
        ]
        return "\n".join([*stay * bool(left), "help: scorefile gc lists the stored takes that no lock names any more"])

    def _paid(self) -> Sum:
        return _sum(price for item in self.jobs for price in item.prices)

    def _total(self) -> str:
        return f"{_said(self._paid())} was paid for {count(len(self.jobs), 'job')}; asked for again, each is paid for again"


def _sum(prices: Iterable[str | None]) -> Sum:
    return Sum.of(None if price is None else Decimal(price) for price in prices)


def _said(paid: Sum) -> str:
    more = f" and {count(paid.unknown, 'unknown price')}" if paid.unknown else ""
    return f"{usd(paid.known)}{more}"


def _sum_data(paid: Sum) -> dict[str, Json]:
    return {"known_usd": str(paid.known), "unknown_prices": paid.unknown}
