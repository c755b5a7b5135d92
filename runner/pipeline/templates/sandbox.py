"""A Jinja environment without access to Python: it only looks up keys and computes with numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from jinja2 import StrictUndefined, pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import missing

from runner.pipeline.templates.filters import (
    ALLOWED_TESTS,
    OF_ANY,
    OF_LISTS,
    OF_TEXTS,
    OWN,
    OWN_WITH_ENVIRONMENT,
)
from runner.pipeline.templates.values import (
    MAX_CHARACTERS,
    MAX_ITEMS,
    SHARED_WORK,
    Absent,
    MissingNameError,
    RefusedError,
    as_list,
    as_text,
    bounded,
    concatenate,
    is_number,
    kind,
    limited,
)

if TYPE_CHECKING:
    from jinja2.runtime import Context

LOOP_ATTRIBUTES: Final = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "previtem", "nextitem"}
)
GROUP_ATTRIBUTES: Final = frozenset({"grouper", "list"})
MAX_WORK: Final = 300_000
LEAST_WORK: Final = 100
"""What a rendering may do when the templates before it have used up the work of all: more than a prompt takes."""
CHARACTERS_OF_ONE_STEP: Final = 16
TOO_MUCH: Final = "the template computes too much"
COUNTED: Final = "items in a loop"  # no template can name a filter with blanks
CONCATENATED: Final = "texts in a row"
WEIGHED: Final = "values that are compared"


class Missing(Absent, StrictUndefined):
    """An undefined value of Jinja."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = None) -> None:
        del exc
        owner = None if obj is missing else obj
        super().__init__(hint, obj, name, partial(MissingNameError, name=name, owner=owner))  # type: ignore[arg-type]


