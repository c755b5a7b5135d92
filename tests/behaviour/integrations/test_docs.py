"""What the documentation and the action tell people to type: every line of it is held against the program."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from runner.cli.main import VERBS, cli
from runner.pipeline.templates.filters import REFUSED_FILTERS, REFUSED_TESTS
from runner.pipeline.templates.sandbox import SANDBOX
from tests.pipeline.conftest import check_text
from tests.support.catalog import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(scorefile [a-z][^`\n]*)`")
COMMAND = re.compile(r"(?:^|[\s(\"'])((?:exec )?scorefile [a-z][^\n|;)#]*)")
SHELLS = ("bash", "sh", "console", "shell", "yaml", "")


def commands(page: Path) -> list[str]:
    """Return every command line of a page, without prompts, redirections and comments."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in BLOCK.finditer(text):
        if block["kind"] in SHELLS:
            found += [line for raw in block["text"].split("\n") for line in _of_line(raw)]
    return found + INLINE.findall(BLOCK.sub("", text))


def _of_line(line: str) -> list[str]:
    is_yaml_text = re.match(r"\s*(name|description|- id|group|path|key):", line)
    return [] if is_yaml_text else COMMAND.findall(line)


LINES = [(page.name, line) for page in PAGES for line in commands(page)]


def words_of(line: str) -> list[str]:
    """Cut a line into words up to a redirection; stand-ins such as [FILE...] and … fall away."""
    line = re.split(r"\s+(?:>|<|&&|\|\|)\s*", line.removeprefix("exec "))[0]
    words = shlex.split(line.rstrip("`\"'.,:"), comments=True)[1:]
    return [word for word in words if not re.fullmatch(r"\[.*|.*\]|…|\.\.\.", word)]


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{page}: {line[:60]}" for page, line in LINES])
def test_every_command_in_the_docs_is_one(page: str, line: str) -> None:
    verb, *rest = words_of(line)
    assert verb in VERBS, f"{page}: {line}"
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    flags = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    for word in rest:
        if word.startswith("-") and len(word) > 1:
            assert word.partition("=")[0] in flags, f"{page}: {line}"
    choices = {
        name: param.type.choices
        for param in command.params
        for name in param.opts
        if isinstance(param.type, click.Choice)
    }
    for flag, value in itertools.pairwise(rest):
        assert flag not in choices or value in choices[flag], f"{page}: {line}"


def test_the_docs_are_read_at_all() -> None:
    assert [line for page, line in LINES if page == "ci.md"]


def workflows() -> list[Any]:
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block["text"]) for block in BLOCK.finditer(page) if block["kind"] == "yaml"]


def test_every_yaml_in_the_ci_page_is_yaml() -> None:
    names = [found.get("name") for found in workflows() if isinstance(found, dict)]
    assert {"soundtrack plan", "soundtrack build", "soundtrack make"} <= set(names)


def steps(workflow: Any) -> list[Any]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def by_name(name: str) -> Any:
    return next(found for found in workflows() if isinstance(found, dict) and found.get("name") == name)


def test_a_pull_request_has_no_key_and_may_only_read() -> None:
    plan = by_name("soundtrack plan")
    assert plan[True] == "pull_request"  # `on` is true to YAML 1.1
    assert plan["permissions"] == {"contents": "read"}
    assert "secrets." not in str(plan)
    comment = plan["jobs"]["comment"]
    assert "head.repo.full_name == github.repository" in comment["if"]
    assert not any("checkout" in step.get("uses", "") for step in comment["steps"])


def test_no_script_has_an_expression_in_it() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    every = [
        *action["runs"]["steps"],
        *(step for found in workflows() if isinstance(found, dict) and "jobs" in found for step in steps(found)),
    ]
    scripts = [step["run"] for step in every if "run" in step]
    assert len(scripts) > 5
    assert not [script for script in scripts if "${{" in script]


def test_the_action_uses_each_input_and_its_scripts_are_bash(tmp_path: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    for name in action["inputs"]:
        assert f"inputs.{name} }}}}" in str(action["runs"])
    for step in action["runs"]["steps"]:
        if "run" in step:
            assert step["shell"] == "bash"
            subprocess.run(["bash", "-n", "-c", step["run"]], check=True)


def test_the_action_runs_the_verb_with_each_argument_whole(tmp_path: Path) -> None:
    told = tmp_path / "bin/scorefile"
    told.parent.mkdir()
    told.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    told.chmod(0o755)
    script = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][-1]["run"]
    given = {
        "ACTION_COMMAND": str(told),
        "ACTION_VERB": "plan",
        "ACTION_FILE": "a b.yaml",
        "ACTION_ARGS": "--var\nmood=very $(touch x) calm\n\n-v\n",
    }
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        env={"PATH": "/usr/bin:/bin", **given},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "<plan><a b.yaml><--var><mood=very $(touch x) calm><-v>"
    assert not (tmp_path / "x").exists()


def test_the_page_on_templates_names_every_filter_and_test_and_its_example_is_valid() -> None:
    page = (ROOT / "docs/templates.md").read_text(encoding="utf-8")
    can, refuses = page.split("## What a template can do")[1].split("## What the sandbox refuses")
    filters, tests = (set(re.findall(r"`(\w+)`", part.split("\n\n")[0])) for part in can.split("\nAll ")[1:])
    assert filters - {"callable"} == {name for name in SANDBOX.filters if " " not in name}
    assert tests - {"callable"} == {name for name in SANDBOX.tests if name.isidentifier()}
    assert all(f"`{name}`" in refuses for name in (*REFUSED_FILTERS, *REFUSED_TESTS))
    (example,) = [block["text"] for block in BLOCK.finditer(page) if block["kind"] == "yaml"]
    checked = check_text(example)
    assert checked.problems == ()
    request = checked.request("battle@ash-hot")
    assert (request.output, request.params["bpm"]) == ("audio/ash/hot", 144)
