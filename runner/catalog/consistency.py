"""Contradictions in model and provider files: within a file, with its place, and between files."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from runner.catalog.providers import paths
from runner.diagnostics.messages import listing, nearest, show
from runner.records.address import may_be_plain
from runner.records.catalog import LengthUnit
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.diagnostics.json_document import JsonDocument
    from runner.records.catalog import Model
    from runner.records.provider import Provider
    from runner.records.source import DocPath

BLOCK: Final = "x-scorefile"
PLAIN: Final = "https://HOST[:PORT]; http:// for this machine and private networks"
PLACES: Final = "schemas/models/PROVIDER/MODEL.json and schemas/providers/PROVIDER.json"


def model_contradictions(model: Model, document: JsonDocument) -> Iterator[Problem]:
    """Yield what contradicts itself in a model file."""
    named: dict[DocPath, str | None] = {
        (BLOCK, "seed", "param"): model.seed.param if model.seed else None,
        (BLOCK, "takes", "param"): model.takes.param,
        (BLOCK, "inputs_param"): model.inputs_param,
        (BLOCK, "format_param"): model.format_param,
        (BLOCK, "duration_param"): model.duration_param,
    }
    for path, param in named.items():
        if param is not None and param not in model.params:
            message = f"{'.'.join(map(str, path))} is {param}, and {model.id} has no such parameter"
            remedy = nearest(param, model.params) or "name a parameter under properties"
            yield _problem("SF304", document, path, message, remedy, listing(model.params))
    for field in model.body:
        if field in model.params and model.params[field].choices != (model.body[field],):
            message = f"{field} is fixed in {BLOCK}.body and also a parameter of {model.id}"
            remedy = f"keep one of the two, or let the parameter allow nothing else: enum [{show(model.body[field])}]"
            yield _problem("SF307", document, (BLOCK, "body", field), message, remedy)
    if model.duration_param is not None and model.duration_unit is None:
        message = f"{BLOCK}.duration_param is {model.duration_param}, and {BLOCK} has no duration_unit"
        remedy = "add duration_unit as its page gives it: prices by the minute and rehearsals need it"
        yield _problem("SF308", document, (BLOCK, "duration_param"), message, remedy, listing(LengthUnit))


def provider_contradictions(provider: Provider, document: JsonDocument, file: str) -> Iterator[Problem]:
    """Yield a public address without TLS, paths that are not JMESPath, and a name that is not the file's."""
    import jmespath  # for files of a project alone
    from jmespath.exceptions import JMESPathError  # the same

    stem = PurePosixPath(file).stem
    if provider.base_url.startswith("http://") and not may_be_plain(provider.base_url):
        message, remedy = f"base_url is {show(provider.base_url)}, which is plain http", "write https:// and the host"
        yield _problem("SF301", document, ("base_url",), message, remedy, PLAIN)
    if provider.name != stem:
        message = f"the file is called {stem}.json, and its name is {provider.name}"
        remedy = f"call the file {provider.name}.json, or write {show(stem)}"
        yield _problem("SF303", document, ("name",), message, remedy)
    for name, path in paths(provider).items():
        try:
            jmespath.compile(path)
        except JMESPathError as error:
            place: DocPath = tuple(int(step) if step.isdigit() else step for step in re.findall(r"\w+", name))
            column = getattr(error, "lex_position", 0) + 1
            message = f"{name} is {show(path)}, which is not JMESPath from character {column} on"
            yield _problem("SF306", document, place, message, 'a name with a dash needs quotes: data.\\"audio-url\\"')


def misplaced(document: JsonDocument) -> Problem:
    """Report a file in a place where the catalog reads none."""
    return _problem("SF303", document, (), "the catalog reads no file in this place", "move it", PLACES)


def wrong_provider(
    model: Model, document: JsonDocument, providers: Mapping[str, Provider], *, has_file: bool
) -> Problem | None:
    """Report a model whose provider has no file, or a model in the folder of another provider."""
    place = (BLOCK, "provider")
    if has_file:
        folder = model.id.split("/")[0]
        message = f"the file is in the folder {folder}, and its provider is {model.provider}"
        remedy = f"move it to schemas/models/{model.provider}/, or write {show(folder)}"
        return None if folder == model.provider else _problem("SF303", document, place, message, remedy)
    message = f"{BLOCK}.provider is {model.provider}, and there is no provider of that name"
    remedy = nearest(model.provider, providers) or f"write schemas/providers/{model.provider}.json"
    return _problem("SF302", document, place, message, remedy, listing(sorted(providers)) or "none")


def _problem(
    code: str, document: JsonDocument, path: DocPath, message: str, remedy: str, allowed: str | None = None
) -> Problem:
    return Problem(code=code, message=message, mark=document.mark(path), path=path, allowed=allowed, help=remedy)
