"""One template, ready to render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.pipeline.templates.template_errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runner.pipeline.templates.template_errors import TemplateProblem
    from runner.records.source import Json


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """A template ready to render. `names` are those it uses; without the `required` ones it cannot be rendered."""

    source: str
    names: tuple[str, ...]
    required: frozenset[str]
    render: Callable[[Mapping[str, Json]], Json]
    """Returns the text, or the value of the one expression; raises TemplateProblemsError with every missing name."""

    def missing(self, known: Mapping[str, object], offered: Iterable[str]) -> tuple[TemplateProblem, ...]:
        """Return one problem for each required name that is not in `known`; `offered` is what could be used instead."""
        lacking = [name for name in self.names if name in self.required and name not in known]
        return tuple(unknown_name(self.source, name, offered) for name in lacking)
