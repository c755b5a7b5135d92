"""`dataclass` and `replace` for the records of this program: what the standard library makes, made when it is first needed.

A command defines two hundred records, and makes objects of some of them. The standard library compiles six methods of each
at once, which was a third of the time of a short command. Here `__init__` is compiled when the first object is made, and the
others are functions over the fields. `dataclasses.fields`, `asdict` and the like take these classes for their own.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import dataclass, replace

__all__ = ["dataclass", "replace"]

_LEFT_OUT = object()


class _Shape:
    """The fields of one class, those of its bases first."""

    def __init__(self, cls: type, *, kw_only: bool) -> None:
        types = {
            name: text for name, text in cls.__annotations__.items() if not text.startswith("ClassVar")
        }  # as text, by `from __future__ import annotations`
        bases: list[_Shape] = [base.__dict__["_shape"] for base in cls.__mro__[:0:-1] if "_shape" in base.__dict__]
        self.kw_only = kw_only
        self.own = tuple(types)
        self.types: dict[str, str] = {}
        self.written: dict[str, Any] = {}
        """Name → what is written after the = of a field, or MISSING."""
        for base in bases:
            self.types |= base.types
            self.written |= base.written
        self.types |= types
        self.written |= {name: cls.__dict__.get(name, MISSING) for name in types}
        self.names = tuple(self.types)
        self.all = _values_of(self.names)

    def compared(self) -> Callable[[Any], tuple[Any, ...]]:
        """Return what gives the values by which two objects are equal."""
        left_out = {name for name, value in self.written.items() if isinstance(value, Field) and not value.compare}
        return _values_of([name for name in self.names if name not in left_out]) if left_out else self.all

    def described(self, cls: type) -> Any:
        """Return the class that the standard library makes of the same fields."""
        space = {name: value for name, value in self.written.items() if value is not MISSING}
        twin = type(cls.__name__, (), {**space, "__annotations__": self.types, "__module__": cls.__module__})
        return dataclasses.dataclass(frozen=True, kw_only=self.kw_only)(twin)

    def init(self, cls: Any) -> Callable[..., None]:
        """Compile `__init__`. It sets values by the descriptors of the slots, past `__setattr__`, which refuses."""
        space: dict[str, Any] = {"_left_out": _LEFT_OUT}
        parameters, lines = ["_self", "*"] if self.kw_only and self.names else ["_self"], [" pass"]
        for name, written in self.written.items():
            default, value = written, name
            if isinstance(written, Field):
                default = written.default
                if written.default_factory is not MISSING:
                    default, space[f"_new_{name}"] = _LEFT_OUT, written.default_factory
                    value = f"_new_{name}() if {name} is _left_out else {name}"
            space |= {f"_set_{name}": getattr(cls, name).__set__, f"_or_{name}": default}
            parameters.append(name if default is MISSING else f"{name}=_or_{name}")
            lines.append(f" _set_{name}(_self, {value})")
        exec("\n".join([f"def __init__({', '.join(parameters)}):", *lines]), space)  # noqa: S102 - names of fields alone
        init: Callable[..., None] = space["__init__"]
        init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
        return init


class _Described:
    """What `dataclasses` reads from a class: worked out when it does."""

    def __set_name__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, _: object, __: object = None) -> Any:
        found = getattr(self._owner._shape.described(self._owner), self._name)  # noqa: SLF001 - made here
        setattr(self._owner, self._name, found)
        return found


def _dataclass(*, frozen: bool, slots: bool, kw_only: bool = False, eq: bool = True) -> Callable[[type], type]:
    """Return what makes a record of a class, as `dataclasses.dataclass` does. What is not frozen, with slots, is left to that."""
    assert frozen, "it only makes what is frozen"
    assert slots, "it only makes what has slots"
    return lambda cls: _made(cls, _Shape(cls, kw_only=kw_only), eq=eq)


def _made(cls: type, shape: _Shape, *, eq: bool) -> type:
    left_out = {*shape.own, "__dict__", "__weakref__"}
    own = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    given = {
        "__init__": _first(shape),
        "__repr__": _repr,
        "__setattr__": _refuse_set,
        "__delattr__": _refuse_delete,
        "__getstate__": _state,
        "__setstate__": _set_state,
        "__match_args__": () if shape.kw_only else shape.names,
        "__dataclass_fields__": _Described(),
        "__dataclass_params__": _Described(),
        "__slots__": shape.own,
        "__qualname__": cls.__qualname__,
        "_shape": shape,
    }
    given |= _comparing(shape.compared()) if eq else {}
    return type(cls)(cls.__name__, cls.__bases__, given | own)


def _first(shape: _Shape) -> Callable[..., None]:
    """Return the `__init__` of a class of which there is no object yet: it puts the real one in its own place."""

    def first(self: Any, *values: Any, **named: Any) -> None:
        cls = next(base for base in type(self).__mro__ if base.__dict__.get("_shape") is shape)
        init = shape.init(cls)
        type.__setattr__(cls, "__init__", init)
        init(self, *values, **named)

    return first


def _comparing(values: Callable[[Any], tuple[Any, ...]]) -> dict[str, Any]:
    def is_equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return {"__eq__": is_equal, "__hash__": lambda self: hash(values(self))}


def _values_of(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives the values of these attributes."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda item: tuple([getattr(item, name) for name in names])


def _repr(self: Any) -> str:
    shown = (f"{item.name}={getattr(self, item.name)!r}" for item in dataclasses.fields(self) if item.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_set(_: object, name: str, __: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(_: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> tuple[Any, ...]:
    values: tuple[Any, ...] = self._shape.all(self)
    return values


def _set_state(self: Any, state: tuple[Any, ...]) -> None:
    for name, value in zip(self._shape.names, state, strict=True):
        object.__setattr__(self, name, value)


def _replace(item: Any, /, **changes: Any) -> Any:
    """Return a copy of a record with other values."""
    shape = getattr(item, "_shape", None)
    if shape is None:
        return dataclasses.replace(item, **changes)
    return type(item)(**dict(zip(shape.names, shape.all(item), strict=True)) | changes)


if not TYPE_CHECKING:
    dataclass, replace = _dataclass, _replace
