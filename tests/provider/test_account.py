"""An account that the vendor holds is no wrong key: its owner is told what the vendor's page says clears it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from runner.engine import endings
from runner.provider.protocol import read_poll, read_submit
from runner.records.exchange import Reply
from runner.records.provider import ErrorGroup
from runner.report.outcomes import told
from tests.support.catalog import shipped_catalog
from tests.support.command import scorefile, vendors_at
from tests.support.emulator import running_emulator

if TYPE_CHECKING:
    from pathlib import Path

PIXVERSE = shipped_catalog().providers["pixverse"]
SONG = shipped_catalog().models["pixverse/music-2.6"]
PENDING = next(reply for reply in PIXVERSE.replies["errors"] if reply["status"] == 596)
HELD = Reply(status=596, headers={}, body=json.dumps(PENDING["json"]).encode())
WRONG = Reply(status=401, headers={}, body=b'{"error": "Unauthorized"}')
CLEARS = "POST accounts/email"


def test_an_account_on_hold_is_told_with_what_clears_it() -> None:
    ending = endings.rejected(PIXVERSE, read_submit(PIXVERSE, SONG, HELD))
    said = told(ending, str)
    assert said.message.startswith("the account is suspended: PixVerse by useapi.net answered 596: ")
    assert "key" not in said.message
    assert said.help is not None
    assert CLEARS in said.help
    assert "USEAPI_API_TOKEN" not in said.help
    assert ending.group is ErrorGroup.ACCOUNT
    assert ending.group.closes


def test_a_wrong_key_stays_a_wrong_key() -> None:
    ending = endings.rejected(PIXVERSE, read_submit(PIXVERSE, SONG, WRONG))
    assert (ending.group, told(ending, str).help) == (ErrorGroup.AUTH, "check USEAPI_API_TOKEN")


@pytest.mark.parametrize(
    ("reply", "message", "help_", "exit_code"),
    [
        (HELD, "the account is suspended: ", CLEARS, 5),
        (WRONG, "the API key is no longer accepted: ", "fix the API key", 7),
    ],
)
def test_a_paid_job_under_way_goes_on_once_that_is_cleared(
    reply: Reply, message: str, help_: str, exit_code: int
) -> None:
    ending = endings.locked_out(PIXVERSE, read_poll(PIXVERSE, SONG, reply, id="user:1"))
    said = told(ending, str)
    assert said.message.startswith(f"{message}PixVerse by useapi.net answered ")
    assert said.help is not None
    assert help_ in said.help
    assert said.help.endswith("run again; the paid job will resume")
    assert ending.exit_code == exit_code


def test_the_whole_program_says_so_and_asks_no_more(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\nproviders: {pixverse: {max_in_flight: 1}}\ndefaults: {model: pixverse/music-2.6}\n"
        "jobs: {a: {prompt: low brass}, b: {prompt: high brass}}\n"
    )
    (tmp_path / "faults.json").write_text(json.dumps([{"do": "http", "status": 596, "model": "pixverse/music-2.6"}]))
    with running_emulator(faults=tmp_path / "faults.json") as running:
        done = scorefile("run", "--yes", "-q", cwd=tmp_path, env=vendors_at(running.url))
    assert done.code == 5, done
    assert CLEARS in done.out
    assert "USEAPI_API_TOKEN" not in done.out + done.err
    assert "b: not submitted: the account is suspended: PixVerse by useapi.net" in done.out
