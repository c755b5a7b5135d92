"""Lint: warnings about valid pipelines that will probably not do what was meant. `# scorefile: ignore[SF…]` silences one.

A rule is a file in `rules/`; nothing has to be registered. A warning appears once at each place in the source, with the jobs it
reaches, however many cells a matrix has.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from runner.diagnostics.order import by_place
from runner.pipeline.lint import rules
from runner.pipeline.lint.context import LintContext, Rule
from runner.pipeline.lint.ignores import read_ignores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.pipeline.lint.ignores import Ignores
    from runner.pipeline.yaml.document import Document
    from runner.records.source import Problem


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of their files."""
    names = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    return tuple(cast("Rule", import_module(f"{rules.__name__}.{name}")) for name in names)


def lint(context: LintContext) -> tuple[Problem, ...]:
    """Return the warnings of a pipeline, in the order of their places."""
    document = context.document
    ignores = {file.file: read_ignores(file) for file in (document, *document.included)}
    found = (problem for rule in all_rules() for problem in rule.check(context))
    kept = (problem for problem in found if not _is_ignored(problem, document, ignores))
    return by_place((*kept, *(problem for inside in ignores.values() for problem in inside.problems)))


def _is_ignored(problem: Problem, document: Document, ignores: Mapping[str, Ignores]) -> bool:
    """Check the line of the value and that of its key: a block of text cannot contain comments.

    For a place in a text file it is the line that names the file.
    """
    mark = problem.mark
    if mark is not None and mark.file not in ignores:
        mark = problem.origin[-1].mark if problem.origin else None
    if mark is None or mark.file not in ignores:
        return False
    key = document.key_marks.get(problem.path)
    lines = {mark.line, key.line if key and key.file == mark.file else mark.line}
    return any(problem.code in ignores[mark.file].lines.get(line, ()) for line in lines)


__all__ = ["LintContext", "all_rules", "lint"]
