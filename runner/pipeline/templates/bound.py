"""A value in one cell, with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

from msgspec import Struct

from runner.diagnostics.messages import SHOWN_CHARACTERS, show
from runner.diagnostics.secrets import mask
from runner.records.pipeline import Layer, Origin
from runner.records.source import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from runner.records.pipeline import Leaf
    from runner.records.source import Json, Mark, Problem

Trace: TypeAlias = "tuple[Callable[[], tuple[Step, ...]], ...]"
"""What one template read from views, as far as nobody has asked for its Steps."""


class Bound(Struct, kw_only=True, eq=False):
    """A value in one cell. Two bounds with one `key` are the same value for the same reasons.

    It is never changed. Where it comes from is worked out when somebody asks: a sound pipeline never does. `broken`
    means that it has no value, and `problems` say why, unless that is already reported elsewhere.
    """

    value: Json
    key: Hashable
    layer: Layer
    leaf: Leaf | None = None
    """Where it was written; nowhere for a --var and for what the program itself provides."""
    source: str | None = None
    file: str | None = None
    first: tuple[Step, ...] = ()
    """The Steps before those of what it was made of."""
    used: tuple[tuple[str, Bound], ...] = ()
    """The names that its templates used."""
    read: tuple[Trace, ...] = ()
    """What each of its templates read from views."""
    problems: tuple[Problem, ...] = ()
    broken: bool = False
    _steps: tuple[Step, ...] | None = None

    @property
    def is_provided(self) -> bool:
        """Whether the program itself provides it for each cell: `job`, `env` and their like, which nobody wrote."""
        return self.leaf is None and not self.first

    @property
    def mark(self) -> Mark | None:
        """The place where it was written."""
        return None if self.leaf is None else self.leaf.mark

    @property
    def steps(self) -> tuple[Step, ...]:
        """The Steps from the value's own source to everything it was made of."""
        if self._steps is None:
            read = (step for trace in self.read for step in steps_read(trace))
            self._steps = (*self.first, *steps_used(self.used), *read)
        return self._steps

    def origin(self) -> Origin:
        return Origin(layer=self.layer, mark=self.mark, source=self.source, steps=self.steps, file=self.file)

    def chain(self) -> tuple[Step, ...]:
        """Return the origin chain of a problem with this value: how it was written, then what that used."""
        if self.source is None:
            return self.steps
        return (Step(text=show_source(self.source), mark=self.mark), *self.steps)


class Origins(Mapping[str, Origin]):
    """Where each value of one request comes from, by parameter; worked out when somebody asks for it."""

    __slots__ = ("bounds",)

    def __init__(self, bounds: Mapping[str, Bound]) -> None:
        self.bounds = bounds

    def __getitem__(self, name: str) -> Origin:
        return self.bounds[name].origin()

    def __contains__(self, name: object) -> bool:
        return name in self.bounds

    def __iter__(self) -> Iterator[str]:
        return iter(self.bounds)

    def __len__(self) -> int:
        return len(self.bounds)


class Names(Protocol):
    """The names that a template may use in one cell."""

    def names(self) -> Iterable[str]:
        """List every name."""
        ...

    def bind(self, name: str) -> Bound | None:
        """Return what a name means, or None when there is no such name."""
        ...

    def watch(self) -> list[Callable[[], tuple[Step, ...]]]:
        """Start recording what is read; return the record of the enclosing template."""
        ...

    def watched(self, around: list[Callable[[], tuple[Step, ...]]]) -> Trace:
        """Return what was read since `watch`."""
        ...


def steps_of(name: str, bound: Bound) -> tuple[Step, ...]:
    """Return a Step for `name` and its place, then those of its origin; a --var has only the latter."""
    mark = bound.mark
    if mark is None:
        return bound.steps
    return (Step(text=f"{name} = {show(bound.value)}", mark=mark), *bound.steps)


def steps_used(used: Iterable[tuple[str, Bound]]) -> tuple[Step, ...]:
    """Return the Steps of each name: its value and place, then its origin."""
    return tuple(dict.fromkeys(step for name, bound in used for step in steps_of(name, bound)))


def steps_read(trace: Trace) -> tuple[Step, ...]:
    """Return a Step for each value that a template read from views."""
    return tuple(dict.fromkeys(step for read in trace for step in read()))


def show_source(source: str) -> str:
    """Write a template on one short line."""
    text = mask(" ".join(source.split()))
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
