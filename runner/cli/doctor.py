"""scorefile doctor"""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import arguments, options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import Provider

PACKAGES = (
    "av", "click", "filelock", "httpx", "jinja2", "jmespath", "jsonschema", "numpy", "pyyaml", "rich", "soundfile",
    "starlette", "tenacity", "uvicorn",
)  # fmt: skip
REACH_TIMEOUT_S = 5.0
LOW_DISK_GIB = 1


@click.command("doctor")
@options.output_format
@click.option("--state", "state", is_flag=True, help="Check journal, lock and store of a pipeline instead.")
@options.file
@options.rehearse
@click.option("--offline", is_flag=True, envvar="SCOREFILE_OFFLINE", help="Do not try to reach the vendors.")
def command(file: str | None, *, format_: str, offline: bool, state: bool, rehearse: bool) -> int:
    """Say whether everything is there: Python, packages, keys, vendors, free disk. Keys are never shown.

    Addresses and names of key variables are those of the pipeline, where there is one.
    """
    from runner.state.project import DEFAULT_FILE
    from runner.state.schemas import read_catalog, schema_folders

    if state:
        return _state(file, rehearse=rehearse, format_=format_)
    rows = [*_program(), *_disk()]
    settings: Mapping[str, ProviderSettings] = {}
    if file is not None or Path(DEFAULT_FILE).exists():
        from runner.commands.session import open_session

        settings = open_session(arguments.file_options(file, {})).settings
    catalog = read_catalog(schema_folders(Path(file or DEFAULT_FILE).absolute().parent))
    for provider in sorted(catalog.providers.values(), key=lambda item: item.name):
        if not provider.mode.is_local:
            said = settings.get(provider.name)
            rows += [_key(provider, said), *([] if offline else [_reach(provider, said)])]
    return _print(rows, format_, exit_code=0)


def _state(file: str | None, *, rehearse: bool, format_: str) -> int:
    """Print what is found in journal, lock and store."""
    from runner.cli.show import print_report
    from runner.commands.inspect import inspect_state
    from runner.commands.session import open_session

    session = open_session(arguments.file_options(file, {"rehearse": rehearse}))
    return print_report(inspect_state(session), format_)


def _print(rows: list[tuple[str, str, str]], format_: str, *, exit_code: int) -> int:
    from runner.cli.show import print_json, print_table

    if format_ == "json":
        checks = [{"what": what, "state": state, "detail": detail} for what, state, detail in rows]
        print_json({"checks": checks}, exit_code=exit_code)
    else:
        print_table(("CHECK", "STATE", "DETAIL"), rows)
    return exit_code


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
