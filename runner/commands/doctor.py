"""`doctor`: what this machine has, and what it can reach."""

from __future__ import annotations

import platform
import shutil
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner import __version__
from runner.commands.bindings import is_agreed
from runner.commands.session import open_session
from runner.errors import ApiKeyError
from runner.provider.access import base_url_of
from runner.provider.keys import find_key, key_variable
from runner.provider.trust import bindings
from runner.report.plain import PlainReport
from runner.report.table import table
from runner.state.finding import absolute, default_file, has_default
from runner.state.schemas import read_catalog, schema_folders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands.options import CommandOptions
    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import Provider

PACKAGES = (
    "av", "click", "filelock", "httpx", "jinja2", "jmespath", "jsonschema", "numpy", "platformdirs", "pyyaml", "referencing", "rich", "soundfile",
    "starlette", "uvicorn",
)  # fmt: skip
REACH_TIMEOUT_S = 5.0
LOW_DISK_GIB = 1


def doctor(options: CommandOptions, *, offline: bool) -> PlainReport:
    """Check Python, packages, free disk, and key and address of each provider; `offline` tries to reach none of them.

    Addresses and names of key variables are those of the pipeline, where there is one. Keys are never shown.
    """
    rows = [*_program(), *_disk()]
    settings: Mapping[str, ProviderSettings] = {}
    if options.file is not None or has_default():
        settings = open_session(options).settings
    folder = absolute(options.file or default_file()).parent
    catalog = read_catalog(schema_folders(folder))
    found = bindings(catalog.providers.values(), settings, options.env)
    foreign = {binding.provider: binding for binding in found if not is_agreed(binding, folder, options)}
    for provider in sorted(catalog.providers.values(), key=lambda item: item.name):
        if not provider.mode.is_local:
            said = settings.get(provider.name)
            rows.append(_key(provider, said, options.env))
            if provider.name in foreign:
                rows.append((f"{provider.name} vendor", "not tried", f"{foreign[provider.name]} is not agreed to"))
            elif not offline:
                rows.append(_reach(provider, said, options.env))
    return _report(rows)


def _report(rows: list[tuple[str, str, str]]) -> PlainReport:
    return PlainReport(
        verb="doctor",
        content={"checks": [{"what": what, "state": state, "detail": detail} for what, state, detail in rows]},
        write=lambda style: "\n".join(table(("CHECK", "STATE", "DETAIL"), rows, style)),
    )


def _program() -> list[tuple[str, str, str]]:
    rows = [("scorefile", "ok", __version__), ("python", "ok", f"{platform.python_version()} on {platform.system()}")]
    for name in PACKAGES:
        try:
            rows.append((name, "ok", version(name)))
        except PackageNotFoundError:
            rows.append((name, "missing", f"pip install {name}"))
    return rows


def _disk() -> list[tuple[str, str, str]]:
    free_gib = shutil.disk_usage(Path.cwd()).free / (1 << 30)
    return [("disk", "ok" if free_gib >= LOW_DISK_GIB else "low", f"{free_gib:.1f} GiB free here")]


def _key(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> tuple[str, str, str]:
    name = key_variable(provider, settings) or ""
    if not env.get(name):
        return (f"{provider.name} key", "not set", name)
    try:
        find_key(provider, settings, env)
    except ApiKeyError as error:
        return (f"{provider.name} key", "unusable", error.message)
    return (f"{provider.name} key", "present", name)


def _reach(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> tuple[str, str, str]:
    """Open a connection and send nothing: reachable or not, without a key and without a request."""
    url = base_url_of(provider, settings, env)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=REACH_TIMEOUT_S):
            return (f"{provider.name} vendor", "reachable", url)
    except OSError as error:
        return (f"{provider.name} vendor", "unreachable", f"{url}: {error.strerror or 'no answer'}")
