"""The hooks, run by the real pre-commit in a real repository."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.catalog import ROOT
from tests.support.command import Done, environment, scorefile

if TYPE_CHECKING:
    from pathlib import Path

HOOKS = ROOT / ".pre-commit-hooks.yaml"
PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}}
jobs:
  # the theme
  title: {prompt: Calm}
"""
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")


def ids() -> list[str]:
    return [hook["id"] for hook in yaml.safe_load(HOOKS.read_text())]


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository that offers the hooks as this one does, and its revision."""
    folder = tmp_path_factory.mktemp("hooks")
    (folder / HOOKS.name).write_text(HOOKS.read_text())
    return folder, committed(folder)


@pytest.fixture
def project(tmp_path: Path, hooks: tuple[Path, str]) -> Path:
    """A repository with a pipeline that is made, and every hook. `system`: the command here, not one from an index."""
    pytest.importorskip("pre_commit")
    folder = tmp_path / "project"
    folder.mkdir()
    chosen = [{"id": hook, "language": "system"} for hook in ids()]
    config = {"repos": [{"repo": str(hooks[0]), "rev": hooks[1], "hooks": chosen}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (folder / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=folder).code == 0
    committed(folder)
    return folder


def committed(folder: Path) -> str:
    """Commit all that is in a folder and return the revision."""
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True)
    return subprocess.run(
        [*GIT, "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def pre_commit(folder: Path, *words: str) -> Done:
    """Run the hooks with the command of this checkout on the path; all tests of a worker share what pre-commit clones."""
    own = folder.parent / "bin/scorefile"
    own.parent.mkdir(exist_ok=True)
    own.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m runner "$@"\n')
    own.chmod(0o755)
    env = environment({"PRE_COMMIT_HOME": str(folder.parents[1] / "pre-commit")})
    env["PATH"] = f"{own.parent}:{env['PATH']}"
    subprocess.run([*GIT, "add", "--all"], cwd=folder, check=True)
    which = () if "--files" in words else ("--all-files",)
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", *which, "--color", "never", *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def test_a_sound_project_passes_every_hook(project: Path) -> None:
    done = pre_commit(project)
    assert done.code == 0, done
    assert done.out.count("Passed") == len(ids()) == 4


def test_each_hook_stops_what_it_is_for(project: Path) -> None:
    file = project / "scorefile.yaml"
    file.write_text(PIPELINE.replace("0.5", "9000"))
    done = pre_commit(project, "scorefile-validate")
    assert done.code == 1
    assert "duration is 9000" in done.out

    file.write_text(PIPELINE.replace("Calm", "'Wild'"))
    done = pre_commit(project, "scorefile-fmt")
    assert done.code == 1
    assert "files were modified by this hook" in done.out
    assert file.read_text() == PIPELINE.replace("Calm", "Wild")

    done = pre_commit(project, "scorefile-lock-check")
    assert done.code == 1
    assert "Wild" in done.out


@pytest.mark.long
def test_the_lock_check_looks_at_all_that_is_asked_for(project: Path) -> None:
    (project / "scorefile.yaml").write_text(PIPELINE.replace("Calm", "{file: title.txt}"))
    (project / "title.txt").write_text("Calm")
    committed(project)
    assert pre_commit(project, "scorefile-lock-check").code == 0
    (project / "title.txt").write_text("Wild")
    done = pre_commit(project, "scorefile-lock-check", "--files", "title.txt")
    assert done.code == 1, done
    assert "Wild" in done.out


@pytest.mark.long
def test_who_only_writes_a_prompt_can_commit_and_who_breaks_the_lock_cannot(project: Path) -> None:
    (project / "scorefile.yaml").write_text(PIPELINE.replace("Calm", "Wild"))
    done = pre_commit(project, "scorefile-lock-check", "--verbose")
    assert done.code == 1
    assert "error: the lock is out of date for title: 1 job needs making" in done.out
    assert pre_commit(project, "scorefile-plan").code == 0
    (project / "scorefile.lock").write_text("<<<<<<< ours\n")
    assert pre_commit(project, "scorefile-plan").code == 1


@pytest.mark.long
def test_a_pipeline_in_a_folder_is_named(project: Path) -> None:
    folder = project / "music"
    folder.mkdir()
    for name in ("scorefile.yaml", "scorefile.lock", "audio"):
        (project / name).rename(folder / name)
    config = yaml.safe_load((project / ".pre-commit-config.yaml").read_text())
    for hook in config["repos"][0]["hooks"][-2:]:
        hook["args"] = ["music/scorefile.yaml"]
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    assert pre_commit(project).code == 0
    (folder / "scorefile.yaml").write_text(PIPELINE.replace("Calm", "Wild"))
    assert "Wild" in pre_commit(project, "scorefile-lock-check").out


def test_the_manifest_is_one_that_pre_commit_takes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(HOOKS)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert ids() == ["scorefile-validate", "scorefile-fmt", "scorefile-lock-check", "scorefile-plan"]
