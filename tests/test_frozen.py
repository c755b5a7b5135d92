"""Records made by `runner.frozen` behave as those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pickle
import pkgutil
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar

import pytest

import runner
from runner.frozen import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    KIND: ClassVar[str] = "kind"

    name: str
    size: int = 3
    parts: list[int] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    KIND: ClassVar[str] = "kind"

    name: str
    size: int = 3
    parts: list[int] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Larger(Ours):
    size: int = 4
    more: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    left: int
    right: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    pass


def _described(cls: type) -> list[tuple[Any, ...]]:
    return [
        (item.name, item.type, item.default, item.default_factory, item.compare, item.repr, item.kw_only)
        for item in dataclasses.fields(cls)
    ]


def _records() -> list[type]:
    """Return every class of the program that is made by `runner.frozen`."""
    modules = [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(runner.__path__, "runner.")
        if not info.name.endswith(("__main__", "dask_cluster"))
    ]
    found = {item for module in modules for item in vars(module).values() if isinstance(item, type)}
    return sorted(
        (item for item in found if "_shape" in item.__dict__), key=lambda item: (item.__module__, item.__name__)
    )


def test_dataclasses_knows_its_fields_as_those_of_its_own_classes() -> None:
    assert dataclasses.is_dataclass(Ours)
    assert _described(Ours) == _described(Theirs)
    assert [item.name for item in dataclasses.fields(Larger)] == ["name", "size", "parts", "note", "more"]
    assert dataclasses.asdict(Ours(name="a")) == dataclasses.asdict(Theirs(name="a"))
    assert dataclasses.replace(Ours(name="a"), size=9) == Ours(name="a", size=9)


def test_values_left_out_are_the_defaults_and_a_new_one_of_each_factory() -> None:
    one, other = Ours(name="a"), Ours(name="a")
    assert (one.size, one.parts, one.note, one.KIND) == (3, [], "", "kind")
    assert one.parts is not other.parts
    assert (Larger(name="a").size, Larger(name="a", size=1).size) == (4, 1)
    assert Placed(1) == Placed(1, 2) == Placed(left=1, right=2)


def test_wrong_arguments_are_refused_by_name() -> None:
    for _ in range(2):  # the first object compiles `__init__`, and a second one does not
        with pytest.raises(TypeError, match=r"Ours\.__init__\(\) missing 1 required keyword-only argument: 'name'"):
            Ours()  # type: ignore[call-arg]
        with pytest.raises(TypeError, match=r"Ours\.__init__\(\) got an unexpected keyword argument 'length'"):
            Ours(name="a", length=1)  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="positional"):
            Ours("a")  # type: ignore[call-arg]


def test_objects_are_equal_when_their_compared_values_are() -> None:
    assert Ours(name="a", note="x") == Ours(name="a", note="y")
    assert Ours(name="a") != Ours(name="b")
    other: object = Theirs(name="a")
    assert Ours(name="a") != other
    assert Larger(name="a", size=3) != Ours(name="a", size=3)
    assert hash(Placed(1, 2)) == hash(Placed(1, 2)) != hash(Placed(2, 1))
    assert One(value=1.0) == One(value=1)
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())


def test_it_shows_itself_with_its_values() -> None:
    assert repr(Ours(name="a", note="hidden")) == repr(Theirs(name="a")).replace("Theirs", "Ours")
    assert repr(Nothing()) == "Nothing()"


def test_nothing_of_it_is_changed() -> None:
    item = Ours(name="a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        item.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'other'"):
        item.other = "b"  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del item.name
    assert not hasattr(item, "__dict__")


def test_a_copy_differs_where_it_is_said_to() -> None:
    item = Larger(name="a", parts=[1], note="n")
    assert replace(item, name="b", more=(1,)) == Larger(name="b", parts=[1], more=(1,))
    assert replace(item).note == "n"
    assert replace(Theirs(name="a"), size=5) == Theirs(name="a", size=5)
    with pytest.raises(TypeError, match="length"):
        replace(item, length=1)  # type: ignore[call-arg]


def test_it_can_be_copied_and_sent_to_another_process() -> None:
    item = Larger(name="a", parts=[1], note="n")
    for again in (copy.copy(item), copy.deepcopy(item), pickle.loads(pickle.dumps(item))):
        assert (again, again.note) == (item, "n")


def test_it_can_be_matched() -> None:
    match Placed(1, 2):
        case Placed(left, 2):
            assert left == 1
    assert Ours.__match_args__ == ()


def test_every_record_of_the_program_is_as_the_standard_library_would_have_made_it() -> None:
    records = _records()
    assert len(records) > 200
    for cls in records:
        shape = cls.__dict__["_shape"]
        found = dataclasses.fields(cls)
        assert tuple(item.name for item in found) == shape.names, cls
        assert all(item.init and item.hash is None and item.kw_only == shape.kw_only for item in found), cls
        assert not hasattr(cls, "__post_init__"), cls
        assert not any("InitVar" in str(item.type) for item in found), cls
        assert not any(
            base.__dict__.get("__dataclass_fields__") and "_shape" not in base.__dict__ for base in cls.__mro__
        )
