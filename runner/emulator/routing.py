"""Find the provider, operation and model of a request; all providers share one host. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.catalog.models import Catalog
    from runner.records.catalog import Model
    from runner.records.provider import Endpoint, Provider
    from runner.records.source import Json

Kind: TypeAlias = Literal["submit", "poll", "cancel", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of one provider; `models` are the models that share a submit path."""

    kind: Kind
    provider: Provider
    method: str
    path: re.Pattern[str]
    models: tuple[Model, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An operation that matches a request, with the id in its path."""

    operation: Operation
    id: str = ""


def operations(catalog: Catalog) -> tuple[Operation, ...]:
    """Return every operation of every provider in the catalog that has an HTTP API."""
    found: list[Operation] = []
    for provider in catalog.providers.values():
        if provider.submit is None:
            continue
        models = [model for model in catalog.models.values() if model.provider == provider.name]
        for path in dict.fromkeys(model.path for model in models):
            sharing = tuple(model for model in models if model.path == path)
            found.append(_operation("submit", provider, provider.submit, path=path, models=sharing))
        endpoints: tuple[tuple[Kind, Endpoint | None], ...] = (
            ("poll", provider.poll),
            ("cancel", provider.cancel.endpoint if provider.cancel else None),
            ("list", provider.listing.endpoint if provider.listing else None),
        )
        found += [_operation(kind, provider, endpoint) for kind, endpoint in endpoints if endpoint]
    return tuple(found)


def match(known: tuple[Operation, ...], method: str, path: str) -> tuple[Match, ...]:
    """Return the operations that match `method` and `path` (percent-encoded, without its query), in the catalog's order."""
    hits = ((operation, operation.path.fullmatch(path)) for operation in known if operation.method == method)
    return tuple(
        Match(operation=operation, id=unquote(hit.groupdict().get("id") or "")) for operation, hit in hits if hit
    )


def has_key(provider: Provider, headers: Mapping[str, str]) -> bool:
    """Tell whether `headers` contain any value for the provider's key."""
    if provider.auth is None:
        return True
    value = headers.get(provider.auth.header, "")
    return value.startswith(provider.auth.prefix) and bool(value[len(provider.auth.prefix) :].strip())


def model_for(models: tuple[Model, ...], body: Mapping[str, Json]) -> Model | None:
    """Return the model whose fixed fields are all in `body`, or None."""
    return next((model for model in models if all(_has(body, *field) for field in model.body.items())), None)


def _has(body: Mapping[str, Json], name: str, value: Json) -> bool:
    return name in body and type(body[name]) is type(value) and bool(body[name] == value)


def _operation(
    kind: Kind, provider: Provider, endpoint: Endpoint, *, path: str = "", models: tuple[Model, ...] = ()
) -> Operation:
    template = urlsplit(endpoint.path.replace("{path}", path)).path
    pattern = re.escape(template).replace(r"\{id\}", "(?P<id>[^/]+)")
    return Operation(kind=kind, provider=provider, method=endpoint.method, path=re.compile(pattern), models=models)
