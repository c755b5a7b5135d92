"""A hostile repository is cloned, and every verb is run on it with keys in the environment: nothing leaves, nothing outside changes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from runner.cli.main import VERBS
from tests.support.catalog import ROOT
from tests.support.command import environment, fork_server
from tests.support.desks import posix_only
from tests.support.long import sampled
from tests.support.proxy import running_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.canary import Canary
    from tests.support.proxy import Proxy
    from tests.torture.forks import Done

pytestmark = [posix_only("links are made here, and processor time is limited"), pytest.mark.sampled]
HOSTILE = ROOT / "tests" / "cases" / "hostile"
KEY = "AWS_SECRET_ACCESS_KEY"
CANARY = "canary-aws-5ca1ab1e-0123456789"
PROJECTS = sorted(path.relative_to(HOSTILE).as_posix() for path in HOSTILE.glob("*/*.yaml"))
NAMED: dict[str, list[tuple[str, ...]]] = {
    "init": [("init", "new")],
    "validate": [("validate", "FILE")],
    "render": [("render", "FILE"), ("render", "FILE", "--origins")],
    "plan": [("plan", "FILE"), ("plan", "FILE", "--out", "plan.json")],
    "run": [
        ("run", "FILE", "--yes"),
        ("run", "FILE", "--yes", "--format", "json"),
        ("run", "FILE", "--locked"),
        ("run", "FILE", "--frozen"),
    ],
    "status": [("status", "FILE")],
    "verify": [("verify", "FILE")],
    "resolve": [("resolve", "FILE"), ("resolve", "FILE", "a", "--resubmit")],
    "merge": [("merge",)],
    "trust": [("trust", "FILE")],
    "cancel": [("cancel", "FILE", "a")],
    "log": [("log", "FILE")],
    "explain": [("explain", "FILE", "a")],
    "models": [("models",), ("models", "local/words"), ("models", "acme/tracks")],
    "schema": [("schema",)],
    "fmt": [("fmt", "FILE")],
    "pick": [("pick", "a", "1", "FILE")],
    "unpick": [("unpick", "a", "FILE")],
    "approve": [("approve", "FILE", "a")],
    "rate": [("rate", "FILE", "a", "--stars", "4")],
    "takes": [("takes", "FILE"), ("takes", "FILE", "--export", "takes")],
    "adopt": [("adopt", "FILE", "a")],
    "forget": [("forget", "FILE", "a", "--yes")],
    "identify": [("identify", "a.wav", "FILE")],
    "gc": [("gc", "FILE"), ("gc", "FILE", "--yes", "--paid")],
    "completion": [("completion", "bash")],
    "report": [("report", "FILE", "--out", "page.html"), ("report", "FILE", "--bundle", "page", "--embed")],
    "doctor": [("doctor", "FILE", "--offline"), ("doctor", "FILE", "--state")],
    "review": [("review", "FILE")],
}
"""Words of each verb. `emulator` serves until it is stopped."""
SERVES = ("review",)
LINES = [line for lines in NAMED.values() for line in lines]
FIRST = [lines[0] for lines in NAMED.values()]
SLOW = ("patterns/scorefile.yaml", "templates/scorefile.yaml")
"""Where each verb computes up to its limit: here the one that could spend is enough, and one line of each in `make torture`."""
SPENDS: list[tuple[str, ...]] = [("run", "FILE", "--yes")]
ANNOTATION = ("::error ", "::warning ", "::notice ")
"""How our own commands to the runner begin: what they hold is escaped, as their own tests say."""
TOLD = {0, 2, 3, 4, 5, 6, 7, 8}
"""Every exit code but 1, which stands for what nobody expected, and 11."""
INTERRUPTED = {*TOLD - {0}, 130}
"""Every exit code of what serves until it is interrupted."""
SECONDS = 10
NEVER = ("Traceback", "unexpected", "\x1b", "\u202e", "swordfish", CANARY)


@dataclass(kw_only=True)
class Clone:
    """The repository, cloned beside a folder with what its links lead to, and a home."""

    top: Path
    proxy: Proxy

    def run(self, project: str, words: tuple[str, ...], **env: str) -> Done:
        folder, _, file = project.partition("/")
        out, err = self.top / "logs" / "out", self.top / "logs" / "err"
        for log in (out, err):
            log.unlink(missing_ok=True)
        child = fork_server().start(
            [file if word == "FILE" else word for word in words],
            cwd=self.top / "clone" / folder,
            env=environment({**self.proxy.environ(), "HOME": str(self.top / "home"), KEY: CANARY, **env}),
            out=out,
            err=err,
            rlimits={"CPU": SECONDS},
        )
        if words[0] in SERVES:
            child.interrupt_once("Ctrl-C ends it")
        return child.wait(120)

    def outside(self) -> dict[str, tuple[int, int]]:
        """Return size and time of every file beside the clone."""
        found = [path for name in ("outside", "home") for path in (self.top / name).rglob("*")]
        return {str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in found}


@pytest.fixture
def clone(tmp_path: Path, canary: Canary) -> Iterator[Clone]:
    assert canary.environ["PIXAZO_API_KEY"]
    top = tmp_path / "top"
    shutil.copytree(HOSTILE, top / "clone")
    for name in ("outside", "home", "logs", "outside/audio"):
        (top / name).mkdir()
    (top / "outside" / "secret").write_text("a text of the user")
    links = top / "clone" / "links"
    (links / "scorefile.lock").symlink_to("../../outside/bash_aliases")
    (links / "secret.txt").symlink_to("../../outside/secret")
    (links / "audio").symlink_to("../../outside/audio")
    (top / "clone" / "state" / ".scorefile").symlink_to("../../outside")
    with running_proxy() as proxy:
        yield Clone(top=top, proxy=proxy)


def lines_for(project: str) -> list[tuple[str, ...]]:
    """Return the line that could spend and every tenth other one, or all in `make torture`; its neighbours get the rest."""
    tenth, step = PROJECTS.index(project), sampled(10, 1)
    return [line for number, line in enumerate(LINES) if line in SPENDS or (number - tenth) % step == 0]


def test_every_verb_is_run() -> None:
    assert set(NAMED) | {"emulator"} == set(VERBS)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "project", [pytest.param(name, marks=pytest.mark.long) if name == SLOW[1] else name for name in PROJECTS]
)
def test_no_verb_lets_a_hostile_project_do_harm(clone: Clone, project: str) -> None:
    before, wrong = clone.outside(), []
    for words in sampled(SPENDS, FIRST) if project in SLOW else lines_for(project):
        done = clone.run(project, words, INNOCENT=CANARY)
        if done.code not in (INTERRUPTED if words[0] in SERVES else TOLD) or any(
            word in done.out + done.err for word in NEVER
        ):
            wrong.append((words, done))
        if done.code not in (0, 130):
            assert "error" in done.out + done.err or words[0] in ("trust", "verify", "fmt"), (words, done)
    assert wrong == []
    assert clone.proxy.heard == []
    assert clone.outside() == before
    mine = [path for path in (clone.top / "clone").rglob("*") if path.is_file()]
    assert not [path for path in mine if CANARY.encode() in path.read_bytes()]


@pytest.mark.parametrize("project", [name for name in PROJECTS if name.startswith(("words/", "lock/"))])
def test_no_verb_lets_foreign_words_command_the_runner(clone: Clone, project: str) -> None:
    for words in lines_for(project):
        done = clone.run(project, words, GITHUB_ACTIONS="true")
        for line in (done.out + done.err).splitlines():
            if line.startswith(ANNOTATION):
                continue
            assert "##[" not in line, (words, line)
            assert not line.lstrip().startswith("::error::told"), (words, line)


def test_a_run_on_foreign_hosts_stops_with_the_code_of_trust(clone: Clone) -> None:
    for project in ("hosts/scorefile.yaml", "providers/scorefile.yaml"):
        done = clone.run(project, ("run", "FILE", "--yes"))
        assert done.code == 7, done
        assert "and nobody on this machine has agreed to that" in done.err
