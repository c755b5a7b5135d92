"""What a person does with receipts: look, decide a doubt, call off, check."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.support.command import Done, scorefile, vendors_at
from tests.support.emulator import running_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.emulator import RunningEmulator

PIPELINE = """\
version: 1
jobs:
  dance: {model: pixverse/music-2.6, prompt: village dance}
  theme: {model: pixazo/lyria-2, prompt: low brass, timeout_s: 1}
"""
FAULTS = [
    {"do": "http", "status": 500, "charged": True, "model": "pixverse/music-2.6", "nth": 1},
    {"do": "never-ends", "model": "pixazo/lyria-2", "nth": 1},
]


@pytest.fixture
def night(tmp_path: Path) -> Path:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    return tmp_path


@pytest.fixture
def faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faults") / "faults.json"
    path.write_text(json.dumps(FAULTS))
    return path


@pytest.fixture
def faulty(faults: Path) -> Iterator[RunningEmulator]:
    with running_emulator(faults=faults) as running:
        yield running


@pytest.fixture
def slow(faults: Path) -> Iterator[RunningEmulator]:
    with running_emulator(faults=faults, work_s=600) as running:
        yield running


def say(night: Path, emulator: RunningEmulator, *words: str) -> Done:
    return scorefile(*words, cwd=night, env=vendors_at(emulator.url))


def test_a_doubt_is_shown_with_the_vendors_own_match_and_decided_by_it(night: Path, faulty: RunningEmulator) -> None:
    first = say(night, faulty, "run", "dance", "--yes", "-q")
    assert first.code == 8
    assert "scorefile resolve dance" in first.out
    shown = say(night, faulty, "resolve")
    taken = faulty.ledger()["submits"][0]["id"]
    assert "lists a job with this prompt" in shown.out
    assert f"scorefile resolve dance --id '{taken}'" in shown.out
    again = say(night, faulty, "run", "dance", "--yes", "-q")
    assert (again.code, "scorefile resolve dance" in again.out) == (8, True)
    assert say(night, faulty, "resolve", "dance", "--id", taken).code == 0
    assert say(night, faulty, "run", "dance", "--yes", "-q").code == 0
    assert len(faulty.ledger()["submits"]) == 1
    assert taken not in (night / "scorefile.lock").read_text()
    assert say(night, faulty, "resolve").out == "no submission has an unknown payment status\n"


@pytest.mark.parametrize("decision", ["--not-charged", "--resubmit"])
def test_a_doubt_that_is_given_up_is_submitted_again(night: Path, faulty: RunningEmulator, decision: str) -> None:
    assert say(night, faulty, "run", "dance", "--yes", "-q").code == 8
    assert say(night, faulty, "resolve", "dance", decision).code == 0
    assert say(night, faulty, "run", "dance", "--yes", "-q").code == 0
    assert len(faulty.ledger()["submits"]) == 2


def test_a_decision_that_makes_no_sense_is_refused(night: Path, faulty: RunningEmulator) -> None:
    assert say(night, faulty, "run", "dance", "--yes", "-q").code == 8
    for words, message in (
        (("theme", "--not-charged"), "theme has no submission with an unknown payment status"),
        (("dance", "--id", "a b"), "is not an id that a provider gives"),
        (("dance", "--id", f"sha256:{'0' * 64}"), "is not an id that a provider gives"),
        (("dance", "--id", "x", "--resubmit"), "name one job and one of"),
        (("--not-charged",), "name one job and one of"),
    ):
        done = say(night, faulty, "resolve", *words)
        assert done.code == 2, words
        assert message in done.err
        assert "dance" in say(night, faulty, "resolve").out, words
    assert say(night, faulty, "run", "dance", "--yes", "-q").code == 8


def test_a_job_is_called_off_where_its_vendor_can_and_what_that_means_is_said(
    night: Path, slow: RunningEmulator
) -> None:
    assert say(night, slow, "run", "theme", "--yes", "-q").code == 5
    done = say(night, slow, "cancel", "theme")
    assert done.code == 5
    assert "theme: not cancelled; the provider has no way to cancel a job" in done.out
    assert say(night, slow, "run", "dance", "--yes", "-q").code == 8
    assert say(night, slow, "resolve", "dance", "--id", slow.ledger()["submits"][1]["id"]).code == 0
    done = say(night, slow, "cancel", "dance")
    meaning = "the provider stops tracking it; the job itself may keep running and be charged"
    kept = "its receipt is kept: the next run asks the provider for its audio once more, free; only --force pays for a new one"
    assert (done.code, done.out) == (0, f"dance: cancelled; {meaning}; {kept}\n")
    assert slow.ledger()["cancels"] == 1
    assert "dance" in json.loads((night / "scorefile.lock").read_text())["jobs"]
    done = say(night, slow, "cancel", "dance")
    assert (done.code, "dance has no unfinished submission" in done.err) == (2, True)


def test_the_log_tells_a_life_in_order(night: Path, emulator: RunningEmulator) -> None:
    assert say(night, emulator, "run", "dance", "--yes", "-q").code == 0
    rows = say(night, emulator, "log", "--format", "json").json["events"]
    phases = ["planned", "intent", "answered", "accepted", "ready", "fetched", "placed", "done"]
    assert [row["phase"] for row in rows] == phases
    assert {row["job"] for row in rows} == {"dance"}
    assert say(night, emulator, "log", "theme").out == "the journal is empty\n"


def test_the_doctor_finds_what_is_damaged(night: Path, emulator: RunningEmulator) -> None:
    assert say(night, emulator, "run", "dance", "--yes", "-q").code == 0
    sound = say(night, emulator, "doctor", "--state")
    assert sound.code == 0
    assert "8 rows, all checksums match" in sound.out
    blob = next(path for path in (night / ".scorefile" / "blobs").glob("??/*"))
    blob.chmod(0o644)
    blob.write_bytes(b"not what it was")
    (night / "scorefile.lock").write_text("<<<<<<< ours\n")
    journal = night / ".scorefile" / "pipelines" / "scorefile" / "journal.db"
    with sqlite3.connect(journal) as connection:
        connection.execute("UPDATE events SET job = 'other' WHERE seq = 2")
    connection.close()
    damaged = say(night, emulator, "doctor", "--state", "--format", "json")
    assert damaged.code == 3
    states = {check["what"]: check["state"] for check in damaged.json["checks"]}
    assert states == {"journal": "damaged", "lock": "damaged", "store": "damaged"}


def test_offline_a_paid_job_is_left_as_it_is_and_is_no_doubt(night: Path, faulty: RunningEmulator) -> None:
    assert say(night, faulty, "run", "theme", "--yes", "-q").code == 5
    polls = faulty.ledger()["polls"]
    done = say(night, faulty, "run", "theme", "--offline", "-q")
    assert done.code == 5, done
    assert "needs its provider, and the run is offline" in done.out
    assert faulty.ledger()["polls"] == polls
