"""A value in one cell, with its origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from runner.diagnostics.messages import SHOWN_CHARACTERS, show
from runner.diagnostics.secrets import mask
from runner.records.pipeline import Layer, Origin
from runner.records.source import Step

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from runner.records.source import Json, Mark, Problem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bound:
    """A value in one cell. Two bounds with one `key` are the same value for the same reasons.

    `steps` lead from the value's own source to everything it was made of; `broken` means that it has no value, and
    `problems` say why, unless that is already reported elsewhere.
    """

    value: Json
    key: Hashable
    mark: Mark | None
    layer: Layer
    source: str | None = None
    file: str | None = None
    steps: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: bool = False

    def origin(self) -> Origin:
        return Origin(layer=self.layer, mark=self.mark, source=self.source, steps=self.steps, file=self.file)

    def chain(self) -> tuple[Step, ...]:
        """Return the origin chain of a problem with this value: how it was written, then what that used."""
        if self.source is None:
            return self.steps
        return (Step(text=show_source(self.source), mark=self.mark), *self.steps)


class Names(Protocol):
    """The names that a template may use in one cell."""

    def names(self) -> Iterable[str]:
        """List every name."""
        ...

    def bind(self, name: str) -> Bound | None:
        """Return what a name means, or None when there is no such name."""
        ...

    def watch(self) -> list[Step]:
        """Start recording what is read; return the record of the enclosing template."""
        ...

    def watched(self, around: list[Step]) -> tuple[Step, ...]:
        """Return a Step for each value read since `watch`."""
        ...


def steps_of(name: str, bound: Bound) -> tuple[Step, ...]:
    """Return a Step for `name` and its place, then those of its origin; a --var has only the latter."""
    if bound.mark is None:
        return bound.steps
    return (Step(text=f"{name} = {show(bound.value)}", mark=bound.mark), *bound.steps)


def show_source(source: str) -> str:
    """Write a template on one short line."""
    text = mask(" ".join(source.split()))
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
