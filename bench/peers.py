"""The other programs, from PyPI into a venv of their own, and one job list in the form that each of them reads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from bench.measure import ROOT, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

VENV = ROOT / "bench" / ".venv"
PACKAGES = ("ninja", "doit", "snakemake", "dvc")
PATH = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
PEER_ENV = {**os.environ, "PATH": PATH, "DVC_NO_ANALYTICS": "1", "PYTHONDONTWRITEBYTECODE": ""}


def install() -> None:
    """Install the peers that are missing, and say which cannot be installed."""
    missing = [name for name in PACKAGES if not (VENV / "bin" / name).exists()]
    if missing and subprocess.run([sys.executable, "-m", "venv", VENV], check=False).returncode:
        print("python -m venv failed: the rows of peers that are not on this machine have no figure", flush=True)
        return
    for name in missing:
        print(f"installing {name} into {VENV.relative_to(ROOT)}", flush=True)
        command = [VENV / "bin" / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", name]
        if subprocess.run(command, check=False).returncode:
            print(f"{name} cannot be installed: its rows say so, and have no figure", flush=True)


def versions() -> str:
    """Return the versions of the peers that are there."""
    found = []
    for name in ("make", *PACKAGES):
        if path := shutil.which(name, path=PATH):
            lines = subprocess.run(
                [path, "--version"], env=PEER_ENV, capture_output=True, text=True, check=False
            ).stdout
            found.append(f"{name} {lines.split(chr(10))[0].removeprefix('GNU Make ')}")
    return ", ".join(found)


def ready(peer: str, place: Path, names: Iterable[str]) -> Callable[[], float] | None:
    """Build the job list of a folder with a peer; return what does so again and says its seconds. None: not installed."""
    program = shutil.which(peer.split(maxsplit=1)[0], path=PATH)
    if program is None:
        return None
    text, (file, before, command) = _TEXTS[peer](list(names)), _PEERS[peer]
    (place / file).write_text(text)
    if before:
        run((program, *before), place, PEER_ENV)
    whole = (program, *command)
    run(whole, place, PEER_ENV)
    return lambda: run(whole, place, PEER_ENV).wall_s


def lay_out(place: Path, named: dict[str, str]) -> None:
    """Write what the peers' jobs read: a file for each prompt."""
    for part in ("prompts", "audio"):
        (place / part).mkdir()
    for name, words in named.items():
        (place / "prompts" / name).write_text(words)


def _ninja(names: list[str]) -> str:
    return "rule cue\n  command = cp $in $out\n" + "".join(f"build audio/{n}: cue prompts/{n}\n" for n in names)


def _make(names: list[str]) -> str:
    first = "all: " + " ".join(f"audio/{name}" for name in names)
    return first + "\n" + "".join(f"audio/{n}: prompts/{n}\n\tcp $< $@\n" for n in names)


def _doit(names: list[str]) -> str:
    return (
        f"import shutil\nNAMES = {names!r}\n"
        "def task_cue():\n    for name in NAMES:\n        one, other = f'prompts/{name}', f'audio/{name}'\n"
        "        yield {'name': name, 'actions': [(shutil.copyfile, [one, other])], 'file_dep': [one], 'targets': [other]}\n"
    )


def _snakemake(names: list[str]) -> str:
    return (
        f"NAMES = {names!r}\nrule all:\n    input: expand('audio/{{name}}', name=NAMES)\n"
        "rule cue:\n    input: 'prompts/{name}'\n    output: 'audio/{name}'\n    shell: 'cp {input} {output}'\n"
    )


def _dvc(names: list[str]) -> str:
    item = "${item}"
    return (
        f"stages:\n  cue:\n    foreach: {names!r}\n    do:\n      cmd: cp prompts/{item} audio/{item}\n"
        f"      deps: ['prompts/{item}']\n      outs: ['audio/{item}']\n"
    )


_TEXTS = {"ninja": _ninja, "make": _make, "make -r": _make, "doit": _doit, "snakemake": _snakemake, "dvc": _dvc}
_PEERS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "ninja": ("build.ninja", (), ("--quiet",)),
    "make": ("Makefile", (), ("-s",)),
    "make -r": ("Makefile", (), ("-r", "-s", "-j2")),
    "doit": ("dodo.py", (), ("-v0",)),
    "snakemake": ("Snakefile", (), ("-c2", "--quiet", "all")),
    "dvc": ("dvc.yaml", ("init", "--no-scm", "--quiet"), ("repro", "--quiet")),
}
"""Peer → its file, what comes before the first build, and the build."""
