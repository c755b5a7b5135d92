"""Read the settings beside a pipeline's jobs: prices, providers and the budget."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.records.address import may_be_plain
from runner.records.catalog import Price
from runner.records.pipeline import ProviderSettings
from runner.records.source import DocPath, Json, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from runner.pipeline.shape.merge import Merged

PER: Mapping[str, Literal["request", "take", "minute"]] = {
    "per_request": "request",
    "per_take": "take",
    "per_minute": "minute",
}


def read_prices(merged: Merged) -> dict[str, Price]:
    """Read `prices`: model → Price, with the place it was written as its source."""
    prices: dict[str, Price] = {}
    for model, written in merged.data.get("prices", {}).items():
        key = next(key for key in PER if key in written)
        prices[model] = Price(
            per=PER[key],
            usd=Decimal(str(written[key])),
            max_minutes=written.get("max_minutes"),
            source=str(merged.key_mark(("prices", model))),
        )
    return prices


def read_providers(merged: Merged) -> tuple[dict[str, ProviderSettings], list[Problem]]:
    """Read `providers`: name → settings; a base URL that could leak a key is a Problem."""
    settings: dict[str, ProviderSettings] = {}
    problems: list[Problem] = []
    for name, written in merged.data.get("providers", {}).items():
        settings[name] = ProviderSettings(**written)
        wrong = base_url_problem(written.get("base_url", "https://host"))
        if wrong is not None:
            path = ("providers", name, "base_url")
            problems.append(
                Problem(
                    code="SF222",
                    message=f"base_url {wrong}",
                    mark=merged.mark(path),
                    path=path,
                    allowed="https://HOST or https://HOST:PORT; http:// for this machine and private networks",
                    help="write https:// and the host, without a path",
                )
            )
    return settings, problems


def base_url_problem(url: str) -> str | None:
    """Return what is wrong with a base URL: anything but scheme, host and port, or http beyond loopback."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host or any(character.isspace() for character in url):
        return "is not a URL"
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password"
    if parts.path.rstrip("/") or parts.query or parts.fragment:
        return "has a path or query"
    if parts.scheme == "https" or (parts.scheme == "http" and may_be_plain(url)):
        return None
    return "is not https"


def read_budget(merged: Merged) -> Decimal | None:
    """Read `budget.usd`."""
    budget = merged.data.get("budget")
    return None if budget is None else Decimal(str(budget["usd"]))


def key_marks(merged: Merged) -> dict[DocPath, Mark]:
    """Return the places of the keys under `prices` and `providers`, of `budget`, and of the names in `env`."""
    blocks: Mapping[str, Json] = merged.data
    paths: list[DocPath] = [("budget",)] if "budget" in blocks else []
    paths += [(block, name) for block in ("prices", "providers") for name in blocks.get(block, {})]
    marks = {path: merged.key_mark(path) for path in paths}
    return marks | {("env", name): merged.mark(("env", index)) for index, name in enumerate(blocks.get("env", ()))}
