"""One template: parsed, checked against an allow-list of what it may do, compiled once, rendered many times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from jinja2 import TemplateSyntaxError, nodes

from runner.spec.sandbox import (
    CONCATENATED,
    COUNTED,
    MissingNameError,
    RefusedError,
    Sandbox,
    bounded_range,
    limited,
    plain_json,
)
from runner.spec.words import listing, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Template as Compiled

    from runner.records import Json

MAX_DEPTH: Final = 40
MAX_NODES: Final = 5_000
MAX_LOOPS: Final = 2
SANDBOX: Final = Sandbox()
ALLOWED: Final = frozenset(
    {"Output", "TemplateData", "Name", "Const", "List", "Tuple", "Dict", "Pair", "CondExpr", "If", "For", "Getattr"}
    | {"Getitem", "Slice", "Filter", "Test", "Compare", "Operand", "And", "Or", "Not", "Neg", "Pos", "Add", "Sub"}
    | {"Mul", "Div", "FloorDiv", "Mod", "Concat", "Call", "Keyword", "Template"}
)
WORDS: Final = {
    "Macro": "macros",
    "CallBlock": "call blocks",
    "Include": "include",
    "Import": "import",
    "FromImport": "import",
    "Extends": "extends",
    "Block": "blocks",
    "Assign": "set",
    "AssignBlock": "set",
    "FilterBlock": "filter blocks",
    "With": "with",
    "Pow": "the power operator **",
    "ExprStmt": "do",
}
HIDDEN_NAMES: Final = frozenset({"self", "super", "caller", "varargs", "kwargs"})
DELIMITED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|\w+|\S")
OPENING = re.compile(r"\{[{%#]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a template, at `source[start:end]`."""

    code: str
    message: str
    start: int = 0
    end: int | None = None
    allowed: str | None = None
    help: str | None = None


