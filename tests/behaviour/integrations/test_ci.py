"""The recipes of docs/ci.md and the action, their scripts run by a real bash in real repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.behaviour.integrations.test_docs import by_name, steps, workflows
from tests.support.catalog import ROOT
from tests.support.command import scorefile

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}, output: "audio/{{ job.id }}"}
jobs:
  a: {prompt: calm}
"""


def bash(script: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does, with git and no settings of this machine."""
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        "GIT_CONFIG_NOSYSTEM": "1",
        "RUNNER_TEMP": str(cwd.parent),
        **env,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=cwd,
        env=given,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def step(workflow: str, name: str) -> Any:
    return next(found for found in steps(by_name(workflow)) if found.get("name") == name)


# ---------------------------------------------------------------- the action


def tool(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/bash\n{text}\n")
    (folder / name).chmod(0o755)


VENV = """\
if [[ $* == --version ]]; then echo "Python 3.12.1"; exit; fi
if [[ $2 == venv ]]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; exit; fi
printf '#!/bin/bash\\necho "%s: $*"\\n' "${@: -1}" > "${0%/*}/scorefile"
chmod +x "${0%/*}/scorefile"
echo "${@: -1}" >> "$RUNNER_TEMP/installed"
"""
"""A python whose `-m venv` and `-m pip install` only leave a command that says where it was installed from."""


def test_each_version_of_the_action_has_its_own_command(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "python", VENV)
    (tmp_path / "work").mkdir()

    def use(version: str) -> str:
        told = {name: str(tmp_path / name) for name in ("GITHUB_PATH", "GITHUB_OUTPUT")}
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        install = next(found for found in ACTION if found.get("id") == "install")
        bash(install["run"], tmp_path / "work", PATH=path, GITHUB_ACTION_PATH=version, **told)
        command = Path(told["GITHUB_OUTPUT"]).read_text().splitlines()[-1].removeprefix("command=")
        given = {"ACTION_COMMAND": command, "ACTION_VERB": "plan", "ACTION_FILE": "", "ACTION_ARGS": ""}
        return bash(ACTION[-1]["run"], tmp_path / "work", **given).stdout

    assert [use(version) for version in ("/v1", "/v2", "/v1")] == ["/v1: plan\n", "/v2: plan\n", "/v1: plan\n"]
    assert (tmp_path / "installed").read_text() == "/v1\n/v2\n"
    on_path = [Path(line) for line in (tmp_path / "GITHUB_PATH").read_text().splitlines()]
    assert [sorted(item.name for item in folder.iterdir()) for folder in on_path] == [["scorefile"]] * 3
    later = bash("scorefile plan", tmp_path / "work", PATH=f"{on_path[-1]}:/usr/bin:/bin")
    assert later.stdout == "/v1: plan\n", "a later step has the version that was used last"


def test_no_step_of_the_action_takes_a_path_of_the_host() -> None:
    assert "github.action_path" not in str(ACTION), "in a container job it leads nowhere"


@pytest.mark.parametrize(
    "args", ["--var\r\nmood=very calm\r\n-v\r\n", "  --var\n\tmood=very calm \n\n -v", "--var\nmood=very calm\n-v"]
)
def test_line_ends_and_blanks_around_an_argument_fall_away(tmp_path: Path, args: str) -> None:
    tool(tmp_path, "told", "printf '<%s>' \"$@\"")
    given = {"ACTION_COMMAND": str(tmp_path / "told"), "ACTION_VERB": "plan", "ACTION_FILE": "", "ACTION_ARGS": args}
    assert bash(ACTION[-1]["run"], tmp_path, **given).stdout == "<plan><--var><mood=very calm><-v>"


# ---------------------------------------------------------------- making


def test_the_key_is_on_the_step_that_makes_and_on_no_other() -> None:
    holding = [found for workflow in workflows() if isinstance(workflow, dict) and "jobs" in workflow
               for found in steps(workflow) if "secrets." in str(found)]  # fmt: skip
    assert [found["name"] for found in holding] == ["Make what is missing"]
    assert holding[0]["run"] == "exec scorefile run --yes"
    assert "secrets." not in str(by_name("soundtrack make").get("env", ""))


def test_state_and_lock_are_kept_however_the_run_ends() -> None:
    make = steps(by_name("soundtrack make"))
    names = [found.get("name") for found in make]
    assert names[-3:] == ["Make what is missing", "Keep the state", "Push lock and audio"]
    assert make[-3]["id"] == "make"
    assert make[-2]["if"] == "always() && steps.make.outcome != 'skipped'", "half a state is not the newest one"
    assert make[-1]["if"] == "always()"
    kept = make[-2]["with"]
    assert kept["include-hidden-files"] is True, "the folder's name begins with a dot"
    assert "github.run_attempt" in kept["name"], "an artifact of an earlier attempt cannot be written again"
    assert make[0]["with"]["ref"] == "${{ github.ref_name }}", "a re-run has the commit of the first attempt"
    assert by_name("soundtrack make")["concurrency"]["cancel-in-progress"] is False


def test_nothing_rests_on_a_cache() -> None:
    assert not [found for workflow in workflows() if isinstance(workflow, dict) and "jobs" in workflow
                for found in steps(workflow) if "actions/cache" in found.get("uses", "")]  # fmt: skip


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A repository with a pipeline on main."""
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "remote")
    first = clone(tmp_path / "remote", "first")
    (first / "scorefile.yaml").write_text(PIPELINE)
    git(first, "add", "--all")
    git(first, "commit", "--quiet", "--message", "first")
    git(first, "push", "--quiet", "origin", "HEAD:main")
    return tmp_path / "remote"


