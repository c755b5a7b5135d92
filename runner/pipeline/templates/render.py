"""Render leaves: the value of each in one cell, its origin, and its problems.

A rendering is remembered by the template and by the provenance of everything it uses, so ten thousand cells that
differ in one axis render everything else once.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import show
from runner.diagnostics.secrets import key_problems
from runner.frozen import dataclass, replace
from runner.pipeline.paths import inside_problem
from runner.pipeline.shape.load import override_value
from runner.pipeline.templates.bound import Bound, Names, steps_read, steps_used
from runner.pipeline.templates.compiling import compile_template
from runner.pipeline.templates.template_errors import AlreadyReportedError, TemplateProblem, TemplateProblemsError
from runner.pipeline.templates.values import SHARED_WORK, plain_json
from runner.pipeline.yaml.conflicts import conflict_markers
from runner.pipeline.yaml.events import forbidden_character
from runner.pipeline.yaml.scalars import OddNumberError
from runner.pipeline.yaml.source_map import file_text, is_template, place
from runner.records.pipeline import Layer, Leaf
from runner.records.source import Mark, Places, Problem, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from runner.pipeline.templates.bound import Trace
    from runner.pipeline.templates.template import Template
    from runner.records.pipeline import Pipeline, Text
    from runner.records.source import DocPath, Json

MAX_FILE_BYTES: Final = 1_000_000
PATH_HELP: Final = "the path starts at the pipeline's folder"


class Renderer:
    """Render the leaves of one pipeline, with caches of templates, files and results. Serves one `resolve`."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        env: Mapping[str, str],
        overrides: Mapping[str, str | Leaf],
        read_text: Callable[[str], str],
    ) -> None:
        SHARED_WORK.begin()
        self.pipeline = pipeline
        self.jobs = frozenset(job.name for job in pipeline.jobs)
        self.env = {name: env[name] for name in pipeline.env if name in env}
        self.overrides = {name: _override(name, text) for name, text in overrides.items() if isinstance(text, str)}
        self.var_files = {name: leaf for name, leaf in overrides.items() if isinstance(leaf, Leaf)}
        self.read_text = read_text
        self.shared: dict[str, Bound] = {}
        """The pipeline's vars, as jobs without vars and axes see them."""
        self.literals: dict[int, Bound] = {}
        self.compiled: dict[int, _Compiled | tuple[Problem, ...]] = {}
        self.rendered: dict[Hashable, Bound] = {}
        self.files: dict[str, Leaf | tuple[Problem, ...]] = {}

    def evaluate(self, leaf: Leaf, scope: Names) -> Bound:
        """Return the value of `leaf` in the cell of `scope`."""
        if leaf.file:
            return self._file(leaf, scope)
        if leaf.texts:
            return self._templates(leaf, scope)
        bound = self.literals.get(id(leaf))
        if bound is None:
            bound = self.literals[id(leaf)] = Bound(
                value=plain_json(leaf.value),
                key=id(leaf),
                layer=leaf.layer,
                leaf=leaf,
                first=self._profile_step(leaf),
            )
        return bound

    def _profile_step(self, leaf: Leaf) -> tuple[Step, ...]:
        if leaf.layer is not Layer.PROFILE:
            return ()
        default = self.pipeline.marks.get(("profile",))
        return (Step(text=f"{'--profile' if default is None else 'profile:'} {self.pipeline.profile}", mark=default),)

    def _templates(self, leaf: Leaf, scope: Names) -> Bound:
        compiled = self.compiled.get(id(leaf))
        if compiled is None:
            compiled = self.compiled[id(leaf)] = _compiled(leaf)
        if isinstance(compiled, tuple):
            return _broken(leaf, compiled, id(leaf))
        used = {name: bound for name in compiled.names if (bound := scope.bind(name)) is not None}
        key = (id(leaf), *[bound.key for bound in used.values()], len(used))
        known = self.rendered.get(key)
        if known is None:
            known = self.rendered[key] = self._render(leaf, compiled.templates, used, scope, key)
        return known

    def _render(
        self, leaf: Leaf, templates: Mapping[DocPath, Template], used: Mapping[str, Bound], scope: Names, key: Hashable
    ) -> Bound:
        """Render every template of a leaf; the value is broken when a name in it is."""
        problems: list[Problem] = []
        is_broken = False
        for bound in used.values():
            problems += bound.problems
            is_broken = is_broken or bound.broken
        for path, template in templates.items():
            if not template.required <= used.keys():
                problems += [_problem(wrong, leaf, path, ()) for wrong in template.missing(used, scope.names())]
        if problems or is_broken:
            return _broken(leaf, tuple(problems), key)
        values = {name: bound.value for name, bound in used.items()}
        hushed = False
        outcome: dict[DocPath, Json] = {}
        read: list[Trace] = []
        for path, template in templates.items():
            around = scope.watch()
            try:
                outcome[path] = template.render(values)
                read.append(scope.watched(around))
            except TemplateProblemsError as error:
                steps = (*self._profile_step(leaf), *steps_used(used.items()), *steps_read(scope.watched(around)))
                problems += [_problem(wrong, leaf, path, steps) for wrong in error.problems]
            except AlreadyReportedError:
                scope.watched(around)
                hushed = True
        if problems or hushed:
            return _broken(leaf, tuple(problems), key)
        source = leaf.value if isinstance(leaf.value, str) else None
        return Bound(
            value=_filled(leaf.value, outcome),
            key=key,
            layer=leaf.layer,
            leaf=leaf,
            source=source if source is not None else show(leaf.value),
            first=self._profile_step(leaf),
            used=tuple([(name, bound) for name, bound in used.items() if not bound.is_provided]),
            read=tuple(filter(None, read)),
        )

    def _file(self, leaf: Leaf, scope: Names) -> Bound:
        """Read the text that `{file: PATH}` names; a template in it is rendered like any other."""
        named = self._templates(leaf, scope) if leaf.texts else self._literal_path(leaf)
        if named.broken:
            return named
        path = named.value
        if path not in self.files:
            self.files[path] = self._read(path if isinstance(path, str) else "", named.mark)
        content = self.files[path]
        if isinstance(content, tuple):
            step = Step(text=f"{{file: {path}}}", mark=leaf.mark)
            problems = tuple(
                replace(_in_file(problem, step), path=leaf.path)
                if problem.mark != named.mark
                else replace(problem, mark=leaf.mark, path=leaf.path, origin=named.chain())
                for problem in content
            )
            return _broken(leaf, problems, named.key)
        text = self.evaluate(content, scope)
        key = ("file", id(leaf), named.key, text.key)
        known = self.rendered.get(key)
        if known is None:
            known = self.rendered[key] = self._of_file(leaf, named, content, text)
        return known

    def _of_file(self, leaf: Leaf, named: Bound, content: Leaf, text: Bound) -> Bound:
        """Return the value of a leaf that names a text file, from its rendered content."""
        key, step = ("file", named.key, text.key), Step(text=f"{{file: {named.value}}}", mark=leaf.mark)
        if text.broken:
            of_file = content.mark.file if content.mark else None
            problems = tuple(
                _in_file(problem, step) if problem.mark is not None and problem.mark.file == of_file else problem
                for problem in text.problems
            )
            return _broken(content, problems, key)
        return Bound(
            value=text.value if isinstance(text.value, str) else show(text.value),
            key=key,
            layer=leaf.layer,
            leaf=leaf,
            source=step.text,
            file=content.mark.file if content.mark and not content.texts else None,
            first=tuple(dict.fromkeys((*named.steps, *text.steps))),
        )

    def _literal_path(self, leaf: Leaf) -> Bound:
        return Bound(value=leaf.value, key=id(leaf), layer=leaf.layer, leaf=leaf, first=self._profile_step(leaf))

    def _read(self, path: str, mark: Mark | None) -> Leaf | tuple[Problem, ...]:
        """Return the text of a file, or its problems: at `mark`, or in the file itself."""
        wrong = inside_problem(path)
        if wrong is not None:
            message = f"the path {show(path)} {wrong}"
            allowed = "a path inside the pipeline's folder, with / between folders"
            return (Problem(code="SF504", message=message, mark=mark, allowed=allowed, help=PATH_HELP),)
        shown = posixpath.join(posixpath.dirname(self.pipeline.file), path)
        try:
            content = self.read_text(path)
        except FileNotFoundError:
            return (Problem(code="SF503", message=f"there is no file {path}", mark=mark, help=PATH_HELP),)
        except UnicodeDecodeError as error:
            return (_not_utf_8(error, path, shown),)
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read: {error}"
            return (Problem(code="SF503", message=message, mark=mark, help="name a text file that can be read"),)
        if len(content) > MAX_FILE_BYTES or len(content.encode(errors="replace")) > MAX_FILE_BYTES:
            remedy = "name a shorter text: no model takes so much"
            message = f"{path} is too large"
            return (Problem(code="SF505", message=message, mark=mark, allowed="up to 1 MB of text", help=remedy),)
        text = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
        bad = forbidden_character(text, shown)
        if bad is not None:
            return (replace(bad, code="SF503", message=f"{path} is not plain text: {bad.message}"),)
        # A line of ======= alone is a heading in many a text, so a text has a conflict only where one starts.
        conflicts = conflict_markers(text, shown) if "<<<<<<< " in text else ()
        wrong_lines = (*conflicts, *key_problems(text, shown))
        if wrong_lines:
            return wrong_lines
        written = file_text(text, shown)
        texts: dict[DocPath, Text] = {(): written} if is_template(text) else {}
        return Leaf(value=text, path=(), layer=Layer.JOB, texts=texts, places=Places(marks={(): written.mark}))


