"""scorefile doctor"""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.records import Provider

PACKAGES = ("av", "click", "httpx", "jinja2", "jsonschema", "numpy", "pyyaml", "soundfile", "tenacity")
REACH_TIMEOUT_S = 5.0
LOW_DISK_GIB = 1


@click.command("doctor")
@options.output_format
@click.option("--state", "state", is_flag=True, help="Check journal, lock and store of a pipeline instead.")
@options.file
@options.rehearse
@click.option("--offline", is_flag=True, envvar="SCOREFILE_OFFLINE", help="Do not try to reach the vendors.")
def command(file: str | None, *, format_: str, offline: bool, state: bool, rehearse: bool) -> int:
    """Say whether everything is there: Python, packages, keys, vendors, free disk. Keys are never shown."""
    from runner.cli.show import print_json, print_table
    from runner.sources import read_catalog, schema_folders

    if state:
        return _state(file, rehearse=rehearse, format_=format_)
    rows = [*_program(), *_disk()]
    catalog = read_catalog(schema_folders(Path.cwd()))
    for provider in sorted(catalog.providers.values(), key=lambda item: item.name):
        if provider.mode != "local":
            rows += [_key(provider), *([] if offline else [_reach(provider)])]
    if format_ == "json":
        print_json({"checks": [{"what": what, "state": state, "detail": detail} for what, state, detail in rows]})
        return 0
    print_table(("CHECK", "STATE", "DETAIL"), rows)
    return 0


def _state(file: str | None, *, rehearse: bool, format_: str) -> int:
    """Print what `doctor --state` found; 3 when something is damaged."""
    from runner.cli.show import print_json, print_table
    from runner.errors import StateError
    from runner.receipts import inspect_state

    ask = options.ask_from((file,) if file else (), profile=None, variables=(), rehearse=rehearse)
    found = inspect_state(ask)
    rows = [(item.what, "sound" if item.sound else "damaged", item.detail) for item in found]
    if format_ == "json":
        print_json({"checks": [{"what": what, "state": state, "detail": detail} for what, state, detail in rows]})
    else:
        print_table(("CHECK", "STATE", "DETAIL"), rows)
    return 0 if all(item.sound for item in found) else StateError.exit_code


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


def _key(provider: Provider) -> tuple[str, str, str]:
    from runner.engine.keys import find_key, key_variable
    from runner.errors import KeyProblem

    name = key_variable(provider, None) or ""
    if not os.environ.get(name):
        return (f"{provider.name} key", "not set", name)
    try:
        find_key(provider, None, os.environ)
    except KeyProblem as error:
        return (f"{provider.name} key", "unusable", error.message)
    return (f"{provider.name} key", "present", name)


def _reach(provider: Provider) -> tuple[str, str, str]:
    """Open a connection and send nothing: reachable or not, without a key and without a request."""
    import socket
    from urllib.parse import urlsplit

    from runner.engine.doors import base_url_of

    url = base_url_of(provider, None, os.environ)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=REACH_TIMEOUT_S):
            return (f"{provider.name} vendor", "reachable", url)
    except OSError as error:
        return (f"{provider.name} vendor", "unreachable", f"{url}: {error.strerror or 'no answer'}")
