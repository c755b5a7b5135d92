"""A real YAML language server, the one of VS Code and Neovim, driven over stdio."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Self

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = "yaml-language-server"
VERSION = "1.25.0"
KEPT = Path(sys.prefix) / "lsp" / VERSION
INSTALL_S, PATIENCE_S = 40, 60
OUTSIDE = dict(os.environ)
"""The environment before the safety net: npm alone may reach its registry, once."""


def installed() -> Path | str:
    """Return the server's script, installed once into this environment; or why it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        return "node is not installed"
    script = KEPT / "node_modules" / PACKAGE / "bin" / PACKAGE
    if script.is_file():
        return script
    if npm is None:
        return "npm is not installed"
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{KEPT}.lock"):
        if not script.is_file():
            why = _install(npm)
            if why:
                return why
    return script


def _install(npm: str) -> str | None:
    """Install into a folder beside, and move that into place when it is whole."""
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as folder:
        words = [
            npm,
            "install",
            "--prefix",
            folder,
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--fetch-retries=0",
            f"{PACKAGE}@{VERSION}",
        ]
        try:
            done = subprocess.run(words, env=OUTSIDE, capture_output=True, text=True, timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            return f"npm did not install {PACKAGE} in {INSTALL_S} s"
        if done.returncode != 0:
            said = done.stderr.splitlines() or ["no message"]
            return f"npm cannot install {PACKAGE}: {next((line for line in said if 'error' in line), said[-1])}"
        Path(folder, "node_modules").rename(_folder() / "node_modules")
    return None


def _folder() -> Path:
    KEPT.mkdir(exist_ok=True)
    return KEPT


@dataclass
class Server:
    """One session: open documents, ask about places in them. Lines and columns count from 0, as in the protocol."""

    script: Path
    folder: Path
    arrived: Queue[dict[str, Any]] = field(default_factory=Queue)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __enter__(self) -> Self:
        self.child = subprocess.Popen(
            ["node", str(self.script), "--stdio"],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        threading.Thread(target=self._read, daemon=True).start()
        can = {
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
                "hover": {"contentFormat": ["markdown"]},
                "publishDiagnostics": {},
            },
            "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": False}},
        }
        self.ask("initialize", {"processId": None, "rootUri": self.folder.as_uri(), "capabilities": can})
        self._send({"method": "initialized", "params": {}})
        return self

    def __exit__(self, *_: object) -> None:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        try:
            self.ask("shutdown", None)
            self._send({"method": "exit"})
            self.child.wait(PATIENCE_S)
        finally:
            self.child.kill()
            self.child.wait()
            self.child.stdin.close()
            self.child.stdout.close()

    def open(self, name: str, text: str) -> tuple[str, list[str]]:
        """Open a document; return its address and what is wrong with it, as `LINE:COLUMN message`, lines from 1."""
        uri = (self.folder / name).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        told = self._until(
            lambda message: message.get("params", {}).get("uri") == uri and "diagnostics" in message["params"]
        )
        return uri, [_line(item) for item in told["params"]["diagnostics"]]

    def complete(self, uri: str, line: int, column: int) -> list[dict[str, Any]]:
        """Return what is offered at a place."""
        found = self.ask("textDocument/completion", _place(uri, line, column))
        items: list[dict[str, Any]] = found["items"] if isinstance(found, dict) else found
        return items

    def hover(self, uri: str, line: int, column: int) -> str:
        """Return the text shown over a place."""
        found = self.ask("textDocument/hover", _place(uri, line, column))
        return "" if found is None else str(found["contents"]["value"])

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and return its result."""
        number = next(self.numbers)
        self._send({"id": number, "method": method, "params": params})
        reply = self._until(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in reply, reply
        return reply["result"]

    def _until(self, is_wanted: Any) -> dict[str, Any]:
        """Return the first wanted message, answering the server's own questions on the way."""
        while True:
            try:
                message = self.arrived.get(timeout=PATIENCE_S)
            except Empty:
                raise AssertionError("the language server does not answer") from None
            if "method" in message and "id" in message:
                items = (
                    message.get("params", {}).get("items", ()) if message["method"] == "workspace/configuration" else ()
                )
                self._send({"id": message["id"], "result": [_settings(item) for item in items] or None})
            if is_wanted(message):
                return message

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.child.stdin is not None
        self.child.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.child.stdin.flush()

    def _read(self) -> None:
        out = self.child.stdout
        assert out is not None
        while header := out.readline():
            length = int(header.partition(b":")[2])
            while out.readline().strip():
                pass
            self.arrived.put(json.loads(out.read(length)))


def _settings(item: Mapping[str, Any]) -> Any:
    quiet = {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True}
    return quiet if item.get("section") == "yaml" else None


def _place(uri: str, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}


def _line(item: Mapping[str, Any]) -> str:
    start = item["range"]["start"]
    return f"{start['line'] + 1}:{start['character'] + 1} {item['message']}"
