"""Every verb, as a newcomer meets it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from runner import __version__
from runner.cli.main import VERBS
from tests.support.command import COMMAND, KEYS, environment, scorefile, vendors_at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator import RunningEmulator


def test_help_names_every_verb_and_what_it_does(tmp_path: Path) -> None:
    said = scorefile("--help", cwd=tmp_path)
    assert said.code == 0
    shown = re.findall(r"^  ([a-z]+)  +(\S.*)$", said.out.partition("Commands:\n")[2], re.MULTILINE)
    assert shown == list(VERBS.items())


@pytest.mark.sampled(3)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(tmp_path: Path, verb: str) -> None:
    said = scorefile(verb, "--help", cwd=tmp_path)
    assert said.code == 0
    assert said.out.startswith(f"Usage: scorefile {verb}")


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    assert scorefile("--version", cwd=tmp_path).out == f"scorefile {__version__}\n"


def test_a_first_pipeline_runs_at_once(tmp_path: Path) -> None:
    begun = scorefile("init", "ember-fall", cwd=tmp_path)
    assert begun.code == 0
    assert begun.out == "wrote ember-fall/scorefile.yaml; now: cd ember-fall && scorefile run\n"
    folder = tmp_path / "ember-fall"
    assert (folder / "scorefile.yaml").read_text().startswith("# yaml-language-server: $schema=scorefile.schema.json\n")
    assert json.loads((folder / "scorefile.schema.json").read_text())["type"] == "object"
    assert ".scorefile/" in (folder / ".gitignore").read_text()
    assert "*.lock" in (folder / ".gitattributes").read_text()
    assert scorefile("validate", cwd=folder).out == "valid: 3 jobs\n"
    made = scorefile("run", "-q", cwd=folder)
    assert made.code == 0
    assert "3 made" in made.out
    assert (folder / "audio" / "title.wav").exists()
    assert scorefile("run", "-q", cwd=folder).out == "nothing to do: 3 jobs up to date\n"


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("build/")
    assert scorefile("init", cwd=tmp_path).code == 0
    assert (tmp_path / ".gitignore").read_text() == "build/\n.scorefile/\n"
    before = (tmp_path / "scorefile.yaml").read_bytes()
    again = scorefile("init", cwd=tmp_path)
    assert again.code == 2
    assert "exists already" in again.err
    assert (tmp_path / "scorefile.yaml").read_bytes() == before


def test_validate_counts_the_jobs_of_many_files(showcase: Path) -> None:
    done = scorefile("validate", "showcase.yaml", "album.yaml", cwd=showcase)
    assert (done.code, done.out) == (0, "valid: 16 jobs\n")
    data = scorefile("validate", "showcase.yaml", "--format", "json", cwd=showcase).json
    assert (data["format_version"], data["valid"], data["jobs"], data["problems"]) == (1, True, 13, [])


def test_validate_says_its_problems_as_data(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\njobs:\n  a: {model: local/sketch, prompt: x, params: {bpm: 9}}\n"
    )
    done = scorefile("validate", "--format", "json", cwd=tmp_path)
    assert done.code == 3
    assert done.json["valid"] is False
    assert all(problem["place"]["line"] == 3 for problem in done.json["problems"])


def test_render_shows_what_would_be_sent_and_where_it_comes_from(showcase: Path) -> None:
    done = scorefile("render", "showcase.yaml", "title", "--origins", cwd=showcase)
    assert done.code == 0
    assert re.search(r"^  bpm: 96  ← job .*base_bpm", done.out, re.MULTILINE)
    data = scorefile("render", "showcase.yaml", "title", "--origins", "--format", "json", cwd=showcase).json
    request = data["requests"][0]
    assert (request["job"], request["params"]["seed"], request["origins"]["seed"]["layer"]) == ("title", 7, "job")


def test_plan_prices_what_it_would_make(showcase: Path) -> None:
    done = scorefile("plan", "showcase.yaml", cwd=showcase)
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if line.startswith("+ credits"))
    assert re.split("  +", line[2:]) == ["credits", "pixazo/lyria-3-pro", "$0.08 (1 request × $0.08)", "not made yet"]
    assert "2 jobs have no known price" in done.out
    data = scorefile("plan", "showcase.yaml", "--format", "json", cwd=showcase).json
    assert data["format_version"] == 1
    assert len(data["actions"]) == 13
    assert data["worst_usd"] is None
    assert not (showcase / ".scorefile").exists()


def test_status_and_verify_stand_lock_and_disk_side_by_side(night: Path, emulator: RunningEmulator) -> None:
    assert scorefile("verify", cwd=night).code == 2
    scorefile("run", "--yes", "-q", cwd=night, env=vendors_at(emulator.url))
    assert "4 jobs, 4 same" in scorefile("status", cwd=night).out
    assert scorefile("verify", cwd=night).out == "4 outputs match the lock\n"
    (night / "audio" / "title.wav").unlink()
    (night / "audio" / "shop.wav").write_bytes(b"x")
    drifted = scorefile("verify", cwd=night)
    assert drifted.code == 4
    assert "title: audio/title.wav is missing" in drifted.out
    assert "shop: audio/shop.wav is changed" in drifted.out
    assert "1 missing and 1 changed of 4 outputs; scorefile run restores what is missing and leaves" in drifted.err
    data = scorefile("verify", "--format", "json", cwd=night)
    assert (data.code, data.json["same"]) == (4, False)
    assert scorefile("status", "--format", "json", cwd=night).json["format_version"] == 1


def test_models_lists_the_catalogue(tmp_path: Path) -> None:
    lines = scorefile("models", cwd=tmp_path).out.splitlines()
    assert len(lines) == 16
    assert lines[0].split() == ["MODEL", "PRICE", "LENGTH", "TAKES", "SEED", "FORMAT"]
    one = scorefile("models", "pixverse/music-v1", cwd=tmp_path)
    assert "$0.60 a request" in one.out
    assert "prompt *" in one.out
    data = scorefile("models", "--format", "json", cwd=tmp_path).json
    assert len(data["models"]) == 15
    assert scorefile("models", "local/sketch", "--format", "json", cwd=tmp_path).json["model"]["id"] == "local/sketch"


def test_a_model_is_added_by_one_file(night: Path) -> None:
    folder = night / "schemas" / "models" / "pixazo"
    folder.mkdir(parents=True)
    data = json.loads(scorefile("schema", "--model", "pixazo/lyria-2", cwd=night).out)
    assert "x-scorefile" not in data
    from tests.support.catalog import SCHEMAS

    model = json.loads((SCHEMAS / "models/pixazo/lyria-2.json").read_text())
    model["x-scorefile"]["path"] = "/lyria-9/v1/generate"
    (folder / "lyria-9.json").write_text(json.dumps(model))
    (night / "scorefile.yaml").write_text("version: 1\njobs:\n  a: {model: pixazo/lyria-9, prompt: x, output: a}\n")
    assert "pixazo/lyria-9" in scorefile("models", cwd=night).out
    assert scorefile("validate", cwd=night).code == 0
    made = scorefile("run", "--rehearse", "-q", cwd=night)
    assert made.code == 0, made


def test_the_schema_for_editors_is_json_schema(tmp_path: Path) -> None:
    from jsonschema import Draft7Validator

    Draft7Validator.check_schema(json.loads(scorefile("schema", cwd=tmp_path).out))


def test_doctor_says_what_is_there_and_shows_no_key(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = f"http://127.0.0.1:{server.getsockname()[1]}"
        done = scorefile("doctor", cwd=tmp_path, env=vendors_at(here, keys={"PIXAZO_API_KEY": KEYS["PIXAZO_API_KEY"]}))
    assert done.code == 0, done
    assert re.search(r"pixazo key +present", done.out)
    assert re.search(r"verbatik key +not set", done.out)
    assert re.search(r"pixazo vendor +reachable", done.out)
    assert re.search(r"disk +(ok|low)", done.out)
    data = scorefile("doctor", "--offline", "--format", "json", cwd=tmp_path).json
    assert {"scorefile", "python", "disk", "pixazo key"} <= {check["what"] for check in data["checks"]}


def test_doctor_says_who_cannot_be_reached(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = f"http://127.0.0.1:{server.getsockname()[1]}"
    done = scorefile("doctor", cwd=tmp_path, env=vendors_at(gone))
    assert re.search(r"pixazo vendor +unreachable", done.out)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("number", "ended"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_the_emulator_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals, ended: int) -> None:
    with subprocess.Popen(
        [*COMMAND, "emulator", "--port", "0"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment()
    ) as child:
        assert child.stderr is not None
        first = child.stderr.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", first)
        assert url, first
        assert httpx.get(f"{url[0]}/_emulator/ledger", trust_env=False).status_code == 200
        child.send_signal(number)
        rest = child.stderr.read()
        code = child.wait(10)
    assert "export SCOREFILE_PIXAZO_BASE_URL=" in rest
    assert "Traceback" not in rest
    assert code == ended


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    child = subprocess.run(
        [*COMMAND, "models", "--format", "json"], cwd=tmp_path, stdout=write, stderr=subprocess.PIPE, env=environment()
    )
    os.close(write)
    assert b"Traceback" not in child.stderr
    assert b"Exception ignored" not in child.stderr
