"""What `run` did."""

from __future__ import annotations

from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.plan.expectations import is_missed
from runner.records.expectations import NOT_AS_EXPECTED
from runner.records.lock_json import entry_to_json
from runner.records.result import Result
from runner.report.commands import command_line, resolve_command
from runner.report.deviations import deviation_data, deviation_text
from runner.report.expectations import judged_data, judged_text
from runner.report.faults import fault_of
from runner.report.findings import of_problem
from runner.report.markdown import code, row
from runner.report.numbers import Sum, count, duration, elapsed, usd
from runner.report.outcomes import Told, told
from runner.report.problems import problem_data, problems_text
from runner.report.reasons import name_of
from runner.report.records import Case, Finding, Page
from runner.report.run_table import outcome_row, outcome_rows
from runner.report.style import clean, paint
from runner.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.deviations import Deviation
    from runner.records.expectations import Judged
    from runner.records.outcome import Outcome, RunResult
    from runner.records.source import Json, Mark, Problem
    from runner.report.records import Style


_NOTHING_JUDGED: Mapping[str, tuple[Judged, ...]] = MappingProxyType({})


def exit_code(did: RunResult, judged: Mapping[str, tuple[Judged, ...]] = _NOTHING_JUDGED) -> int:
    """Return the exit code of a run: the gravest thing that happened decides, and then whether all is as expected."""
    gravest = max((outcome.ending.exit_code for outcome in did.outcomes), default=0)
    return gravest or (NOT_AS_EXPECTED if any(map(is_missed, judged.values())) else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How every job of a run ended; `places` says where each job is in its file, `file` which one was named."""

    name: str
    did: RunResult
    exit_code: int
    files: tuple[str, ...] = ()
    rehearsal: bool = False
    listen_in: str = ""
    """The folder of a rehearsal's outputs."""
    warnings: tuple[Problem, ...] = ()
    file: str | None = None
    places: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))
    deviations: Mapping[str, tuple[Deviation, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """How the takes of each job differ from what was asked and promised, by the name of its outcome."""
    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The numbers of the takes of each roll, by the name of its outcome."""
    judged: Mapping[str, tuple[Judged, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """What the take at the output of each job does not meet of what is expected."""
    verb: str = "run"
    ran: bool = True

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        spent = self.did.spent_usd
        return {
            "name": self.name,
            "rehearsal": self.rehearsal,
            "interrupted": self.did.interrupted,
            "spent_usd": None if spent is None else str(spent),
            "jobs": [self._outcome(outcome) for outcome in self.did.outcomes],
            "problems": [problem_data(item) for item in self.warnings],
        }

    def findings(self) -> tuple[Finding, ...]:
        """Return the warnings, every job that is not done, and every take that differs from what was asked."""
        jobs = tuple(self._finding(outcome) for outcome in self.did.outcomes if fault_of(outcome.result))
        takes = tuple(
            Finding(rule="take-differs", level="warning", message=said, mark=self.places.get(outcome.job))
            for outcome in self.did.outcomes
            if outcome.result is not Result.REUSED
            for said in self._differing(outcome)
        )
        missed = tuple(
            Finding(
                rule="not-as-expected" if is_missed((item,)) else "not-measured",
                level="error" if is_missed((item,)) else "warning",
                message=clean(f"{outcome.job}: {judged_text(item)}"),
                mark=self.places.get(outcome.job),
            )
            for outcome in self.did.outcomes
            for item in self.judged.get(outcome.name, ())
        )
        return (*map(of_problem, self.warnings), *jobs, *missed, *takes)

    def cases(self) -> tuple[Case, ...]:
        """Return one case a job."""
        return tuple(self._case(outcome) for outcome in self.did.outcomes)

    def text(self, style: Style) -> str:
        """Return a table of what was done, why the rest was not, and the sums."""
        if all(outcome.result is Result.REUSED for outcome in self.did.outcomes):
            idle = f"nothing to do: {count(len(self.did.outcomes), 'job')} up to date"
            return "\n".join([*self._missed(style), *[""] * bool(self.judged), idle + self._unexpected()])
        return "\n".join(self._lines(style))

    def messages(self, style: Style) -> str:
        """Return the warnings."""
        return problems_text(self.warnings, style)

    def page(self) -> Page:
        """Return what was done as a table, and why the rest was not."""
        shown = [item for item in self.did.outcomes if item.result is not Result.REUSED or item.name in self.judged]
        ordered = sorted(shown, key=lambda outcome: fault_of(outcome.result) is None)
        return Page(
            head=f"### Scorefile run: {code(self.name)}\n\n**{self._sums()}**",
            table=f"{row('job', 'result', 'takes', 'length', self._money(), 'output')}\n|---|---|--:|--:|--:|---|",
            rows=tuple(self._page_row(outcome) for outcome in ordered),
            noun="job",
        )

    def _money(self) -> str:
        return "would cost" if self.rehearsal else "spent"

    def _lines(self, style: Style) -> Iterator[str]:
        shown = [outcome for outcome in self.did.outcomes if style.verbose or outcome.result is not Result.REUSED]
        failed = [outcome for outcome in shown if fault_of(outcome.result)]
        if style.quiet:
            for outcome in failed:
                yield from self._problem(outcome, style)
            yield from self._missed(style)
            yield from (said for outcome in shown for said in self._differing(outcome))
            yield self._sums()
            return
        head = ("JOB", "RESULT", "TAKES", "LENGTH", "LUFS", self._money().upper(), "OUTPUT")
        yield from table(head, [*outcome_rows(shown, self.numbers, style)], style)
        for outcome in failed:
            if self._told(outcome).message:
                yield ""
                yield from self._problem(outcome, style)
        if self.judged:
            yield ""
        yield from self._missed(style)
        differing = [said for outcome in shown for said in self._differing(outcome)]
        if differing:
            yield ""
        yield from (f"{paint('warning', 'warning', on=style.color)}: {said}" for said in differing)
        yield ""
        yield self._sums()
        if self.rehearsal:
            yield f"listen in {clean(self.listen_in)}"
        yield from self._to_choose()

    def _to_choose(self) -> Iterator[str]:
        """Yield how to listen to the new takes of rolls, and how to choose one."""
        jobs = dict.fromkeys(outcome.job for outcome in self.did.outcomes if outcome.name in self.numbers)
        for job in jobs:
            listen = command_line("takes", self.file, job, "--export", "DIR", rehearse=self.rehearsal)
            choose = command_line("pick", job, "TAKE", self.file, rehearse=self.rehearsal)
            yield clean(f"to listen: {listen}; to choose: {choose}")

    def _problem(self, outcome: Outcome, style: Style) -> Iterator[str]:
        """Yield why a job is not done, and the remedy below it."""
        said = self._told(outcome)
        yield clean(f"{outcome.name}: {said.message or outcome.result}")
        if said.help:
            yield f"  {paint('help', 'help', on=style.color)}: {clean(said.help)}"

    def _sums(self) -> str:
        results = [outcome.result for outcome in self.did.outcomes]
        parts = [f"{results.count(result):,} {result}" for result in Result if result in results]
        parts += [self._unexpected().removeprefix(", ")] * bool(self._unexpected())
        took = "" if self.did.seconds is None else f" in {elapsed(self.did.seconds)}"
        made = [outcome.entry for outcome in self.did.outcomes if outcome.result is Result.MADE and outcome.entry]
        music = f"{duration(sum(take.seconds for entry in made for take in entry.takes))} of music" if made else ""
        return "; ".join(filter(None, [f"{', '.join(parts)}{took}", music, self._spent()]))

    def _missed(self, style: Style) -> Iterator[str]:
        """Yield a line for all that is not as expected, in the order of the jobs, and for what nobody knows."""
        for outcome in self.did.outcomes:
            for item in self.judged.get(outcome.name, ()):
                head = paint("error", "error", on=style.color)
                if not is_missed((item,)):
                    head = paint("warning", "warning", on=style.color)
                yield f"{head}: {clean(f'{outcome.name}: {judged_text(item)}')}"

    def _unexpected(self) -> str:
        missed = sum(map(is_missed, self.judged.values()))
        return f", {missed:,} not as expected" if missed else ""

    def _spent(self) -> str:
        if self.rehearsal:
            return "rehearsal: placeholder audio, nothing spent"
        spent = Sum.of(outcome.spent_usd for outcome in self.did.outcomes)
        if not spent.unknown:
            return f"spent {usd(spent.known)}"
        return f"spent at least {usd(spent.known)}, the rest is unknown" if spent.known else "amount spent unknown"

    def _finding(self, outcome: Outcome) -> Finding:
        fault, said = fault_of(outcome.result), self._told(outcome)
        assert fault is not None
        return Finding(
            rule=fault.rule,
            level=fault.level,
            message=clean(f"{outcome.name}: {said.message or outcome.result}"),
            mark=self.places.get(outcome.job),
            notes=_help(said),
        )

    def _case(self, outcome: Outcome) -> Case:
        fault, said = fault_of(outcome.result), self._told(outcome)
        missed = [item for item in self.judged.get(outcome.name, ()) if is_missed((item,))]
        if missed and fault is None:
            return Case(
                name=outcome.name,
                group=outcome.job.partition("@")[0],
                state="failed",
                kind="not-as-expected",
                message=clean("; ".join(map(judged_text, missed))),
                mark=self.places.get(outcome.job),
            )
        return Case(
            name=outcome.name,
            group=outcome.job.partition("@")[0],
            state=fault.state if fault else "passed",
            kind=fault.rule if fault else "",
            message=clean(said.message) or (outcome.result if fault else ""),
            notes=_help(said),
            mark=self.places.get(outcome.job),
        )

    def _page_row(self, outcome: Outcome) -> str:
        job, result, takes, length, _, spent, path = outcome_row((outcome,), self.numbers)
        message = self._told(outcome).message if fault_of(outcome.result) else ""
        said = code(message) if message else code(path) if path else ""
        differing = (code(deviation_text(each)) for each in self.deviations.get(outcome.name, ()))
        missed = (code(judged_text(each)) for each in self.judged.get(outcome.name, ()))
        said = "<br>".join([said, *missed, *differing])
        return row(code(job), result, takes, length, spent, said)

    def _outcome(self, outcome: Outcome) -> dict[str, Json]:
        said = self._told(outcome)
        return {
            "job": outcome.job,
            "roll": outcome.roll or None,
            "numbers": list(self.numbers.get(outcome.name, ())),
            "model": outcome.model,
            "result": outcome.result,
            "ending": name_of(outcome.ending),
            "spent_usd": None if outcome.spent_usd is None else str(outcome.spent_usd),
            "message": said.message,
            "help": said.help,
            "deviations": deviation_data(self.deviations.get(outcome.name, ())),
            "expectations": judged_data(self.judged.get(outcome.name, ())),
            "entry": None if outcome.entry is None else entry_to_json(outcome.entry),
        }

    def _differing(self, outcome: Outcome) -> tuple[str, ...]:
        """Return how the takes of a job differ from what was asked, a sentence each."""
        found = self.deviations.get(outcome.name, ())
        return tuple(clean(f"{outcome.name}: {deviation_text(deviation)}") for deviation in found)

    def _told(self, outcome: Outcome) -> Told:
        """Return how a job ended in words, with the command line that settles its payment where that is unknown."""
        return told(
            outcome.ending,
            lambda job: resolve_command(self.file, job, rehearse=self.rehearsal),
            rehearsal=self.rehearsal,
        )


def _help(said: Told) -> tuple[str, ...]:
    return (f"help: {clean(said.help)}",) if said.help else ()
