"""A project is opened once a command: nothing is read or compiled twice, and a broken pipeline leaves receipts in reach."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.cli.main import call
from runner.commands.cancel import cancel
from runner.commands.log import log
from runner.commands.options import CommandOptions
from runner.commands.resolve import resolve
from runner.commands.session import Session, open_session
from runner.commands.status import status
from runner.commands.world import World, real_world
from runner.engine import machine
from runner.errors import InvalidFilesError, UsageError
from runner.pipeline.resolution.resolve import resolve as resolve_requests
from runner.pipeline.yaml.document import parse
from runner.plan.decide import decide
from runner.plan.fingerprint import fingerprint
from runner.plan.selection import Wanted
from runner.records.submission import Phase
from runner.state.journal import read_events
from runner.state.lock_writer import LockWriter
from runner.state.submissions import advance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

PIPELINE = """version: 1
jobs:
  paid: {model: pixazo/lyria-2, prompt: low brass}
  free: {model: local/sketch, prompt: calm piano, params: {duration: 1}}
"""
COUNTED = {
    "parse": parse.__code__,
    "resolve": resolve_requests.__code__,
    "decide": decide.__code__,
    "read_lock": vars(Session)["written_lock"].func.__code__,
    "open_lock": LockWriter.__init__.__code__,
    "read_events": read_events.__code__,
}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def nowhere(*_words: object) -> Any:
    raise AssertionError("no test of this file speaks to a provider")


def world() -> World:
    """A world in which it is always noon, and in which nobody can be reached."""
    return replace(real_world(), now=lambda: NOON, token=lambda: "0123456789", transport=nowhere, fetcher=nowhere)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("scorefile.yaml").write_text(PIPELINE)
    return tmp_path


def opened(*names: str) -> Session:
    return open_session(CommandOptions(wanted=Wanted(names=names)), world())


def submit(job: str, *phases: Phase) -> None:
    """Write a submission of a job into the journal, as far as these phases."""
    with opened().writing() as held:
        request = next(item for item in held.checked.requests if item.job == job)
        at = held.world.timestamp()
        digest = fingerprint(request.model.id, request.params)
        row = machine.planned(
            request, attempt=held.world.token(), fingerprint=digest, price_usd="0.08", private=False, at=at
        )
        item = advance(None, row)
        rows = [machine.event(item, phase, at=at, request_id=_id(phase)) for phase in phases]
        held.store.record(row, *rows)


def _id(phase: Phase) -> str | None:
    return "id-1" if phase is Phase.ACCEPTED else None


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count calls of what reads, compiles and decides; nothing is replaced."""
    names = {code: name for name, code in COUNTED.items()}
    found: Counter[str] = Counter()

    def seen(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code in names:
            found[names[frame.f_code]] += 1

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        yield found
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize(
    ("words", "phases", "expected"),
    [
        ("plan", (), {"parse": 1, "resolve": 1, "decide": 1, "read_lock": 1, "read_events": 1}),
        ("render", (), {"parse": 1, "resolve": 1, "decide": 1, "read_lock": 1, "read_events": 1}),
        ("explain free", (), {"parse": 1, "resolve": 1, "decide": 1, "read_lock": 1, "read_events": 1}),
        ("status", (Phase.INTENT,), {"parse": 1, "resolve": 1, "read_lock": 1, "read_events": 1}),
        ("log", (Phase.INTENT,), {"read_events": 1}),
        ("resolve", (Phase.INTENT,), {"parse": 1, "resolve": 1, "read_lock": 1, "read_events": 1}),
        ("resolve paid --not-charged", (Phase.INTENT,), {"parse": 1, "resolve": 1, "open_lock": 1}),
        ("cancel paid", (Phase.INTENT, Phase.ACCEPTED), {"parse": 1, "resolve": 1, "open_lock": 1}),
        # under the run lock a run looks at lock and journal once more: another run may have held it until then
        ("run free", (), {"parse": 1, "resolve": 1, "decide": 2, "read_lock": 1, "open_lock": 1, "read_events": 1}),
    ],
)
def test_a_command_reads_and_compiles_once(
    folder: Path, words: str, phases: tuple[Phase, ...], expected: dict[str, int]
) -> None:
    if phases:
        submit("paid", *phases)
    with counting() as found:
        code = call(words.split())
    assert code in ((5,) if words.startswith("cancel") else (0,))
    assert dict(found) == expected


def test_a_run_with_nothing_to_do_reads_no_journal_and_takes_no_run_lock(folder: Path) -> None:
    assert call(["run", "free", "-q"]) == 0
    with opened().writing(), counting() as found:
        assert call(["run", "free"]) == 0
    assert dict(found) == {"parse": 1, "resolve": 1, "decide": 1, "read_lock": 1}


def test_what_a_command_does_not_need_may_be_broken(folder: Path) -> None:
    submit("paid", Phase.INTENT)
    Path("scorefile.yaml").write_text("jobs: [")
    session = opened("paid")
    with pytest.raises(InvalidFilesError):
        _ = session.plan
    assert [row.phase for row in log(session).rows] == ["planned", "intent"]
    assert [row.job for row in status(session).rows] == ["paid"]
    with pytest.raises(UsageError, match="paid has no unfinished submission") as caught:
        cancel(session)
    assert caught.value.help is not None
    assert "scorefile resolve paid shows what is known of it" in caught.value.help
    assert resolve(session, "paid", "not-charged").submission.phase is Phase.REJECTED


def test_a_broken_pipeline_is_compiled_once_too(folder: Path) -> None:
    submit("paid", Phase.INTENT)
    Path("scorefile.yaml").write_text("jobs: [")
    with counting() as found:
        assert call(["resolve", "paid", "--not-charged"]) == 0
    assert found["parse"] == 1


def test_the_clock_of_a_session_dates_what_a_person_decides(folder: Path) -> None:
    submit("paid", Phase.INTENT)
    resolve(opened(), "paid", "resubmit")
    assert {row.at for row in opened().events} == {"2026-01-01T12:00:00Z"}


def test_reading_again_sees_what_was_written_since_and_keeps_the_pipeline(folder: Path) -> None:
    session = opened()
    checked = session.checked
    assert session.events == ()
    submit("paid", Phase.INTENT)
    again = session.reread()
    assert session.events == ()
    assert [row.phase for row in again.events] == ["planned", "intent"]
    assert again.checked is checked


def test_the_lock_is_written_by_the_session_that_holds_the_run_lock(folder: Path) -> None:
    submit("paid", Phase.INTENT)
    resolve(opened(), "paid", "id", id="lyria-2_1")
    (pending,) = opened().written_lock.jobs["paid"]
    assert (pending.state, pending.takes, str(pending.request_id)) == ("pending", (), "lyria-2_1")


def test_cancel_names_no_job_by_accident(folder: Path) -> None:
    with pytest.raises(UsageError, match="no job was named"):
        cancel(opened())


def test_status_lists_jobs_that_were_never_made(folder: Path) -> None:
    assert [(row.job, row.model, row.output) for row in status(opened()).rows] == [
        ("free", "local/sketch", "not made"),
        ("paid", "pixazo/lyria-2", "not made"),
    ]


def test_verify_reads_every_output_whatever_a_plan_has_remembered_of_it(folder: Path) -> None:
    assert call(["run", "free", "-q"]) == 0
    (output,) = (folder / "audio").iterdir()
    time.sleep(0.05)
    assert call(["status"]) == 0
    kept = folder / ".scorefile" / "pipelines" / "scorefile" / "output-hashes"
    assert json.loads(kept.read_text())["files"].keys() == {f"audio/{output.name}"}
    good = kept.read_bytes()
    output.write_bytes(output.read_bytes()[:-1] + b"?")
    time.sleep(0.05)
    data = json.loads(good)
    found = output.stat()
    stamp = [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
    data["files"][f"audio/{output.name}"][0] = stamp
    kept.write_text(json.dumps(data | {"moment_ns": time.time_ns()}))
    assert call(["verify"]) == 4, "not even a forged memory deceives it"
