"""What a run would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.plan import Verb
from runner.records.reasons import PaymentUnknown
from runner.report.findings import of_error, of_problem
from runner.report.numbers import listed
from runner.report.plan_page import plan_page
from runner.report.plan_text import plan_text, summary
from runner.report.problems import error_text, mark_data, problem_data, problems_text
from runner.report.reasons import name_of, why
from runner.report.records import Case, Finding
from runner.report.style import clean, paint
from runner.report.totals import totals
from runner.report.voided import voided_data, voided_text

if TYPE_CHECKING:
    from decimal import Decimal

    from runner.errors import ScorefileError
    from runner.plan.voided import TooFew, Voided
    from runner.records.plan import Action, Plan
    from runner.records.source import Json, Problem
    from runner.report.numbers import Sum
    from runner.report.records import Page, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """A plan, and the warnings of its files."""

    name: str
    todo: Plan
    exit_code: int
    files: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    rehearsal: bool = False
    refused: ScorefileError | None = None
    """Why a run with the same options would refuse it."""
    stopped: tuple[Action, ...] = ()
    """What a person has to decide first, where that decides the exit code."""
    voided: tuple[Voided | TooFew, ...] = ()
    """What people picked or approved that does not apply to this plan."""
    verb: str = "plan"
    ran: bool = True

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {
            "name": self.name,
            "rehearsal": self.rehearsal,
            "changes": has_changes(self.todo),
            "refused": None if self.refused is None else {"rule": self.refused.rule, "message": self.refused.message},
            **plan_data(self.todo),
            "voided": [voided_data(item) for item in self.voided],
            "problems": [problem_data(item) for item in self.warnings],
        }

    def findings(self) -> tuple[Finding, ...]:
        """Return the warnings, what is blocked, and the sum as a notice."""
        blocked = [action for action in self.todo.actions if action.verb is Verb.BLOCKED]
        told = summary(totals(self.todo))
        return (
            *map(of_problem, self.warnings),
            *(_blocked(action) for action in blocked),
            *(() if self.refused is None else (of_error(self.refused),)),
            Finding(rule="plan", level="notice", message=told),
        )

    def cases(self) -> tuple[Case, ...]:
        """Return one case a job; a blocked one has failed."""
        return tuple(_case(action) for action in self.todo.actions)

    def text(self, style: Style) -> str:
        """Return a line a job, what changed below it, the sums last."""
        return plan_text(self.todo, style)

    def messages(self, style: Style) -> str:
        """Return the warnings, why a run would refuse the plan, and which jobs are not to be helped by making them."""
        word = paint("warning", "warning", on=style.color)
        choices = "\n".join(f"{word}: {clean(voided_text(item))}" for item in self.voided)
        refused = "" if self.refused is None else error_text(self.refused, style)
        parts = [problems_text(self.warnings, style), choices, refused]
        if self.stopped:
            names = clean(listed(action.request.name for action in self.stopped))
            verb = "is" if len(self.stopped) == 1 else "are"
            word = paint("error", "error", on=style.color)
            parts.append(
                f"{word}: {names} {verb} blocked: a run leaves {'it' if verb == 'is' else 'them'} until you decide"
            )
        return "\n\n".join(filter(None, parts))

    def page(self) -> Page:
        """Return what a change will make, why, and what it costs."""
        return plan_page(self.name, self.todo, rehearsal=self.rehearsal)


def has_changes(todo: Plan) -> bool:
    """Say whether a run would do more than put back what is there already."""
    return any(action.verb.changes for action in todo.actions)


def plan_data(todo: Plan) -> dict[str, Json]:
    """Return a plan as data."""
    sums = totals(todo)
    return {
        "actions": [action_data(action) for action in todo.actions],
        "collect": [action_data(action) for action in todo.collect],
        "orphans": list(todo.orphans),
        "totals": {
            "jobs": dict(sums.verbs),
            "takes": sums.takes,
            "seconds": sums.seconds,
            "jobs_of_open_length": sums.own_length,
            "low": _sum(sums.low),
            "worst": _sum(sums.worst),
            "prices": [{"source": source, "date": date} for source, date in sums.sources],
        },
        "low_usd": _amount(todo.low),
        "worst_usd": _amount(todo.worst),
    }


def action_data(action: Action) -> dict[str, Json]:
    """Return one action as data."""
    return {
        "job": action.request.job,
        "roll": action.request.extra_roll or None,
        "model": action.request.model.id,
        "verb": action.verb,
        "reason": name_of(action.reason),
        "why": why(action.reason),
        "takes": action.request.takes,
        "replaces": action.replaces,
        "finishing": None if action.request.finishing is None else action.request.finishing.as_json(),
        "changes": [
            {"field": item.field, "old": item.old, "new": item.new, "place": mark_data(item.mark)}
            for item in action.changes
        ],
        "cost": {
            "low_usd": _amount(action.cost.low),
            "worst_usd": _amount(action.cost.worst),
            "how": action.cost.how,
            "source": action.cost.source,
            "date": action.cost.date,
        },
    }


def _sum(amount: Sum) -> dict[str, Json]:
    return {"usd": _amount(amount.total), "known_usd": str(amount.known), "unknown_jobs": amount.unknown}


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _blocked(action: Action) -> Finding:
    message = clean(f"{action.request.name}: {why(action.reason)}")
    return Finding(rule=_rule(action), level="error", message=message, mark=action.request.mark)


def _case(action: Action) -> Case:
    request = action.request
    if action.verb is not Verb.BLOCKED:
        return Case(name=request.name, group=request.group, mark=request.mark)
    told = clean(why(action.reason))
    return Case(
        name=request.name, group=request.group, state="failed", kind=_rule(action), message=told, mark=request.mark
    )


def _rule(action: Action) -> str:
    """Return the rule of a blocked action."""
    return "payment-unknown" if isinstance(action.reason, PaymentUnknown) else "job-blocked"
