"""Problems, failed jobs and drift in one form, and what each rule means."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from runner.report.problems import notes
from runner.report.records import Finding
from runner.report.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.errors import ScorefileError
    from runner.records.source import Problem

RULES: Final = MappingProxyType(
    {
        "plan": ("what would be done, and what it costs", "scorefile run does it"),
        "job-failed": ("a job failed", "run again: what is paid for is not paid again"),
        "job-unfinished": ("a paid job is not finished", "run again: it resumes, free"),
        "take-differs": ("a take differs from what was asked or promised", "it plays, and is kept; listen to it"),
        "not-as-expected": ("a take is not as expected", "listen to it, pick another, or change `expect`"),
        "not-measured": ("it is unknown whether a take is as expected", "scorefile run brings its audio back"),
        "not-approved": ("an output that nobody approved", "listen to it, then: scorefile approve JOB"),
        "job-skipped": ("a job was not submitted", "see the reason, then run again"),
        "job-blocked": ("a job waits for your decision", "scorefile status shows what it waits for"),
        "payment-unknown": ("a request may or may not have been charged", "settle it: scorefile resolve JOB"),
        "output-missing": ("an output in the lock is missing", "scorefile run restores it"),
        "output-changed": ("an output differs from the lock", "move it away, then scorefile run restores it"),
        "unexpected": ("something went wrong", "see the message"),
        "emulator": ("the emulator cannot do what is asked of it", "see the message"),
        "system": ("the operating system refused", "see the message"),
        "not-writable": ("the disk is full, or a folder cannot be written", "see the message, then run again"),
        "another-run": ("another run is using this project", "wait for it, or pass --lock-timeout SECONDS"),
        "usage": ("the command line is wrong, or names something that does not exist", "see scorefile --help"),
        "invalid-files": ("the files are wrong", "scorefile validate lists every problem"),
        "state": ("journal, lock or an output is not as it should be", "scorefile doctor --state"),
        "out-of-date": ("the lock is out of date", "run without --locked to update it"),
        "refused": ("budget, price or confirmation refused to spend", "see the message"),
        "key": ("a key is missing, malformed or rejected", "set it in the environment"),
        "untrusted": ("the project sends a key to a host of its own", "check where, then: scorefile trust"),
    }
)
"""Rules beside the SF codes: what happened, and what to do."""

_ORDER: Final = ("error", "warning", "notice")


def rule_words(rule: str) -> tuple[str, str]:
    """Return what a rule means and what helps, for any SF code or word of RULES."""
    from runner.diagnostics.codes import CODES

    if rule in RULES:
        return RULES[rule]
    return CODES.get(rule, "a problem in the files"), f"scorefile explain {rule} says more"


def of_problem(problem: Problem) -> Finding:
    """Return a problem as a finding."""
    return Finding(
        rule=problem.code,
        level=problem.severity,
        message=clean(problem.message),
        mark=problem.mark,
        notes=notes(problem),
        reach=max(1, len(problem.cells)),
    )


def of_error(error: ScorefileError) -> Finding:
    """Return an error as a finding."""
    help_ = (f"help: {clean(error.help)}",) if error.help else ()
    return Finding(rule=error.rule, level="error", message=clean(error.message), notes=help_)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by level, then by how many jobs are touched; what is found first stays first."""
    return tuple(sorted(findings, key=lambda item: (_ORDER.index(item.level), -item.reach)))