class FaultsError(Exception):
    """A template that cannot be used, with every fault found."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0].message if faults else "")
        self.faults = faults


class HushedError(Exception):
    """A value was used that is broken, and its own problem is reported where it stands."""


class View(Mapping[str, "Json"]):
    """A mapping that templates see under a name of its own, and that can say what a missing key means."""

    title = ""

    def fault(self, name: str) -> Fault:
        """Say what is wrong with looking up `name`, which is not there."""
        known = list(self)
        return Fault(
            code="SF216",
            message=f"{self.title} has no {name}",
            allowed=listing(known) or None,
            help=nearest(name, known),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """A compiled template. `names` are those it uses; without the `required` ones it cannot be rendered."""

    source: str
    names: tuple[str, ...]
    required: frozenset[str]
    whole: bool
    compiled: Compiled

    def missing(self, known: Mapping[str, object], offered: Iterable[str]) -> tuple[Fault, ...]:
        """Return one fault for each required name that is not in `known`; `offered` is what could stand there."""
        lacking = [name for name in self.names if name in self.required and name not in known]
        return tuple(unknown_name(self.source, name, offered) for name in lacking)

    def render(self, values: Mapping[str, Json]) -> Json:
        """Return the text, or the value of the one expression; raises FaultsError."""
        SANDBOX.budget = SANDBOX_BUDGET
        context = self.compiled.new_context({**values, "range": bounded_range}, shared=True)
        try:
            text = limited(self.compiled.root_render_func(context))
            return plain_json(context.vars["result"]) if self.whole else text
        except MissingNameError as error:
            raise FaultsError(self._missing_fault(error, values)) from None
        except RefusedError as error:
            start, end = self._first()
            raise FaultsError(Fault(code=error.code, message=error.message, start=start, end=end)) from None
        except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
            start, end = self._first()
            message = f"the template cannot be computed: {_plain(error)}"
            raise FaultsError(Fault(code="SF218", message=message, start=start, end=end)) from None

    def _first(self) -> tuple[int, int | None]:
        found = DELIMITED.search(self.source)
        return (found.start(), found.end()) if found else (0, None)

    def _missing_fault(self, error: MissingNameError, values: Mapping[str, Json]) -> Fault:
        if error.name is None:
            start, end = self._first()
            return Fault(code="SF218", message=str(error), start=start, end=end)
        if error.owner is None:
            return unknown_name(self.source, error.name, values)
        start, end = locate(self.source, error.name, attribute=True)
        if isinstance(error.owner, View):
            fault = error.owner.fault(error.name)
        elif isinstance(error.owner, Mapping):
            known = [str(key) for key in error.owner]
            message = f"the mapping has no {error.name}"
            fault = Fault(
                code="SF216", message=message, allowed=listing(known) or None, help=nearest(error.name, known)
            )
        else:
            fault = Fault(code="SF216", message=f"there is no {error.name} here")
        return Fault(
            code=fault.code, message=fault.message, start=start, end=end, allowed=fault.allowed, help=fault.help
        )


SANDBOX_BUDGET: Final = SANDBOX.budget


def unknown_name(source: str, name: str, offered: Iterable[str]) -> Fault:
    """Say that a template uses a name that is not there."""
    start, end = locate(source, name, attribute=False)
    names = sorted(offered)
    return Fault(
        code="SF216",
        message=f"{name} is not defined",
        start=start,
        end=end,
        allowed=listing(names),
        help=nearest(name, names),
    )


def locate(source: str, name: str, *, attribute: bool) -> tuple[int, int | None]:
    """Find where a template first uses `name`, as a name or after a dot or bracket."""
    for region in DELIMITED.finditer(source):
        before = ""
        for token in TOKEN.finditer(source, region.start() + 2, region.end() - 2):
            word = token[0].strip("\"'")
            is_attribute = before in (".", "[")
            if word == name and is_attribute == attribute and (attribute or token[0] == name):
                return token.start(), token.end()
            before = token[0]
    found = OPENING.search(source)
    return (found.start() if found else 0), None


@lru_cache(maxsize=4096)
def compile_template(source: str) -> Template:
    """Parse, check and compile; raises FaultsError with every construct that is not allowed."""
    try:
        tree = SANDBOX.parse(source)
        check = _Check(source)
        check.visit(tree, 0, 0)
        if check.faults:
            raise FaultsError(*check.faults.values())
        expression = _whole(tree)
        if expression is not None:
            target = nodes.Name("result", "store", lineno=1)
            tree = nodes.Template([nodes.Assign(target, expression, lineno=1)], lineno=1)
        tree.set_environment(SANDBOX)
        compiled = SANDBOX.from_string(tree)
    except TemplateSyntaxError as error:
        raise FaultsError(_syntax_fault(source, error)) from None
    except (RecursionError, MemoryError, SyntaxError):
        raise FaultsError(Fault(code="SF217", message="the template is nested too deeply")) from None
    names = [name for name in check.loads if name not in check.stores]
    return Template(
        source=source,
        names=tuple(names),
        required=frozenset(names) - check.guarded,
        whole=expression is not None,
        compiled=compiled,
    )


def _whole(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression when the template is one `{{ … }}` and blanks around it at most."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None
    solid = [
        node for node in tree.body[0].nodes if not (isinstance(node, nodes.TemplateData) and not node.data.strip())
    ]
    return solid[0] if len(solid) == 1 and not isinstance(solid[0], nodes.TemplateData) else None


def _syntax_fault(source: str, error: TemplateSyntaxError) -> Fault:
    lines = source.split("\n")
    start = sum(len(line) + 1 for line in lines[: error.lineno - 1])
    found = OPENING.search(source, start) or OPENING.search(source)
    unknown = re.match(r"No (filter|test) named '(.*)'", error.message or "")
    if unknown:
        known = [name for name in (SANDBOX.filters if unknown[1] == "filter" else SANDBOX.tests) if " " not in name]
        start, end = locate(source, unknown[2], attribute=False)
        message = f"there is no {unknown[1]} {unknown[2]} here"
        return Fault(
            code="SF217",
            message=message,
            start=start,
            end=end,
            allowed=listing(sorted(known)),
            help=nearest(unknown[2], known),
        )
    message = _said(error.message or "")
    return Fault(code="SF215", message=message, start=found.start() if found else start)


def _said(message: str) -> str:
    """Say the two commonest mistakes plainly, any other in Jinja's words."""
    block = re.search(r"innermost block that needs to be closed is '(\w+)'", message)
    if block:
        return f"{{% {block[1]} %}} is never closed with {{% end{block[1]} %}}"
    if "expected 'end of print statement'" in message and "end of template" in message:
        return "{{ is never closed with }}"
    return f"not a valid template: {message}"


