"""Real git in folders of a test: no network, no settings of the person at this machine, `scorefile` on its PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.catalog import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_SETTINGS = {
    "user.name": "Tester",
    "user.email": "tester@example.invalid",
    "commit.gpgsign": "false",
    "init.defaultBranch": "main",
    "pull.rebase": "false",
    "advice.detachedHead": "false",
    "protocol.file.allow": "always",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """How a git command ended."""

    code: int
    text: str
    """What it printed, on either stream."""


@dataclass(frozen=True, slots=True)
class Git:
    """git in one folder."""

    folder: Path

    def __call__(self, *args: str, fails: bool = False) -> Did:
        """Run a command that must succeed; with `fails` one that may end either way."""
        ran = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            env=self._environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        did = Did(code=ran.returncode, text=ran.stdout + ran.stderr)
        assert fails or did.code == 0, f"git {' '.join(args)}: {did.text}"
        return did

    def init(self) -> Git:
        """Make this folder a repository that ignores audio."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self("init", "--quiet")
        (self.folder / ".gitignore").write_text("/audio/\n")
        self.commit("begin")
        return self

    def clone(self, folder: Path) -> Git:
        """Return a clone of this repository in another folder."""
        self("clone", "--quiet", str(self.folder), str(folder))
        return Git(folder)

    def bare(self, folder: Path) -> Git:
        """Return a bare clone of this repository, which becomes its origin."""
        self("clone", "--quiet", "--bare", str(self.folder), str(folder))
        self("remote", "add", "origin", str(folder))
        self("fetch", "--quiet", "origin")
        self("branch", "--quiet", "--set-upstream-to=origin/main", "main")
        return Git(folder)

    def commit(self, message: str) -> None:
        """Commit all there is, if anything changed."""
        self("add", "--all")
        if self("diff", "--cached", "--quiet", fails=True).code:
            self("commit", "--quiet", "--message", message)

    def show(self, revision: str, path: str) -> str:
        """Return a file as a revision has it."""
        return self("show", f"{revision}:{path}").text

    def conflicts(self) -> set[str]:
        """Return the files that git could not merge."""
        return set(self("diff", "--name-only", "--diff-filter=U").text.split())

    def _environ(self) -> dict[str, str]:
        commands = self.folder.parent / "commands"
        command = commands / "scorefile"
        if not command.exists():
            commands.mkdir(parents=True, exist_ok=True)
            command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m runner "$@"\n')
            command.chmod(0o755)
        settings = {
            name: value
            for number, pair in enumerate(_SETTINGS.items())
            for name, value in zip((f"GIT_CONFIG_KEY_{number}", f"GIT_CONFIG_VALUE_{number}"), pair, strict=True)
        }
        return {
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
            "GIT_EDITOR": "true",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C.UTF-8",
        } | settings
