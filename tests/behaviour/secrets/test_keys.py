"""Keys are found nowhere, and the search for them finds what there is to find."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.canary import plant
from tests.support.catalog import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.project import Project

WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "hexadecimal": lambda key: key.encode().hex().encode(),
    "base64": lambda key: base64.b64encode(b"user:" + key.encode()),
    "base64 with more behind": lambda key: base64.b64encode(b"ab" + key.encode() + b"tail of it"),
    "utf-16": lambda key: key.encode("utf-16"),
    "JSON with escaped slashes": lambda key: json.dumps(key).replace("/", "\\/").encode(),
    "JSON with escapes only": lambda key: "".join(f"\\u{ord(char):04x}" for char in key).encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_the_search_finds_a_key_however_it_is_written(tmp_path_factory: pytest.TempPathFactory, how: str) -> None:
    folder = tmp_path_factory.mktemp("leak")
    canary = plant()
    key = canary.environ["PIXAZO_API_KEY"]
    (folder / "innocent.bin").write_bytes(b"\0before " + WRITTEN[how](key) + b" after")
    assert any("PIXAZO_API_KEY" in line for line in canary.in_folder(folder))


def test_the_search_finds_nothing_where_there_is_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("clean")
    (folder / "a.txt").write_text("canary canary-pixazo PIXAZO_API_KEY")
    assert plant().in_folder(folder) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize("how", ["", ":json", ":slashes", ":url", ":html", ":twice"])
def test_a_vendor_that_echoes_the_key_is_quoted_without_it(project: Project, how: str) -> None:
    project.write({"a": f"submit=free:echo{how}"})
    done = project.run("run", "--yes", "--format", "json")
    assert done.code == 7
    assert "bad key ***" in done.out


@pytest.mark.parametrize(
    "wrong",
    ["\n", "\r\n", " ", "\t", "\u200b", "é", "\x7f"],
    ids=["newline", "return", "space", "tab", "zero-width", "accent", "delete"],
)
def test_a_key_that_cannot_stand_in_a_header_is_named_and_not_shown(project: Project, wrong: str) -> None:
    project.write({"a": ""})
    project.env = {"PIXAZO_API_KEY": project.canary.environ["PIXAZO_API_KEY"] + wrong}
    done = project.run()
    assert done.code == 7, done
    assert "PIXAZO_API_KEY" in done.err
    assert project.submits() == []


def test_a_missing_key_is_said_before_anything_is_sent(project: Project) -> None:
    project.write({"a": ""})
    project.env = {"PIXAZO_API_KEY": ""}
    assert project.run().code == 7
    assert project.submits() == []


@pytest.mark.parametrize("verb", ["validate", "plan", "render", "run"])
def test_a_key_does_not_come_into_a_prompt_by_the_environment(project: Project, verb: str) -> None:
    project.settings = {"env": ["PIXAZO_API_KEY", "USEAPI_API_TOKEN"]}
    project.write({"a": "{{ env.PIXAZO_API_KEY }} {{ env.USEAPI_API_TOKEN | upper }}"})
    done = project.run(verb, *(["--yes"] if verb == "run" else []))
    assert done.code == 3, done
    assert "SF224]: PIXAZO_API_KEY holds the key of Pixazo" in done.out + done.err
    assert project.submits() == []
    assert not (project.folder / "trial.lock").exists()


def test_a_request_that_holds_a_key_word_for_word_is_not_sent(project: Project) -> None:
    key = project.canary.environ["USEAPI_API_TOKEN"]
    project.write({"a": "calm {{ v }}"}, vars={"v": "x"})
    done = project.run("run", "--yes", "--var", f"v={key}")
    assert done.code == 3, done
    assert "SF225]: prompt holds the value of USEAPI_API_TOKEN" in done.err
    assert project.submits() == []


def test_an_address_with_a_password_is_not_echoed(project: Project) -> None:
    project.write({"a": ""})
    project.env = {"SCOREFILE_PIXAZO_BASE_URL": "https://me:swordfish@gateway.invalid"}
    done = project.run()
    assert done.code == 2, done
    assert "SCOREFILE_PIXAZO_BASE_URL is" in done.err
    assert "swordfish" not in done.err + done.out


def test_a_key_under_providers_is_hidden_and_its_variable_named(project: Project) -> None:
    project.settings = {"providers": {"pixazo": {"api_key": "swordfish"}}}
    project.write({"a": ""})
    done = project.run("validate")
    assert done.code == 3, done
    assert "unknown key api_key" in done.out.replace('"', "")
    assert "help: remove it, and set PIXAZO_API_KEY in the environment: no file holds a key" in done.out
    assert "swordfish" not in done.out + done.err


def test_the_whole_program_in_a_process_of_its_own_leaks_nothing(project: Project, tmp_path: Path) -> None:
    project.write({"a": "poll=500,html,done media=html,ok", "b": "submit=paid:500", "c": "submit=free:echo"})
    script = "import logging, sys; logging.basicConfig(level=10); from runner.cli.main import main; main(sys.argv[1:])"
    with (tmp_path / "output").open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-c", script, "run", "--yes", "trial.yaml"],
            cwd=project.folder,
            env=project.environ() | {"PYTHONPATH": str(ROOT), "HTTPX_LOG_LEVEL": "trace", "SCOREFILE_DEBUG": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
    assert done.returncode == 8
    assert b"DEBUG:" in (tmp_path / "output").read_bytes(), "the log at DEBUG is in it"


def test_a_private_id_stays_out_of_the_lock(project: Project) -> None:
    project.write_jobs({"a": {"model": "pixverse/music-2.6", "prompt": project.prompt("a", "type=audio/wav")}})
    project.run()
    receipt = project.charges()[0]["id"]
    assert receipt not in (project.folder / "trial.lock").read_text()


def test_a_vendor_that_lists_its_jobs_is_asked_about_a_doubt(project: Project) -> None:
    prompt = project.prompt("a", "submit=paid:500 type=audio/wav")
    project.write_jobs({"a": {"model": "pixverse/music-2.6", "prompt": prompt}})
    assert project.run().code == 8
    shown = project.run("resolve")
    receipt = project.charges()[0]["id"]
    assert f"--id '{receipt}'" in shown.out, shown
    assert len(project.submits()) == 1


@pytest.mark.usefixtures("canary")
def test_the_search_hears_the_log_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("x").debug("heard")
    assert "heard" in caplog.text
