"""What `verify` promises a run will do about a missing output."""

from __future__ import annotations

import pytest

from runner.records.status import JobStatus, OutputState
from runner.report.records import Style
from runner.report.verify import VerifyReport


def row(job: str, output: OutputState) -> JobStatus:
    return JobStatus(job=job, model="a/b", entry=None, output=output, path=f"{job}.wav", unfinished=())


@pytest.mark.parametrize(
    ("lost", "promise"),
    [
        ((), "scorefile run restores what is missing"),
        (
            ("a", "b"),
            "no run restores a, b: the audio is neither in the store nor at a provider; run --force JOB makes it again",
        ),
        (
            ("a",),
            (
                "no run restores a: the audio is neither in the store nor at a provider; "
                "scorefile run restores what is missing but that; run --force JOB makes it again"
            ),
        ),
    ],
)
def test_a_run_is_promised_to_restore_only_what_it_can(lost: tuple[str, ...], promise: str) -> None:
    rows = (row("a", "missing"), row("b", "missing"), row("c", "same"))
    report = VerifyReport(name="x", rows=rows, exit_code=4, lost=lost)
    assert report.messages(Style()) == f"2 missing of 3 outputs; {promise}"