def clone(remote: Path, name: str) -> Path:
    """Return a new checkout, as shallow as GitHub's."""
    git(remote.parent, "clone", "--quiet", "--depth=1", f"file://{remote}", name)
    return remote.parent / name


def test_lock_and_audio_reach_the_branch_and_a_checkout_needs_nothing_else(remote: Path) -> None:
    push = step("soundtrack make", "Push lock and audio")["run"]
    make, other = clone(remote, "make"), clone(remote, "other")
    bash(push, make, GITHUB_REF_NAME="main")
    assert git(make, "log", "--format=%s") == "first\n", "nothing was made: nothing is pushed"
    assert scorefile("run", cwd=make).code == 0

    (other / "README").write_text("somebody pushes while the music is made")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "--message", "other")
    git(other, "push", "--quiet", "origin", "HEAD:main")

    for _ in range(2):
        bash(push, make, GITHUB_REF_NAME="main")
    fresh = clone(remote, "fresh")
    assert git(fresh, "ls-files").split() == ["README", "audio/a.wav", "scorefile.lock", "scorefile.yaml"]
    done = scorefile("run", "--locked", cwd=fresh)
    assert (done.code, done.out) == (0, "nothing to do: 1 job up to date\n")


GH = """\
if [[ $2 == --paginate ]]; then jq -r "${@: -1}" "$STATE/artifacts.json"; exit; fi
cat "$STATE/${2//[^0-9]/}.zip"
"""


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("unzip")), reason="GitHub's machines have both")
def test_the_newest_state_of_this_repository_is_taken_up(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    (made / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=made).code == 0
    with zipfile.ZipFile(tmp_path / "2.zip", "w") as archive:
        for path in sorted((made / ".scorefile").rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(made / ".scorefile"))

    def artifact(number: int, day: int, **other: Any) -> dict[str, Any]:
        own = {"head_repository_id": 7, "repository_id": 7}
        return {"id": number, "name": "soundtrack-state-1", "expired": False, "created_at": f"2026-11-{day:02}T00:00:00Z", "workflow_run": own, **other}  # fmt: skip

    stranger = {"head_repository_id": 8, "repository_id": 7}
    rows = [
        artifact(1, 1),
        artifact(2, 2),
        artifact(3, 3, workflow_run=stranger),
        artifact(4, 4, expired=True),
        artifact(5, 5, name="soundtrack"),
    ]
    (tmp_path / "artifacts.json").write_text(json.dumps({"artifacts": rows}))
    tool(tmp_path / "bin", "gh", GH)
    work = tmp_path / "work"
    work.mkdir()
    (work / "scorefile.yaml").write_text(PIPELINE)
    (work / "scorefile.lock").write_bytes((made / "scorefile.lock").read_bytes())
    found = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    script = step("soundtrack make", "Restore the state of the last run")["run"]
    bash(script, work, PATH=found, STATE=str(tmp_path), GITHUB_REPOSITORY="me/music")
    done = scorefile("run", "--locked", "--offline", "--format", "json", cwd=work)
    assert [job["result"] for job in done.json["jobs"]] == ["restored"]

    (tmp_path / "artifacts.json").write_text(json.dumps({"artifacts": []}))
    empty = tmp_path / "empty"
    empty.mkdir()
    bash(script, empty, PATH=found, STATE=str(tmp_path), GITHUB_REPOSITORY="me/music")
    assert list(empty.iterdir()) == []