def _not_utf_8(error: UnicodeDecodeError, path: str, shown: str) -> Problem:
    before = error.object[: error.start]
    column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    mark = Mark(file=shown, line=before.count(b"\n") + 1, column=column)
    message = f"{path} is not UTF-8 text: it contains the byte 0x{error.object[error.start]:02X}"
    return Problem(code="SF503", message=message, mark=mark, help="save it as UTF-8")


def _in_file(problem: Problem, step: Step) -> Problem:
    """Add to a problem inside a text file which value reads the file."""
    return replace(problem, origin=(*problem.origin, step))


def _override(name: str, text: str) -> Bound:
    """Read a --var; one that cannot be read is broken, and `load` has reported it."""
    steps = (Step(text=f"--var {name}={text}"),)
    try:
        value = plain_json(override_value(text))
    except OddNumberError:
        return Bound(value=None, key=("--var", name), layer=Layer.VAR, broken=True)
    return Bound(value=value, key=("--var", name), layer=Layer.VAR, first=steps)


def _broken(leaf: Leaf, problems: tuple[Problem, ...], key: Hashable) -> Bound:
    return Bound(value=None, key=key, layer=leaf.layer, leaf=leaf, problems=problems, broken=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """The templates of one leaf, by their paths in it, and the names that they use."""

    templates: Mapping[DocPath, Template]
    names: tuple[str, ...]


def _compiled(leaf: Leaf) -> _Compiled | tuple[Problem, ...]:
    """Compile the templates of a leaf; return every problem when one of them cannot be used."""
    templates: dict[DocPath, Template] = {}
    found: list[Problem] = []
    for path in leaf.texts:
        try:
            templates[path] = compile_template(_at(leaf.value, path))
        except TemplateProblemsError as error:
            found += [_problem(wrong, leaf, path, ()) for wrong in error.problems]
    if found:
        return tuple(found)
    names = dict.fromkeys(name for template in templates.values() for name in template.names)
    return _Compiled(templates=templates, names=tuple(names))


def _problem(wrong: TemplateProblem, leaf: Leaf, path: DocPath, steps: tuple[Step, ...]) -> Problem:
    source = _at(leaf.value, path)
    return Problem(
        code=wrong.code,
        message=wrong.message,
        mark=place(leaf.texts[path], source, wrong.start, wrong.end),
        path=leaf.path + path,
        allowed=wrong.allowed,
        help=wrong.help,
        origin=steps,
    )


def _at(value: Json, path: DocPath) -> str:
    for key in path:
        value = value[key]
    return str(value)


def _filled(value: Json, outcome: Mapping[DocPath, Json], path: DocPath = ()) -> Json:
    """Put rendered texts back into the list or mapping they came from."""
    if path in outcome:
        return outcome[path]
    if isinstance(value, list):
        return [_filled(item, outcome, (*path, index)) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: _filled(item, outcome, (*path, key)) for key, item in value.items()}
    return plain_json(value)
