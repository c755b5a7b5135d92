"""`include:` – vars, defaults and profiles of other pipeline files, laid under those of the file that names them."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from runner.frozen import replace
from runner.pipeline.paths import inside_problem, without_parents
from runner.pipeline.shape.load import shape_problems
from runner.pipeline.yaml.document import Document, parse
from runner.records.source import Places, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runner.records.source import DocPath, Json, Mark

T = TypeVar("T")

SHARED: Final = ("vars", "defaults", "profiles")
"""What a file takes from those it includes; later files win over earlier ones, and the file itself over all."""
OWN: Final = frozenset({"name", "profile", "env", "providers", "prices", "budget", "jobs"})
"""What an included file keeps to itself."""
MAX_DEPTH: Final = 8
MAX_FILES: Final = 50
MAX_CHARACTERS: Final = 4 << 20
HELP: Final = "the path starts at the folder of the file that includes it"


def with_included(
    document: Document, *, schema: Mapping[str, Json], read: Callable[[str], str]
) -> tuple[Document, tuple[Problem, ...]]:
    """Return a document with what it includes laid under it, every place kept, and what is wrong with those files.

    `read` takes a path relative to the folder of `document`; it raises FileNotFoundError, another OSError or a ValueError
    whose message says what is wrong.
    """
    if not isinstance(document.data, dict) or "include" not in document.data:
        return document, ()
    reading = _Reading(schema=schema, read=read, folder=posixpath.dirname(document.file))
    own = posixpath.basename(document.file)
    below = reading.below(document, own, (own,))
    whole = _laid(below, document) if below is not None else document
    return replace(whole, included=tuple(reading.files.values())), tuple(reading.problems)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """The files read so far, by their path from the folder of the first one, and what is wrong with them."""

    schema: Mapping[str, Json]
    read: Callable[[str], str]
    folder: str
    files: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def below(self, document: Document, path: str, way: tuple[str, ...]) -> Document | None:
        """Return all that a document includes, as one; None when it includes nothing."""
        below: Document | None = None
        for named, mark in _named(document):
            inner = self._included(named, mark, path, way)
            if inner is not None:
                below = inner if below is None else _laid(below, inner)
        return below

    def _included(self, named: str, mark: Mark | None, path: str, way: tuple[str, ...]) -> Document | None:
        wrong = inside_problem(without_parents(named)[1])
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
        if wrong is not None:
            return self._refuse(f"the included path {named} {wrong}", mark)
        if target in way:
            circle = " → ".join((*way[way.index(target) :], target))
            return self._refuse(
                f"files include each other in a circle: {circle}", mark, help="remove one of these includes"
            )
        if len(way) > MAX_DEPTH:
            return self._refuse(
                f"{named} is included more than {MAX_DEPTH} files deep", mark, help="include it directly"
            )
        document = self.files.get(target) or self._read(target, named, mark)
        if document is None:
            return None
        below = self.below(document, target, (*way, target))
        shared = _shared(document)
        return shared if below is None else _laid(below, shared)

    def _read(self, target: str, named: str, mark: Mark | None) -> Document | None:
        if len(self.files) >= MAX_FILES:
            return self._refuse(f"more than {MAX_FILES} files are included", mark, help="include fewer files")
        try:
            text = self.read(target)
        except FileNotFoundError:
            return self._refuse(f"there is no file {named} to include", mark)
        except (OSError, ValueError) as error:
            return self._refuse(f"{named} cannot be included: {error}", mark)
        document = parse(text, posixpath.normpath(posixpath.join(self.folder, target)))
        self.files[target] = document
        if sum(len(item.source) for item in self.files.values()) > MAX_CHARACTERS:
            return self._refuse(
                f"the included files have more than {MAX_CHARACTERS:,} characters", mark, help="include less"
            )
        self.problems += [problem for problem in document.problems if not problem.path or problem.path[0] in SHARED]
        if document.data is None:
            return None
        self.problems += shape_problems(_checked(document), {**self.schema, "required": ["version"]})
        return document

    def _refuse(self, message: str, mark: Mark | None, *, help: str = HELP) -> Document | None:
        self.problems.append(Problem(code="SF226", message=message, mark=mark, path=("include",), help=help))
        return None


def _named(document: Document) -> Iterator[tuple[str, Mark | None]]:
    """Yield each path that a document includes, with its place."""
    written = document.data.get("include")
    if isinstance(written, str):
        yield written, document.marks.get(("include",))
    for index, path in enumerate(written if isinstance(written, list) else ()):
        if isinstance(path, str):
            yield path, document.marks.get(("include", index))


def _shared(document: Document) -> Document:
    """Return a document with only what others take from it."""
    return replace(document, data={key: value for key, value in document.data.items() if key in SHARED})


def _checked(document: Document) -> Document:
    """Return a document without the keys that are for its own runs alone: those are checked when it is run."""
    return replace(document, data={key: value for key, value in document.data.items() if key not in OWN})


def _laid(below: Document, above: Document) -> Document:
    """Return `above` with `below` under it: mappings are merged key by key, anything else is replaced."""
    replaced: set[DocPath] = set()
    data = _merged(below.data, above.data, (), replaced)

    def places(under: Mapping[DocPath, T], over: Mapping[DocPath, T]) -> dict[DocPath, T]:
        kept = {path: place for path, place in under.items() if _is_kept(path, replaced)}
        return {**kept, **over}

    return replace(
        above,
        data=data,
        places=Places(marks=places(below.marks, above.marks), key_marks=places(below.key_marks, above.key_marks)),
        texts=places(below.texts, above.texts),
    )


def _is_kept(path: DocPath, replaced: set[DocPath]) -> bool:
    return bool(path) and path[0] in SHARED and not any(path[:length] in replaced for length in range(1, len(path) + 1))


def _merged(below: Json, above: Json, path: DocPath, replaced: set[DocPath]) -> dict[str, Json]:
    data: dict[str, Json] = dict(below)
    for key, value in above.items():
        here, old = (*path, key), data.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and "file" not in value:
            data[key] = _merged(old, value, here, replaced)
        else:
            data[key] = value
            replaced.add(here)
    return data
