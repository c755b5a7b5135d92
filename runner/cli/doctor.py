"""scorefile doctor"""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import Provider
    from runner.report.records import Report

PACKAGES = (
    "av", "click", "filelock", "httpx", "jinja2", "jmespath", "jsonschema", "numpy", "pyyaml", "rich", "soundfile",
    "starlette", "tenacity", "uvicorn",
)  # fmt: skip
REACH_TIMEOUT_S = 5.0
LOW_DISK_GIB = 1


@click.command("doctor")
@click.option(
    "--state",
    "state",
    is_flag=True,
    envvar="SCOREFILE_STATE",
    help="Check journal, lock and store of a pipeline instead.",
)
@options.file
@options.rehearse
@click.option("--offline", is_flag=True, envvar="SCOREFILE_OFFLINE", help="Do not try to reach the providers.")
@text_or_json
def command(file: str | None, *, offline: bool, state: bool, rehearse: bool) -> Report:
    """Check this machine: Python, packages, keys, providers, disk. Keys are never shown.

    Addresses and names of key variables are those of the pipeline, where there is one.
    """
    from runner.commands.session import open_session
    from runner.state.project import DEFAULT_FILE
    from runner.state.schemas import read_catalog, schema_folders

    if state:
        from runner.commands.inspect import inspect_state

        return inspect_state(open_session(arguments.file_options(file, {"rehearse": rehearse})))
    rows = [*_program(), *_disk()]
    settings: Mapping[str, ProviderSettings] = {}
    if file is not None or Path(DEFAULT_FILE).exists():
        settings = open_session(arguments.file_options(file, {})).settings
    catalog = read_catalog(schema_folders(Path(file or DEFAULT_FILE).absolute().parent))
    for provider in sorted(catalog.providers.values(), key=lambda item: item.name):
        if not provider.mode.is_local:
            said = settings.get(provider.name)
            rows += [_key(provider, said), *([] if offline else [_reach(provider, said)])]
    return _report(rows)


def _report(rows: list[tuple[str, str, str]]) -> Report:
    from runner.report.plain import PlainReport
    from runner.report.table import table

    return PlainReport(
        verb="doctor",
        content={"checks": [{"what": what, "state": state, "detail": detail} for what, state, detail in rows]},
        write=lambda style: "\n".join(table(("CHECK", "STATE", "DETAIL"), rows, color=style.color)),
    )


def _program() -> list[tuple[str, str, str]]:
    from importlib.metadata import PackageNotFoundError, version

    from runner import __version__

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


def _key(provider: Provider, settings: ProviderSettings | None) -> tuple[str, str, str]:
    from runner.errors import ApiKeyError
    from runner.provider.keys import find_key, key_variable

    name = key_variable(provider, settings) or ""
    if not os.environ.get(name):
        return (f"{provider.name} key", "not set", name)
    try:
        find_key(provider, settings, os.environ)
    except ApiKeyError as error:
        return (f"{provider.name} key", "unusable", error.message)
    return (f"{provider.name} key", "present", name)


def _reach(provider: Provider, settings: ProviderSettings | None) -> tuple[str, str, str]:
    """Open a connection and send nothing: reachable or not, without a key and without a request."""
    import socket
    from urllib.parse import urlsplit

    from runner.provider.access import base_url_of

    url = base_url_of(provider, settings, os.environ)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=REACH_TIMEOUT_S):
            return (f"{provider.name} vendor", "reachable", url)
    except OSError as error:
        return (f"{provider.name} vendor", "unreachable", f"{url}: {error.strerror or 'no answer'}")