def _plain(error: Exception) -> str:
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    return str(error) or type(error).__name__


class _Check:
    """Walk a template's tree once: refuse, collect names, and make loops and `~` count what they build."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.count = 0
        self.loads: dict[str, None] = {}
        self.stores: set[str] = {"range"}
        self.guarded: set[str] = set()
        self.faults: dict[str, Fault] = {}

    def visit(self, node: nodes.Node, depth: int, loops: int) -> None:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise FaultsError(Fault(code="SF217", message="the template is nested too deeply or too long"))
        kind = type(node).__name__
        if kind not in ALLOWED:
            self.refuse(node, f"{WORDS.get(kind, kind)} cannot be used in a template")
            return
        match node:
            case nodes.Name():
                self._name(node)
            case nodes.Getattr() if node.attr.startswith("_"):
                self.refuse(node, f"{node.attr} starts with an underscore", node.attr)
            case nodes.Getitem(arg=nodes.Const(value=str(key))) if key.startswith("_"):
                self.refuse(node, f"{key} starts with an underscore", key)
            case nodes.Call():
                self._call(node)
            case nodes.Filter() | nodes.Test():
                self._filter(node)
            case nodes.For():
                loops += 1
                if loops > MAX_LOOPS or node.recursive:
                    self.refuse(node, f"loops may be {MAX_LOOPS} deep, and not recursive")
                self.stores.add("loop")
                node.iter = nodes.Filter(node.iter, COUNTED, [], [], None, None, lineno=node.lineno)
            case _:
                pass
        for child in list(node.iter_child_nodes()):
            self.visit(child, depth + 1, loops)
        _replace_concats(node)

    def _name(self, node: nodes.Name) -> None:
        if node.name in HIDDEN_NAMES or node.name.startswith("_"):
            self.refuse(node, f"{node.name} cannot be used in a template", node.name)
        elif node.ctx == "load":
            self.loads.setdefault(node.name)
        else:
            self.stores.add(node.name)

    def _call(self, node: nodes.Call) -> None:
        is_range = isinstance(node.node, nodes.Name) and node.node.name == "range"
        if not is_range or node.kwargs or node.dyn_args or node.dyn_kwargs:
            name = getattr(node.node, "name", getattr(node.node, "attr", "this"))
            self.refuse(node, f"{name}() cannot be called; only range() can", str(name))

    def _filter(self, node: nodes.Filter | nodes.Test) -> None:
        if node.dyn_args or node.dyn_kwargs:
            self.refuse(node, f"{node.name} takes its arguments one by one", node.name)
        if node.name in ("defined", "undefined", "default", "d") and isinstance(node.node, nodes.Name):
            self.guarded.add(node.node.name)

    def refuse(self, node: nodes.Node, message: str, name: str | None = None) -> None:
        start, end = self._where(node, name)
        self.faults.setdefault(message, Fault(code="SF217", message=message, start=start, end=end))

    def _where(self, node: nodes.Node, name: str | None) -> tuple[int, int | None]:
        if name is not None:
            for attribute in (False, True):
                start, end = locate(self.source, name, attribute=attribute)
                if end is not None:
                    return start, end
        lines = self.source.split("\n")
        offset = sum(len(line) + 1 for line in lines[: node.lineno - 1])
        found = OPENING.search(self.source, offset) or OPENING.search(self.source)
        return (found.start() if found else 0), None


def _replace_concats(node: nodes.Node) -> None:
    """Put a bounded join in the place of each `a ~ b` among a node's children."""
    for field, value in node.iter_fields():
        if isinstance(value, nodes.Concat):
            setattr(node, field, _joined(value))
        elif isinstance(value, list):
            setattr(node, field, [_joined(item) if isinstance(item, nodes.Concat) else item for item in value])


def _joined(node: nodes.Concat) -> nodes.Filter:
    items = nodes.List(list(node.nodes), lineno=node.lineno)
    return nodes.Filter(items, CONCATENATED, [], [], None, None, lineno=node.lineno)
