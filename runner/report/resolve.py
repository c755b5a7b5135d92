"""Submissions whose payment status is unknown, and what was decided about one."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.report.commands import quoted, resolve_command
from runner.report.numbers import count
from runner.report.style import clean, paint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.source import Json
    from runner.records.submission import Decision, Submission
    from runner.report.records import Style

_SHOWN = 160
"""How much of a parameter is shown to tell one submission from another."""
_INTERRUPTED = "the run was interrupted before an answer was recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A job in a provider's own list that may be the submission; `created` is the provider's own text."""

    id: str
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """The start of the answer to a submission, as the journal has it: on one line, without a key."""

    at: str
    status: int
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPayment:
    """A submission whose payment status is unknown, and what the provider's own list may say of it."""

    submission: Submission
    name: str
    """The shortest name that means it."""
    full_name: str
    provider: str
    takes_ids: bool
    """Whether the provider can be asked for a job by its id."""
    request: Mapping[str, Json]
    """Its prompt, and what tells it apart from other such submissions of its job."""
    answer: RawAnswer | None = None
    """What the provider answered; an id in it can be told."""
    candidates: tuple[Candidate, ...] = ()

    @property
    def message(self) -> str:
        """What is known of it, in one clause."""
        return self.submission.message or _INTERRUPTED

    def choices(self, file: str | None, *, rehearse: bool) -> tuple[tuple[str, str], ...]:
        """Return (when, command line) for every decision there is."""

        def line(decision: Decision, id: str = "ID") -> str:
            return resolve_command(file, self.name, decision, id=id, rehearse=rehearse)

        listed = [
            (
                f"{self.provider} lists a job with this prompt, of {item.created}",
                line("id", quoted(item.id, always=True)),
            )
            for item in self.candidates
        ]
        by_id = [(f"if {self.provider} has it", line("id"))] if self.takes_ids else []
        rest = [("if it was not charged", line("not-charged")), ("to pay again", line("resubmit"))]
        return (*listed, *by_id, *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPaymentsReport:
    """Every submission whose payment status is unknown; `names` are those asked for, empty for all."""

    found: tuple[UnknownPayment, ...]
    names: tuple[str, ...] = ()
    file: str | None = None
    """The pipeline file as typed, None when none was."""
    rehearse: bool = False
    verb: str = "resolve"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {"submissions": [self._data(item) for item in self.found]}

    def text(self, style: Style) -> str:
        """Return what is known of each and the command lines that decide it; with `style.quiet`, a line each."""
        if not self.found:
            names = f" of {', '.join(self.names)}" if self.names else ""
            return clean(f"no submission{names} has an unknown payment status")
        if style.quiet:
            lines = [clean(f"{item.full_name}: {item.message}") for item in self.found]
            return "\n".join([*lines, f"{count(len(lines), 'submission')} with an unknown payment status"])
        return "\n".join(line for item in self.found for line in self._lines(item, style))

    def messages(self, style: Style) -> str:
        """Return nothing for stderr."""
        del style
        return ""

    def _lines(self, item: UnknownPayment, style: Style) -> Iterator[str]:
        submission, choices = item.submission, self._choices(item)
        head = paint(clean(item.full_name), "strong", on=style.color)
        yield f"{head}  {clean(submission.model)}  submitted {clean(submission.submitted_at or submission.planned_at)}"
        for param, value in item.request.items():
            yield f"  {clean(param)}: {_short(value)}"
        yield f"  {clean(item.message)}"
        if answer := item.answer:
            yield clean(f"  {item.provider} answered {answer.status} at {answer.at} (from the journal): {answer.start}")
        listed, rest = choices[: len(item.candidates)], choices[len(item.candidates) :]
        for when, line in listed:
            yield f"  {clean(when)}:"
            yield f"    {clean(line)}"
        width = max(len(clean(when)) for when, _ in rest)
        for when, line in rest:
            yield f"  {clean(when)}:{' ' * (width - len(clean(when)))}  {clean(line)}"

    def _choices(self, item: UnknownPayment) -> tuple[tuple[str, str], ...]:
        return item.choices(self.file, rehearse=self.rehearse)

    def _data(self, item: UnknownPayment) -> dict[str, Json]:
        return {
            "name": item.name,
            "full_name": item.full_name,
            "job": item.submission.job,
            "model": item.submission.model,
            "provider": item.provider,
            "submitted_at": item.submission.submitted_at,
            "message": item.message,
            "request": dict(item.request),
            "answer": None if item.answer is None else asdict(item.answer),
            "candidates": [{"id": found.id, "created": found.created} for found in item.candidates],
            "commands": [{"when": when, "command": line} for when, line in self._choices(item)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedReport:
    """What was decided about one submission."""

    job: str
    """The name that was given."""
    decision: Decision
    submission: Submission
    verb: str = "resolve"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {"job": self.job, "decision": self.decision, "phase": self.submission.phase.value}

    def text(self, style: Style) -> str:  # noqa: ARG002 - the signature of every report
        """Return what happens next."""
        then = "scorefile run downloads it, free" if self.decision == "id" else "scorefile run submits it again"
        return clean(f"{self.job} is resolved; {then}")

    def messages(self, style: Style) -> str:
        """Return nothing for stderr."""
        del style
        return ""


def _short(value: Json) -> str:
    """Return a value of a request as one line for a terminal."""
    text = clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
