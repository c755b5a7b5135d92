"""A template that Jinja has to compile: parsed, checked, compiled once, rendered many times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Final

from jinja2 import TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateRuntimeError
from jinja2.meta import find_undeclared_variables

from runner.diagnostics.messages import listing, nearest
from runner.pipeline.templates.allowlist import Check
from runner.pipeline.templates.filters import bounded_range
from runner.pipeline.templates.sandbox import SANDBOX
from runner.pipeline.templates.template import Template
from runner.pipeline.templates.template_errors import (
    AlreadyReportedError,
    TemplateProblem,
    TemplateProblemsError,
    View,
    first_region,
    locate,
    opening_after,
    unknown_name,
)
from runner.pipeline.templates.values import (
    MissingNameError,
    NotTextError,
    RefusedError,
    computed,
    kind,
    limited,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Template as Compiled

    from runner.records.source import Json

PRINTED: Final = re.compile(r"\{\{-? *([A-Za-z_]\w*(?:\.\w+)*) *-?\}\}", re.ASCII)
MAX_FIELDS: Final = 4
RESULT: Final = "_result"  # no template can use a name that starts with an underscore
OWNER: Final = re.compile(r"([A-Za-z_][\w.]*)\s*(?:\.|\[)\s*[\"']?$")
HELP: Final = {
    "SF218": "change the value, or write an alternative: {{ … if … else … }}",
    "SF219": "loop over less, or repeat less",
}
FAILURES: Final = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    TemplateRuntimeError,
)
"""What a filter or an operator may raise for the values that it is given."""


class _Rendering:
    """A template of Jinja, compiled: what it gives, or what is wrong with it."""

    def __init__(self, source: str, compute: Callable[[Mapping[str, Json]], Json]) -> None:
        self.source = source
        self.compute = compute

    def render(self, values: Mapping[str, Json]) -> Json:
        """Return the text, or the value of the one expression; raises TemplateProblemsError with every missing name."""
        around, SANDBOX.absent = SANDBOX.absent, []
        try:
            result = self._attempt(values)
        except (TemplateProblemsError, AlreadyReportedError):
            if not SANDBOX.absent:
                raise
        finally:
            absent, SANDBOX.absent = SANDBOX.absent, around
        if absent:
            raise TemplateProblemsError(*dict.fromkeys(self._missing_name(error, values) for error in absent))
        return result

    def _attempt(self, values: Mapping[str, Json]) -> Json:
        try:
            return self.compute(values)
        except MissingNameError as error:
            SANDBOX.absent.append(error)
            return None
        except NotTextError as error:
            raise TemplateProblemsError(self._not_text(error, values)) from None
        except RefusedError as error:
            raise TemplateProblemsError(self._first_problem(error.code, error.message)) from None
        except FAILURES as error:
            message = f"the template cannot be computed: {_plain(error)}"
            raise TemplateProblemsError(self._first_problem("SF218", message)) from None

    def _first_problem(self, code: str, message: str) -> TemplateProblem:
        start, end = first_region(self.source)
        return TemplateProblem(code=code, message=message, start=start, end=end, help=HELP.get(code))

    def _not_text(self, error: NotTextError, values: Mapping[str, Json]) -> TemplateProblem:
        """Name the list or mapping that was printed, and say how to print a part of it."""
        for printed in PRINTED.finditer(self.source):
            first, *parts = printed[1].split(".")
            found = reduce(SANDBOX.getattr, parts, values.get(first))
            if found is error.value or isinstance(found, View):
                message = f"{printed[1]} is {kind(found)}, and text needs a single value"
                remedy = _part_of(printed[1], found)
                return TemplateProblem(
                    code=error.code, message=message, start=printed.start(), end=printed.end(), help=remedy
                )
        start, end = first_region(self.source)
        remedy = _part_of("…", error.value)
        return TemplateProblem(code=error.code, message=error.message, start=start, end=end, help=remedy)

    def _owner(self, start: int) -> str:
        """Return the name before `start`, in which a missing key was looked up."""
        written = OWNER.search(self.source[:start])
        return written[1] if written else "the mapping"

    def _missing_name(self, error: MissingNameError, values: Mapping[str, Json]) -> TemplateProblem:
        if error.name is None:
            return self._first_problem("SF218", str(error))
        if error.owner is None:
            return unknown_name(self.source, error.name, values)
        start, end = locate(self.source, error.name, attribute=True)
        if isinstance(error.owner, View):
            wrong = error.owner.problem_of(error.name)
        elif isinstance(error.owner, Mapping):
            known = [str(key) for key in error.owner]
            message = f"{self._owner(start)} has no {error.name}"
            wrong = TemplateProblem(
                code="SF216",
                message=message,
                allowed=listing(known) or None,
                help=nearest(error.name, known) or "remove it, or write what is there",
            )
        else:
            wrong = TemplateProblem(code="SF216", message=f"there is no {error.name} here")
        return TemplateProblem(
            code=wrong.code, message=wrong.message, start=start, end=end, allowed=wrong.allowed, help=wrong.help
        )


def _part_of(name: str, value: Json) -> str | None:
    if not isinstance(value, Mapping):
        return f"join its items: {{{{ {name} | join(', ') }}}}"
    fields = [f"{{{{ {name}.{key} }}}}" for key in value if str(key).isidentifier()]
    return f"use one of its fields: {', '.join(fields[:MAX_FIELDS])}" if fields else HELP["SF218"]


def of_jinja(source: str) -> Template:
    """Parse, check and compile; raises TemplateProblemsError with every construct that is not allowed."""
    try:
        tree = SANDBOX.parse(source)
        check = Check(source)
        check.visit(tree, 0, 0)
        if check.problems:
            raise TemplateProblemsError(*check.problems.values())
        undeclared = _undeclared(tree) if check.sets else frozenset[str]()
        expression = _whole(tree)
        if expression is not None:
            result = nodes.Assign(nodes.Name(RESULT, "store", lineno=1), expression, lineno=1)
            tree = nodes.Template([*_assignments(tree), result], lineno=1)
        tree.set_environment(SANDBOX)
        compiled = SANDBOX.from_string(tree)
    except TemplateSyntaxError as error:
        raise TemplateProblemsError(_syntax_problem(source, error)) from None
    except ValueError as error:
        raise TemplateProblemsError(TemplateProblem(code="SF215", message=f"not a valid template: {error}")) from None
    except (RecursionError, MemoryError, SyntaxError):
        raise TemplateProblemsError(
            TemplateProblem(code="SF217", message="the template is nested too deeply")
        ) from None
    names = tuple(name for name in check.loads if name not in check.stores or name in undeclared)
    return Template(
        source=source,
        names=names,
        required=frozenset(names) - check.guarded - check.stores,
        render=_Rendering(source, _computing(compiled, whole=expression is not None)).render,
    )


def _computing(compiled: Compiled, *, whole: bool) -> Callable[[Mapping[str, Json]], Json]:
    def compute(values: Mapping[str, Json]) -> Json:
        around = SANDBOX.enter()
        try:
            context = compiled.new_context({**values, "range": bounded_range}, shared=True)
            text = limited(compiled.root_render_func(context))
            return computed(context.vars[RESULT]) if whole else text
        finally:
            SANDBOX.leave(*around)

    return compute


def _undeclared(tree: nodes.Template) -> frozenset[str]:
    """Return the names that a template may read from outside, although it sets some of them itself."""
    tree.set_environment(SANDBOX)
    return frozenset(find_undeclared_variables(tree))


def _whole(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression when the template is one `{{ … }}`, with at most blanks and `{% set %}` around it."""
    solid: list[nodes.Node] = []
    for part in tree.body:
        solid += part.nodes if isinstance(part, nodes.Output) else [part]
    solid = [node for node in solid if not (isinstance(node, nodes.TemplateData) and not node.data.strip())]
    *before, last = solid or [nodes.TemplateData("")]
    is_whole = all(isinstance(node, nodes.Assign | nodes.AssignBlock) for node in before)
    return last if is_whole and isinstance(last, nodes.Expr) and not isinstance(last, nodes.TemplateData) else None


def _assignments(tree: nodes.Template) -> list[nodes.Node]:
    return [node for node in tree.body if isinstance(node, nodes.Assign | nodes.AssignBlock)]


def _syntax_problem(source: str, error: TemplateSyntaxError) -> TemplateProblem:
    start, end = opening_after(source, error.lineno)
    message, remedy = _in_words(error.message or "")
    return TemplateProblem(code="SF215", message=message, start=start, end=end, help=remedy)


def _in_words(message: str) -> tuple[str, str]:
    """Return the message and the remedy: plain for the two commonest mistakes, with Jinja's message for any other."""
    block = re.search(r"innermost block that needs to be closed is '(\w+)'", message)
    if block:
        closing = f"{{% end{block[1]} %}}"
        return f"{{% {block[1]} %}} is never closed with {closing}", f"write {closing} where it ends"
    if "expected 'end of print statement'" in message and "end of template" in message:
        return "{{ is never closed with }}", "write }} after the expression"
    return f"not a valid template: {message}", "braces that are text are written {{ '{{' }}"


def _plain(error: Exception) -> str:
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    return str(error) or type(error).__name__
