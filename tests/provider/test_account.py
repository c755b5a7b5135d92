"""An account that the vendor holds is no wrong key: its owner is told what the vendor's page says clears it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from runner.emulator.serve import rehearsal_emulator
from runner.engine import endings
from runner.provider.protocol import read_poll, read_submit
from runner.records.exchange import Reply
from tests.support.catalog import SCHEMAS, shipped_catalog
from tests.support.command import scorefile, vendors_at

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
    assert ending.message.startswith("PixVerse by useapi.net holds the account: PixVerse by useapi.net answered 596: ")
    assert "key" not in ending.message
    assert ending.help is not None
    assert CLEARS in ending.help
    assert "USEAPI_API_TOKEN" not in ending.help
    assert (ending.group, ending.closes) == ("account", True)


def test_a_wrong_key_stays_a_wrong_key() -> None:
    ending = endings.rejected(PIXVERSE, read_submit(PIXVERSE, SONG, WRONG))
    assert (ending.group, ending.help) == ("auth", "check USEAPI_API_TOKEN")


@pytest.mark.parametrize(
    ("reply", "message", "help_", "group"),
    [
        (HELD, "holds the account: ", CLEARS, "account"),
        (WRONG, "does not accept the key any more: ", "mend the key", "auth"),
    ],
)
def test_a_paid_job_under_way_goes_on_once_that_is_cleared(reply: Reply, message: str, help_: str, group: str) -> None:
    ending = endings.locked_out(PIXVERSE, read_poll(PIXVERSE, SONG, reply, id="user:1"))
    assert f"PixVerse by useapi.net {message}" in ending.message
    assert ending.help is not None
    assert help_ in ending.help
    assert ending.help.endswith("run again: the job is paid and goes on")
    assert ending.group == group


def test_the_whole_program_says_so_and_asks_no_more(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\nproviders: {pixverse: {max_in_flight: 1}}\ndefaults: {model: pixverse/music-2.6}\n"
        "jobs: {a: {prompt: low brass}, b: {prompt: high brass}}\n"
    )
    (tmp_path / "faults.json").write_text(json.dumps([{"do": "http", "status": 596, "model": "pixverse/music-2.6"}]))
    with rehearsal_emulator((SCHEMAS,), faults=tmp_path / "faults.json") as url:
        done = scorefile("run", "--yes", "-q", cwd=tmp_path, env=vendors_at(url))
    assert done.code == 5, done
    assert CLEARS in done.out
    assert "USEAPI_API_TOKEN" not in done.out + done.err
    assert "b: not submitted: PixVerse by useapi.net holds the account" in done.out
