"""Merge a profile over a pipeline file, keeping the place where each value was written."""

from __future__ import annotations

from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.pipeline import Layer, Leaf, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.pipeline.yaml.document import Document
    from runner.records.source import DocPath, Json, Mark

NO_TEXTS: Mapping[DocPath, Text] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The merged data; `moved` maps a place in it to the place in the document of a profile's value."""

    document: Document
    data: Mapping[str, Json]
    moved: Mapping[DocPath, DocPath] = field(default_factory=dict)

    def written(self, path: DocPath) -> DocPath:
        """Return the path in the document of the value at `path`."""
        if self.moved:
            for length in range(len(path), 0, -1):
                source = self.moved.get(path[:length])
                if source is not None:
                    return source + path[length:]
        return path

    def mark(self, path: DocPath) -> Mark:
        """Return the place of a value, or of the nearest thing around it."""
        return self.document.mark(self.written(path))

    def key_mark(self, path: DocPath) -> Mark:
        """Return the place of a value's key; a value without one has its own place."""
        written = self.written(path)
        return self.document.key_marks.get(written) or self.document.mark(written)

    def leaf(self, path: DocPath, value: Json, layer: Layer) -> Leaf:
        """Wrap the value at `path`; `{file: PATH}` becomes a file Leaf whose place is the path's."""
        document, written = self.document, self.written(path)
        in_profile = written is not path and written != path
        is_file = isinstance(value, dict) and value.keys() == {"file"} and isinstance(value["file"], str)
        at = (*written, "file") if is_file else written
        texts: Mapping[DocPath, Text] = NO_TEXTS
        if is_file:
            value = value["file"]
        if isinstance(value, list | dict):
            size = len(at)
            inside = [at + rest for rest in _paths(value)]
            texts = {path[size:]: document.texts[path] for path in inside if path in document.texts}
        elif at in document.texts:
            texts = {(): document.texts[at]}
        return Leaf(
            value=value,
            path=path,
            layer=Layer.PROFILE if in_profile else layer,
            file=is_file,
            texts=texts,
            places=document.places,
            written=written,
        )


def merge(document: Document, profile: str | None) -> Merged:
    """Lay the profile's mappings over the file's, key by key; lists and single values replace."""
    base = {key: value for key, value in document.data.items() if key != "profiles"}
    if profile is None:
        return Merged(document=document, data=base)
    moved: dict[DocPath, DocPath] = {}
    over = document.data["profiles"][profile]
    data = _over(base, over, (), ("profiles", profile), moved)
    return Merged(document=document, data=data, moved=moved)


def _over(
    base: Mapping[str, Json], over: Mapping[str, Json], path: DocPath, source: DocPath, moved: dict[DocPath, DocPath]
) -> dict[str, Json]:
    data = dict(base)
    for key, value in over.items():
        here, there = (*path, key), (*source, key)
        old = data.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and "file" not in value:
            data[key] = _over(old, value, here, there, moved)
        else:
            data[key] = value
            moved[here] = there
    return data


def _paths(value: Json) -> list[DocPath]:
    found: list[DocPath] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.append((key,))
        found.extend((key, *rest) for rest in _paths(inner))
    return found
