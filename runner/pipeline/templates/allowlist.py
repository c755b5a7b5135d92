"""What a template may contain. Anything else is refused before it runs."""

from __future__ import annotations

import math
from typing import Final

from jinja2 import nodes

from runner.diagnostics.messages import listing, nearest
from runner.pipeline.templates.filters import REFUSED_FILTERS, REFUSED_TESTS
from runner.pipeline.templates.sandbox import CONCATENATED, COUNTED, SANDBOX, WEIGHED
from runner.pipeline.templates.template_errors import TemplateProblem, TemplateProblemsError, locate, opening_after
from runner.pipeline.templates.values import HIDDEN_NAMES

MAX_DEPTH: Final = 40
MAX_NODES: Final = 5_000
MAX_LOOPS: Final = 2
ALLOWED: Final = frozenset(
    {
        "Assign",
        "AssignBlock",
        "FilterBlock",
        "With",
        "Output",
        "TemplateData",
        "Name",
        "Const",
        "List",
        "Tuple",
        "Dict",
        "Pair",
        "CondExpr",
        "If",
        "For",
        "Getattr",
    }
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
    "NSRef": "a namespace",
    "Pow": "the power operator **",
    "ExprStmt": "do",
}
HELP: Final = "a template has names, filters, tests, if, for, set and range(): give anything else a name under vars"
HELP_FOR_SET: Final = "what is set inside a loop ends with it: use a filter such as sum, join or select"
FIXED_NAMES: Final = frozenset({"range", "loop"})


class Check:
    """Check a template's tree: refuse constructs, collect names, and limit what loops and `~` build."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.count = 0
        self.loads: dict[str, None] = {}
        self.stores: set[str] = {"range"}
        self.sets = False
        self.guarded: set[str] = set()
        self.problems: dict[str, TemplateProblem] = {}

    def visit(self, node: nodes.Node, depth: int, loops: int) -> None:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise TemplateProblemsError(
                TemplateProblem(code="SF217", message="the template is nested too deeply or too long")
            )
        kind = type(node).__name__
        if kind not in ALLOWED:
            remedy = HELP_FOR_SET if kind == "NSRef" else HELP
            self.refuse(node, f"{WORDS.get(kind, kind)} cannot be used in a template", help=remedy)
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
            case nodes.Const(value=float(number)) if not math.isfinite(number):
                self.refuse(node, "a number in the template is too large")
            case nodes.Filter() | nodes.Test():
                self._filter(node)
            case nodes.Assign() | nodes.AssignBlock() | nodes.With():
                self.sets = True
            case nodes.Compare():
                self._weigh(node)
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
        elif node.name in FIXED_NAMES:
            self.refuse(node, f"{node.name} is a reserved name in templates", node.name, help="choose another name")
        else:
            self.stores.add(node.name)

    def _call(self, node: nodes.Call) -> None:
        is_range = isinstance(node.node, nodes.Name) and node.node.name == "range"
        if not is_range or node.kwargs or node.dyn_args or node.dyn_kwargs:
            name = str(getattr(node.node, "name", getattr(node.node, "attr", "this")))
            is_filter = isinstance(node.node, nodes.Getattr) and name in SANDBOX.filters
            remedy = f"write it as a filter: {{{{ … | {name} }}}}" if is_filter else HELP
            self.refuse(node, f"{name}() cannot be called; only range() can", name, help=remedy)

    def _filter(self, node: nodes.Filter | nodes.Test) -> None:
        known = SANDBOX.filters if isinstance(node, nodes.Filter) else SANDBOX.tests
        if node.name not in known:
            self._unknown(node, [name for name in known if " " not in name])
        elif node.dyn_args or node.dyn_kwargs:
            self.refuse(node, f"{node.name} takes its arguments one by one", node.name)
        if node.name in ("defined", "undefined", "default", "d") and isinstance(node.node, nodes.Name):
            self.guarded.add(node.node.name)

    def _unknown(self, node: nodes.Filter | nodes.Test, known: list[str]) -> None:
        """Refuse a filter or test: say why when it is one of Jinja's, and what there is when it is none."""
        is_filter = isinstance(node, nodes.Filter)
        kind, refused = ("filter", REFUSED_FILTERS) if is_filter else ("test", REFUSED_TESTS)
        if node.name in refused:
            message = f"the {kind} {node.name} cannot be used in a template: {refused[node.name]}"
            self.refuse(node, message, node.name)
            return
        allowed = listing(sorted(known))
        remedy = nearest(node.name, known) or "remove it"
        self.refuse(node, f"there is no {kind} {node.name} here", node.name, allowed=allowed, help=remedy)

    def _weigh(self, node: nodes.Compare) -> None:
        """Count what is compared: equal lists are walked to their end."""
        node.expr = _weighed(node.expr)
        for operand in node.ops:
            operand.expr = _weighed(operand.expr)

    def refuse(
        self, node: nodes.Node, message: str, name: str | None = None, *, allowed: str | None = None, help: str = HELP
    ) -> None:
        start, end = self._where(node, name)
        problem = TemplateProblem(code="SF217", message=message, start=start, end=end, allowed=allowed, help=help)
        self.problems.setdefault(message, problem)

    def _where(self, node: nodes.Node, name: str | None) -> tuple[int, int | None]:
        if name is not None:
            for attribute in (False, True):
                start, end = locate(self.source, name, attribute=attribute)
                if end is not None:
                    return start, end
        return opening_after(self.source, node.lineno)


def _replace_concats(node: nodes.Node) -> None:
    """Replace each `a ~ b` among a node's children by a bounded join."""
    for field, value in node.iter_fields():
        if isinstance(value, nodes.Concat):
            setattr(node, field, _joined(value))
        elif isinstance(value, list):
            setattr(node, field, [_joined(item) if isinstance(item, nodes.Concat) else item for item in value])


def _weighed(node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, WEIGHED, [], [], None, None, lineno=node.lineno)


def _joined(node: nodes.Concat) -> nodes.Filter:
    items = nodes.List(list(node.nodes), lineno=node.lineno)
    return nodes.Filter(items, CONCATENATED, [], [], None, None, lineno=node.lineno)
