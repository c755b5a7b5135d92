"""How the verb of an action is shown: its sign, its colour, and its words in a sum and in an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.plan import Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.report.style import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One verb as people see it. `summed` follows a count, `would` follows the name of a job."""

    sign: str
    role: Role
    summed: str
    would: str


SHOWN: Mapping[Verb, Shown] = {
    Verb.GENERATE: Shown(sign="+", role="add", summed="to make", would="would be made"),
    Verb.REGENERATE: Shown(sign="~", role="change", summed="to make again", would="would be made again"),
    Verb.RESUME: Shown(sign=">", role="bring", summed="to finish", would="would be finished"),
    Verb.RESTORE: Shown(sign=">", role="bring", summed="to restore", would="would be restored"),
    Verb.MASTER: Shown(sign=">", role="bring", summed="to master", would="would be mastered"),
    Verb.REUSE: Shown(sign="=", role="dim", summed="up to date", would="nothing to do"),
    Verb.BLOCKED: Shown(sign="!", role="error", summed="blocked", would="cannot go on"),
}
"""In the order in which a sum names them."""
