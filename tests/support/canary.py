"""Planted keys, and a search for them in everything a test leaves behind.

    @pytest.fixture(autouse=True)
    def no_key_leaks(canary: Canary) -> None: ...

puts a canary into the environment for each test of a folder; when the test is over, its output, its log at DEBUG, the
argv of its children and every file under its `tmp_path` are searched for it, as it is and as it is often written.
"""

from __future__ import annotations

import base64
import logging
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.catalog import shipped_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMANDS: list[str] = []
_EVENTS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Keys that must be found nowhere. `environ` maps each provider's variable to its planted key."""

    environ: dict[str, str]
    _forms: dict[bytes, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for variable, key in self.environ.items():
            raw = key.encode()
            forms = {
                "as it is": raw,
                "in hexadecimal": raw.hex().encode(),
                "backwards": raw[::-1],
                "escaped for a URL": quote(key, safe="").encode(),
                "in UTF-16": key.encode("utf-16-le"),
                "in JSON with escaped slashes": key.replace("/", "\\/").encode(),
                "in JSON with escapes only": "".join(f"\\u{ord(char):04x}" for char in key).encode(),
            }
            for shift in range(3):
                middle = base64.b64encode(b"x" * shift + raw)[4 if shift else 0 : -4]
                forms[f"in base64 ({shift})"] = middle
            self._forms.update({form: f"{variable} {how}" for how, form in forms.items()})

    def in_bytes(self, data: bytes, where: str) -> list[str]:
        """Return a line for each form of a key that `data` holds."""
        return [f"{found} is in {where}" for form, found in self._forms.items() if form in data]

    def in_folder(self, folder: Path) -> list[str]:
        """Return a line for each key in the names and contents of all files under `folder`."""
        found = []
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)  # noqa: PTH118 - a name may be no text at all
                found += self.in_bytes(os.fsencode(path), f"the name {path}")
                if os.path.isfile(path) and not os.path.islink(path):  # noqa: PTH113, PTH114
                    with open(path, "rb") as file:  # noqa: PTH123
                        found += self.in_bytes(file.read(), path)
        return found


def plant() -> Canary:
    """Return a key of its own for each provider that needs one."""
    auths = [provider.auth for provider in shipped_catalog().providers.values() if provider.auth is not None]
    return Canary(environ={auth.env: f"canary-{auth.env.lower()}-5ca1/ab1e?&" for auth in auths})


@pytest.fixture
def canary(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Canary]:
    """Plant keys in the environment, and fail the test that lets one of them out."""
    caplog: pytest.LogCaptureFixture = request.getfixturevalue("caplog")
    caplog.set_level(logging.DEBUG)
    _hear_commands()
    planted = plant()
    for variable, key in planted.environ.items():
        monkeypatch.setenv(variable, key)
    begun = len(_COMMANDS)
    yield planted
    found = planted.in_folder(tmp_path)
    for record in caplog.get_records("call"):
        found += planted.in_bytes(record.getMessage().encode(), f"the log of {record.name}")
    sections: list[Any] = getattr(request.node, "_report_sections", [])
    for when, kind, text in sections:
        found += planted.in_bytes(str(text).encode(), f"{kind} of {when}")
    for command in _COMMANDS[begun:]:
        found += planted.in_bytes(command.encode(), "the argv of a child")
    assert not found, "\n".join(found)


def _hear_commands() -> None:
    """Note the argv of every child from now on; an audit hook stays for the life of the process."""
    if not _COMMANDS:
        _COMMANDS.append("hearing")
        sys.addaudithook(_on_audit)


def _on_audit(name: str, args: tuple[object, ...]) -> None:
    if name in _EVENTS:
        _COMMANDS.append(repr(args[:2]))