class Sandbox(ImmutableSandboxedEnvironment):
    """The one environment all templates are compiled in.

    While one template renders, `budget` counts the items of its loops down and `work` the values and characters that it
    handles, out of what is left to all templates of a pipeline; `absent` collects missing names that it prints.
    """

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    concat = staticmethod(limited)

    def __init__(self) -> None:
        super().__init__(
            undefined=Missing, keep_trailing_newline=True, finalize=self.shown, autoescape=False, optimized=False
        )
        self.globals.clear()
        self.budget, self.work = MAX_ITEMS, MAX_WORK
        self.absent: list[MissingNameError] = []
        self.filters = {name: self._filter(FILTERS[name]) for name in OF_LISTS | OF_ANY}
        self.filters |= {name: self._filter(FILTERS[name], prepare=as_text) for name in OF_TEXTS}
        self.filters |= {name: self._filter(function) for name, function in OWN.items()}
        self.filters |= {
            name: self._filter(lambda *args, _function=function, **names: _function(self, *args, **names))
            for name, function in OWN_WITH_ENVIRONMENT.items()
        }
        self.filters |= {COUNTED: self.counted, CONCATENATED: concatenate, WEIGHED: self.weighed}
        tests: Mapping[str, Callable[..., Any]] = TESTS  # type: ignore[assignment]  # Jinja's annotation is too narrow
        self.tests = {name: self._test(tests[name]) for name in ALLOWED_TESTS}

    def enter(self) -> tuple[int, int, int]:
        """Give one rendering its allowance of loops and work, and return what `leave` has to be told.

        A template that it makes render has an allowance of its own.
        """
        around = self.budget, self.work
        given = min(MAX_WORK, max(SHARED_WORK.left, LEAST_WORK))
        self.budget, self.work = MAX_ITEMS, given
        return given, *around

    def leave(self, given: int, budget: int, work: int) -> None:
        """Take back the allowance of one rendering: what it used is used up for all."""
        SHARED_WORK.left -= given - self.work
        self.budget, self.work = budget, work

    def _filter(self, function: Callable[..., Any], prepare: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
        """Wrap a filter: its input and its result count as work, a lazy result becomes a list."""
        takes = getattr(function, "jinja_pass_arg", None)
        may_be_missing = function is FILTERS["default"]

        @pass_context
        def call(context: Context, value: Any, *args: Any, **names: Any) -> Any:
            if not may_be_missing:
                for given in (value, *args, *names.values()):
                    _refuse_missing(given)
            self.spend(value, *args, *names.values())
            passed = {"context": (context,), "eval_context": (context.eval_ctx,), "environment": (self,)}
            first = passed[takes.name] if takes is not None else ()
            result = function(*first, value if prepare is None else prepare(value), *args, **names)
            if isinstance(result, Iterator):
                result = as_list(result)
            elif isinstance(result, str):
                result = f"{result}"  # never a text that is marked as HTML
            self.spend(result)
            return result

        return call

    def _test(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a test: what it compares counts as work."""
        takes_environment = hasattr(function, "jinja_pass_arg")

        def call(value: Any, *args: Any) -> Any:
            self.spend(value, *args)
            return function(self, value, *args) if takes_environment else function(value, *args)

        return call

    def spend(self, *values: Any) -> None:
        """Count values as work, with all that is inside them."""
        for value in values:
            self.work -= 1 + len(value) // CHARACTERS_OF_ONE_STEP if isinstance(value, str) else 1
            if self.work < 0:
                raise RefusedError("SF219", TOO_MUCH)
            if isinstance(value, str):
                continue
            if isinstance(value, list | tuple):
                self.spend(*value)
            elif isinstance(value, dict):
                self.spend(*value.values())

    def weighed(self, value: Any) -> Any:
        """Count a value that is about to be compared."""
        self.spend(value)
        return value

    def shown(self, value: Any) -> str:
        """Return a value as text; collect a missing one and go on, so that all are found."""
        try:
            text = as_text(value)
        except MissingNameError as error:
            self.absent.append(error)
            return ""
        self.spend(text)
        return text

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look a key up in a mapping; no attribute of a Python object is ever read."""
        if isinstance(obj, Mapping):
            try:
                return obj[attribute]
            except KeyError:
                return Missing(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP_ATTRIBUTES:
            return getattr(obj, attribute)
        if isinstance(obj, tuple) and attribute in GROUP_ATTRIBUTES:  # what groupby gives
            return getattr(obj, attribute, Missing(obj=obj, name=attribute))
        return _nothing(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look up a key or an index, and nothing else."""
        if isinstance(obj, Mapping | list | tuple | str):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                return Missing(obj=obj, name=str(argument))
        return _nothing(obj, str(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute with numbers; `+` also joins two texts or two lists."""
        for value in (left, right):
            _refuse_missing(value)
        if is_number(left) and is_number(right):
            return bounded(super().call_binop(context, operator, left, right))
        if operator == "+" and type(left) is type(right) and isinstance(left, str | list):
            limit = MAX_CHARACTERS if isinstance(left, str) else MAX_ITEMS
            if len(left) + len(right) > limit:
                raise RefusedError("SF219", f"more than {limit:,} {'characters' if isinstance(left, str) else 'items'}")
            return left + right
        raise RefusedError("SF218", f"{operator} takes numbers, not {kind(left)} and {kind(right)}")

    def counted(self, items: Iterable[Any]) -> list[Any]:
        """Count a loop's items against the limit of the template that is rendering."""
        found = as_list(items)
        self.budget -= len(found)
        if self.budget < 0:
            raise RefusedError("SF219", f"loops run over more than {MAX_ITEMS:,} items")
        self.work -= len(found)
        if self.work < 0:
            raise RefusedError("SF219", TOO_MUCH)
        return found


def _nothing(obj: Any, name: str) -> Missing:
    _refuse_missing(obj)
    return Missing(obj=obj, name=name)


def _refuse_missing(value: Any) -> None:
    """Raise MissingNameError with the first missing name."""
    if isinstance(value, Missing):
        str(value)


SANDBOX: Final = Sandbox()
