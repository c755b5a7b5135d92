"""A project's own hosts and key variables get nothing before the person at this machine has agreed to them."""

from __future__ import annotations

import json
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from runner.cli.main import call
from runner.cli.show import OutputOptions, configure
from runner.records.limits import Limits
from runner.state.schemas import read_catalog
from tests.support.catalog import SCHEMAS
from tests.support.recorder import recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.canary import Canary
    from tests.support.project import Project

KEY = "AWS_SECRET_ACCESS_KEY"
CANARY = "canary-aws-5ca1ab1e-0123456789"
HOST = "evil.invalid"
JOBS = {"a": {"model": "pixazo/tracks", "prompt": "x"}}
"""A free model, so that no question about money comes first."""


class Folder:
    """A cloned project, and the command line inside this process, in which every name that is looked up is noted."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys
        self.reached: list[str] = []

    def write(self, providers: dict[str, Any] | None = None, **more: Any) -> None:
        data = {"version": 1, "jobs": JOBS, **more} | ({"providers": providers} if providers else {})
        (self.path / "scorefile.yaml").write_text(json.dumps(data))

    def provider(self, name: str, **changes: Any) -> None:
        data = json.loads((SCHEMAS / "providers" / "pixazo.json").read_text()) | {"name": name} | changes
        target = self.path / "schemas" / "providers" / f"{name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(data))

    def say(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        read_catalog.cache_clear()
        code = call(list(words), limits=Limits(wait_scale=0.1))
        shown = self._capsys.readouterr()
        configure(OutputOptions())
        assert "unexpected" not in shown.err, shown.err
        return code, shown.out, shown.err


@pytest.fixture
def clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], canary: Canary
) -> Iterator[Folder]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv(KEY, CANARY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name)
        monkeypatch.delenv(name.lower())
    assert canary.environ["PIXAZO_API_KEY"]
    folder = Folder(tmp_path / "clone", capsys)
    folder.path.mkdir()
    monkeypatch.chdir(folder.path)
    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def noted(host: Any, *args: Any, **kwargs: Any) -> Any:
        folder.reached.append(str(host))
        return look_up(host, *args, **kwargs)

    def connecting(self: socket.socket, address: Any) -> None:
        folder.reached.append(str(address))
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    monkeypatch.setattr(socket.socket, "connect", connecting)
    yield folder
    assert not [path for path in folder.path.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


def by_address(clone: Folder) -> None:
    clone.write({"pixazo": {"base_url": f"https://{HOST}"}})


def by_variable(clone: Folder) -> None:
    clone.write({"pixazo": {"api_key_env": KEY}})


def by_both(clone: Folder) -> None:
    clone.write({"pixazo": {"base_url": f"https://{HOST}", "api_key_env": KEY}})


def by_a_shipped_name(clone: Folder) -> None:
    clone.provider("pixazo", base_url=f"https://{HOST}")
    clone.write()


def by_other_calls(clone: Folder) -> None:
    shipped = json.loads((SCHEMAS / "providers" / "pixazo.json").read_text())
    clone.provider("pixazo", submit=shipped["submit"] | {"method": "PUT", "path": "/account"})
    clone.write()


def by_a_new_provider(clone: Folder) -> None:
    auth = {"header": "X-Key", "prefix": "", "env": KEY}
    clone.provider("acme", base_url=f"https://{HOST}", auth=auth)
    model = json.loads((SCHEMAS / "models" / "pixazo" / "tracks.json").read_text())
    model["x-scorefile"]["provider"] = "acme"
    target = clone.path / "schemas" / "models" / "acme" / "tracks.json"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(model))
    clone.write(jobs={"a": {"model": "acme/tracks", "prompt": "x"}})


def by_plain_http(clone: Folder) -> None:
    clone.write({"pixazo": {"base_url": "http://192.168.1.20:8001"}})


WAYS: dict[str, tuple[Callable[[Folder], None], str]] = {
    "base_url": (by_address, f"PIXAZO_API_KEY → https://{HOST}"),
    "api_key_env": (by_variable, f"{KEY} → https://gateway.pixazo.ai"),
    "both": (by_both, f"{KEY} → https://{HOST}"),
    "a provider file of a shipped name": (by_a_shipped_name, f"PIXAZO_API_KEY → https://{HOST}"),
    "other calls to the shipped host": (by_other_calls, "PIXAZO_API_KEY → https://gateway.pixazo.ai"),
    "a provider file of its own": (by_a_new_provider, f"{KEY} → https://{HOST}"),
    "plain http in a private network": (by_plain_http, "PIXAZO_API_KEY → http://192.168.1.20:8001"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_run_of_a_strange_project_sends_nothing(clone: Folder, way: str) -> None:
    write, binding = WAYS[way]
    write(clone)
    code, _, err = clone.say("run", "--yes")
    assert code == 7, err
    assert f"error: this project binds {binding}, and nobody on this machine has agreed to that" in err
    assert "help: check what is sent where, then: scorefile trust (in CI: SCOREFILE_TRUST=" in err
    assert clone.reached == []


@pytest.mark.parametrize("verb", ["validate", "plan"])
@pytest.mark.parametrize("way", WAYS)
def test_checking_says_what_a_run_would_send_where(clone: Folder, verb: str, way: str) -> None:
    write, binding = WAYS[way]
    write(clone)
    code, out, err = clone.say(verb)
    assert code == 0, err
    assert f"warning[SF223]: this project binds {binding}, and nobody on this machine has agreed to that" in out + err
    assert clone.reached == []


def test_a_comment_of_the_project_does_not_silence_it(clone: Folder) -> None:
    text = f"version: 1\nproviders:\n  pixazo: {{base_url: 'https://{HOST}'}} # scorefile: ignore[SF223]\n"
    (clone.path / "scorefile.yaml").write_text(f"{text}jobs: {{a: {{model: pixazo/tracks, prompt: x}}}}\n")
    _, out, err = clone.say("plan")
    assert "SF223" in out + err


@pytest.mark.parametrize("way", WAYS)
def test_what_a_person_agreed_to_is_sent_and_no_other(clone: Folder, way: str) -> None:
    write, binding = WAYS[way]
    write(clone)
    code, out, err = clone.say("trust")
    assert code == 7, err
    assert binding in out
    assert "not agreed to" in out
    code, out, err = clone.say("trust", "--yes")
    assert (code, "1 binding agreed to\n" in err) == (0, True), err
    code, out, err = clone.say("plan")
    assert "SF223" not in out + err
    assert clone.reached == []
    clone.write({"pixazo": {"base_url": "https://other.invalid"}, **({"acme": {}} if way.endswith("own") else {})})
    code, _, err = clone.say("run", "--yes")
    assert code == 7, err
    assert "→ https://other.invalid, and nobody" in err
    assert clone.reached == []


def test_after_the_word_a_run_reaches_the_host(clone: Folder) -> None:
    by_both(clone)
    assert clone.say("trust", "--yes")[0] == 0
    code, _, err = clone.say("run", "--yes")
    assert code == 5, err
    assert set(clone.reached) == {HOST}


def test_a_changed_provider_file_asks_again(clone: Folder) -> None:
    by_a_shipped_name(clone)
    assert clone.say("trust", "--yes")[0] == 0
    assert "SF223" not in "".join(map(str, clone.say("plan")))
    clone.provider("pixazo", base_url=f"https://{HOST}", notes=["another file"])
    assert clone.say("run", "--yes")[0] == 7


def test_another_checkout_asks_again(clone: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    by_both(clone)
    assert clone.say("trust", "--yes")[0] == 0
    other = clone.path.with_name("other")
    clone.path.rename(other)
    monkeypatch.chdir(other)
    assert clone.say("run", "--yes")[0] == 7


@pytest.mark.sampled(2)
@pytest.mark.parametrize("how", ["--trust", "SCOREFILE_TRUST"])
@pytest.mark.parametrize("host", [HOST, HOST.upper(), f"gateway.example,{HOST}"])
def test_ci_names_the_hosts(clone: Folder, monkeypatch: pytest.MonkeyPatch, how: str, host: str) -> None:
    by_both(clone)
    words: tuple[str, ...] = ("--trust", host) if how == "--trust" else ()
    if not words:
        monkeypatch.setenv("SCOREFILE_TRUST", host)
    code, out, err = clone.say("plan", *words)
    assert (code, "SF223" in out + err) == (0, False), err
    code, _, err = clone.say("run", "--yes", *words)
    assert (code, set(clone.reached)) == (5, {HOST}), err


@pytest.mark.parametrize("host", [f"https://{HOST}", "*", f"{HOST}/path", f"me@{HOST}", f"{HOST} b"])
def test_what_is_no_host_is_refused(clone: Folder, host: str) -> None:
    by_both(clone)
    code, _, err = clone.say("run", "--yes", "--trust", host)
    assert code == 2, err
    assert "is not a host to trust" in err
    assert clone.reached == []


def test_a_trusted_host_is_no_other(clone: Folder) -> None:
    by_both(clone)
    for host in (f"x{HOST}", "invalid", f"{HOST}:444", f".{HOST}"):
        assert clone.say("run", "--yes", "--trust", host)[0] == 7
    assert clone.reached == []


def test_an_address_from_the_environment_is_the_users(clone: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    by_address(clone)
    monkeypatch.setenv("SCOREFILE_PIXAZO_BASE_URL", "https://gateway.invalid")
    code, _, err = clone.say("run", "--yes")
    assert (code, set(clone.reached)) == (5, {"gateway.invalid"}), err


def test_a_variable_of_the_project_is_not_sent_to_the_users_host(
    clone: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_variable(clone)
    monkeypatch.setenv("SCOREFILE_PIXAZO_BASE_URL", "https://gateway.invalid")
    assert clone.say("run", "--yes")[0] == 7
    assert clone.reached == []


def test_loopback_needs_no_word(clone: Folder) -> None:
    with recording() as server:
        clone.write({"pixazo": {"base_url": server.url, "poll_s": 0.05}})
        assert "SF223" not in "".join(map(str, clone.say("plan")))
        clone.say("run", "--yes")
        assert server.seen


def test_a_run_that_does_not_use_the_provider_needs_no_word(clone: Folder) -> None:
    clone.write(
        {"pixazo": {"base_url": f"https://{HOST}"}},
        jobs={"a": {"model": "local/sketch", "prompt": "x", "params": {"duration": 0.5}}},
    )
    assert clone.say("run", "--yes")[0] == 0
    assert clone.reached == []


def test_a_rehearsal_needs_no_word(clone: Folder) -> None:
    by_both(clone)
    code, out, err = clone.say("plan", "--rehearse")
    assert (code, "SF223" in out + err) == (0, False)


@pytest.mark.parametrize("inside", ["clone/config", "clone/.git/config"])
def test_a_store_inside_the_project_counts_for_nothing(
    clone: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inside: str
) -> None:
    by_both(clone)
    assert clone.say("trust", "--yes")[0] == 0
    (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "config").rename(tmp_path / inside)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / inside))
    assert clone.say("run", "--yes")[0] == 7
    code, _, err = clone.say("trust", "--yes")
    assert (code, "lies inside the project" in err) == (2, True), err
    assert clone.reached == []


def test_doctor_reaches_no_strange_host(clone: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    by_address(clone)
    for name in ("PIXVERSE", "VERBATIK"):
        monkeypatch.setenv(f"SCOREFILE_{name}_BASE_URL", "http://127.0.0.1:9")
    _, out, _ = clone.say("doctor", "scorefile.yaml")
    assert f"PIXAZO_API_KEY → https://{HOST} is not agreed to" in out
    assert HOST not in clone.reached


def test_nobody_is_asked_where_there_is_no_terminal(clone: Folder) -> None:
    by_both(clone)
    code, out, err = clone.say("trust")
    assert code == 7
    assert "1 binding not agreed to" in err
    assert clone.say("trust", "--format", "json")[0] == 7
    assert "not agreed to" in out


@pytest.mark.parametrize("words", [("resolve",), ("cancel", "a")])
def test_resolve_and_cancel_send_nothing(project: Project, words: tuple[str, ...]) -> None:
    """A doubt, or a running job, that the repository carries is no reason to send a key."""
    script = "submit=paid:500 type=audio/wav" if words[0] == "resolve" else "poll=waiting type=audio/wav"
    project.write_jobs({"a": {"model": "pixverse/music-2.6", "prompt": project.prompt("a", script)}})
    if words[0] == "resolve":
        assert project.run().code == 8
    else:
        running = project.start()
        project.wait_for_poll("a")
        running.signal(signal.SIGINT)
        running.wait(20)
    project.settings = {"providers": {"pixverse": {"base_url": f"https://{HOST}"}}}
    project.write_jobs({"a": {"model": "pixverse/music-2.6", "prompt": project.prompt("a", script)}})
    project.env = {"SCOREFILE_PIXVERSE_BASE_URL": ""}
    done = project.run(*words, timeout_s=10)
    assert done.code == 7, done
    assert f"error: this project binds USEAPI_API_TOKEN → https://{HOST}" in done.err
