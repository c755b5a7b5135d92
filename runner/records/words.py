"""Which words of people count: a choice and a rating may replace earlier ones, in whatever order copies of a lock meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.pick import Pick
    from runner.records.rating import Rating

Replacing = TypeVar("Replacing", bound="Pick | Rating")
"""What a person said in place of earlier words. It names all before it, so that copies can be joined in any order."""


def last_words(words: Iterable[Replacing]) -> frozenset[Replacing]:
    """Return the words that no other one replaced."""
    known = frozenset(words)
    replaced = frozenset[str]().union(*(word.replaces for word in known))
    return frozenset(word for word in known if word.name not in replaced)


def names_until(words: Iterable[Pick | Rating]) -> frozenset[str]:
    """Return the names of these words and of all that they replaced: what one that takes their place replaces."""
    return frozenset[str]().union(*({word.name, *word.replaces} for word in words))
