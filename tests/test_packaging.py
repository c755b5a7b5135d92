"""A wheel is built, installed where nothing else is, and used from another folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.catalog import ROOT, SCHEMAS

KEPT = ("runner", "schemas", "pyproject.toml", "README.md", "LICENSE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A wheel, and the environment that has it."""

    wheel: Path
    command: Path

    def run(self, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command, with nothing of this checkout in reach."""
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run([self.command, *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel from a copy of the sources and install it; the libraries are those of this environment."""
    folder = tmp_path_factory.mktemp("packaging")
    sources = folder / "sources"
    for name in KEPT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        sources.mkdir(exist_ok=True)
        copy(ROOT / name, sources / name)
    python = sys.executable
    build = [python, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(sources)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    wheel = next((folder / "dist").glob("scorefile-*.whl"))
    venv = folder / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", str(venv)], check=True)
    site = next(venv.glob("lib/python*/site-packages"))
    install = [python, "-m", "pip", "--python", str(venv / "bin" / "python"), "install", "--no-deps", "--no-index"]
    done = subprocess.run([*install, "--quiet", str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(wheel=wheel, command=venv / "bin" / "scorefile")


def test_the_wheel_holds_every_schema_and_the_licence(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = set(archive.namelist())
    wanted = {f"runner/_schemas/{path.relative_to(SCHEMAS).as_posix()}" for path in SCHEMAS.rglob("*.json")}
    assert wanted - names == set()
    assert "runner/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "schemas/")) or "__pycache__" in name]


def test_the_installed_program_is_not_this_checkout(installed: Installed, tmp_path: Path) -> None:
    python = installed.command.with_name("python")
    said = subprocess.run(
        [python, "-P", "-c", "import runner; print(runner.__file__)"], cwd=tmp_path, capture_output=True, text=True
    )
    assert Path(said.stdout.strip()).is_relative_to(installed.command.parents[1]), said


def test_a_newcomer_makes_a_first_soundtrack_with_it(installed: Installed, tmp_path: Path) -> None:
    assert installed.run("init", "first", cwd=tmp_path).returncode == 0
    folder = tmp_path / "first"
    valid = installed.run("validate", cwd=folder)
    assert (valid.returncode, valid.stdout) == (0, "valid: 3 jobs\n"), valid
    made = installed.run("run", "-q", cwd=folder)
    assert made.returncode == 0, made
    assert "3 made" in made.stdout
    assert sorted(path.name for path in (folder / "audio").iterdir()) == [
        "battle@calm.wav",
        "battle@hot.wav",
        "title.wav",
    ]


def test_a_rehearsal_works_from_an_installed_wheel(installed: Installed, tmp_path: Path) -> None:
    text = "version: 1\njobs:\n  a: {model: pixazo/tracks, prompt: calm, output: a, params: {duration: 4}}\n"
    (tmp_path / "scorefile.yaml").write_text(text)
    made = installed.run("run", "--rehearse", "-q", cwd=tmp_path)
    assert made.returncode == 0, made
    assert "1 made" in made.stdout


def test_the_installed_catalogue_is_the_shipped_one(installed: Installed, tmp_path: Path) -> None:
    listed = json.loads(installed.run("models", "--format", "json", cwd=tmp_path).stdout)
    shipped = {
        path.relative_to(SCHEMAS / "models").with_suffix("").as_posix() for path in SCHEMAS.glob("models/*/*.json")
    }
    assert {model["id"] for model in listed["models"]} == shipped
    shown = installed.run("models", "pixazo/tracks", cwd=tmp_path)
    assert "guidance_scale" in shown.stdout
