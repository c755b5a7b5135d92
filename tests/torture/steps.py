"""What people do with checkouts of one project, as data: the same steps are played in one process and for real.

A step is a kind, a machine and two small numbers that each kind reads in its own way; whatever makes no sense at a
moment does nothing then. So any list of steps is a history, and every part of a history is one too: a history that
breaks something is made shorter by leaving steps out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Kind: TypeAlias = Literal[
    "edit", "add", "remove", "rename", "swap",
    "run", "target", "force", "reroll", "profile", "shards", "kill", "stop", "pull_under_way",
    "share", "pull", "revert", "old_lock",
    "forget_state", "forget_lock", "rename_file",
    "trouble", "settle",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
WEIGHTS: dict[Kind, int] = {
    "edit": 5, "add": 2, "remove": 1, "rename": 4, "swap": 2,
    "run": 7, "target": 4, "force": 1, "reroll": 4, "profile": 2, "shards": 1, "kill": 2, "stop": 3, "pull_under_way": 3,
    "share": 4, "pull": 4, "revert": 1, "old_lock": 1,
    "forget_state": 4, "forget_lock": 1, "rename_file": 1,
    "trouble": 4, "settle": 3,
}  # fmt: skip
NAMES = "abcdef"
PIECES = ("p0", "p1", "p2", "p3", "p4")
LENGTHS = (6, 18)
MOST = 8
"""A step's numbers are below this."""
TROUBLES: tuple[dict[str, tuple[str, ...]], ...] = (
    {"submit": ("paid, silent",)},
    {"submit": ("paid, 500",)},
    {"submit": ("unpaid, silent",)},
    {"submit": ("refused",)},
    {"poll": ("404",)},
    {"poll": ("failed",)},
    {"fetch": ("dead", "dead", "dead", "dead", "dead")},
    {"poll": ("wait", "wait", "500")},
)
"""What the provider's next answers are; see tests/support/lab.py."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a person does on one machine."""

    kind: Kind
    machine: int = 0
    a: int = 0
    b: int = 0


def history(seed: str) -> list[Step]:
    """Return the history of a seed."""
    chance = random.Random(seed)
    machines = 3 if chance.random() < 0.3 else 2
    kinds = chance.choices(KINDS, [WEIGHTS[kind] for kind in KINDS], k=chance.randint(*LENGTHS))
    return [Step(kind, chance.randrange(machines), chance.randrange(MOST), chance.randrange(MOST)) for kind in kinds]


def shortened(steps: Sequence[Step], breaks: Callable[[Sequence[Step]], bool], *, tries: int = 400) -> list[Step]:
    """Return a part of a history that still breaks the same, and of which no step can be left out."""
    left = list(steps)
    size = max(1, len(left) // 2)
    while size and tries > 0:
        place = 0
        while place < len(left) and tries > 0:
            tries -= 1
            part = left[:place] + left[place + size :]
            if breaks(part):
                left = part
            else:
                place += size
        size //= 2
    return left


def told(steps: Sequence[Step]) -> str:
    """Return a history as the code that plays it again."""
    return "[" + ", ".join(f'Step("{step.kind}", {step.machine}, {step.a}, {step.b})' for step in steps) + "]"
