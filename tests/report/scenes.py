"""Reports as they are made in real life, to hold every format against. `python -m tests.report.scenes` writes the
snapshots in tests/cases/report/ anew: read the difference before you keep it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runner.errors import PolicyError
from runner.records import deviations as d
from runner.records import endings as e
from runner.records import reasons as r
from runner.records.expectations import Flaw, Flawed, Measure, NotMeasured, OtherKey, OutOfRange
from runner.records.outcome import Outcome, RunResult
from runner.records.plan import Action, Cost, Plan, Verb
from runner.records.reasons import Change
from runner.records.source import Mark, Problem, Step
from runner.records.status import JobStatus
from runner.report.failure import FailureReport
from runner.report.formats import FORMATS
from runner.report.plan import PlanReport
from runner.report.records import Style
from runner.report.run import RunReport, exit_code
from runner.report.validate import ValidateReport
from runner.report.verify import VerifyReport, places_in
from tests.support.catalog import ROOT
from tests.support.made import PAID, entry, request, submission, take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.expectations import Judged
    from runner.report.records import FindingsReport

CASES = ROOT / "tests" / "cases" / "report"
SOURCE = {
    "night.yaml": (
        "version: 1",
        "vars: {base_bpm: 160}",
        "jobs:",
        "  title:",
        '    params: {bpm: "{{ base_bpm * 2 }}", nope: 3}',
        "\tindented: [with,\ttabs]",
        "    prompt: 森の戦い {{ heta }} と 太鼓",
        "    prompt: cafe\u0301 noe\u0308l {{ heta }}",
        "    prompt: " + "low brass and choir, " * 12 + "{{ heta }}" + ", strings" * 12,
        "    key: sk-abcdefghijklmnopqrstuvwxyz0123",
        "    escape: \x1b[31mred\u202e",
    )
}


def line_of(file: str, line: int) -> str | None:
    lines = SOURCE.get(file, ())
    return lines[line - 1] if line <= len(lines) else None


STYLE = Style(line_of=line_of)


def at(line: int, column: int, end: int | None = None) -> Mark:
    return Mark(file="night.yaml", line=line, column=column, end_column=end)


def place_of(line: int, text: str) -> Mark:
    """Return where `text` stands in a line of night.yaml."""
    column = SOURCE["night.yaml"][line - 1].index(text) + 1
    return at(line, column, column + len(text))


PROBLEMS = (
    Problem(
        code="SF401",
        message="bpm is 320",
        mark=place_of(5, '"{{ base_bpm * 2 }}"'),
        path=("jobs", "title", "params", "bpm"),
        allowed="30 to 300",
        origin=(
            Step(text="{{ base_bpm * 2 }}", mark=place_of(5, "{{ base_bpm * 2 }}")),
            Step(text="base_bpm = 160", mark=place_of(2, "160")),
            Step(text="--profile night"),
        ),
        help="160 is the same pulse in half time",
    ),
    Problem(
        code="SF402",
        message="pixazo/ace-step-xl has no parameter nope",
        mark=place_of(5, "nope"),
        path=("jobs", "title", "params", "nope"),
        cells=tuple(f"battle@{number}" for number in range(9000)),
        help="did you mean note?",
    ),
    Problem(code="SF201", message="a tab", mark=place_of(6, "with,\ttabs"), path=("jobs", "title", "indented")),
    Problem(code="SF216", message="heta is not defined", mark=place_of(7, "heta"), help="did you mean heat?"),
    Problem(code="SF216", message="heta is not defined", mark=place_of(8, "heta")),
    Problem(code="SF216", message="heta is not defined", mark=place_of(9, "heta")),
    Problem(code="SF110", message="a value looks like an API key", mark=place_of(10, SOURCE["night.yaml"][9][9:])),
    Problem(code="SF109", message="a character\x1b that no text\nshould hold", mark=at(11, 13)),
    Problem(code="SF101", message="the end is missing", mark=at(99, 1)),
    Problem(code="SF205", message="unknown profile", allowed="draft"),
    Problem(code="SF609", message="nothing uses the var mood", severity="warning", mark=place_of(2, "base_bpm")),
)


def action(job: str, verb: Verb = Verb.GENERATE, reason: r.Reason | None = None, **over: object) -> Action:
    cost = Cost(
        low=Decimal("0.10") if verb.makes else Decimal(0),
        worst=Decimal("0.30") if verb.makes else Decimal(0),
        how="1 request × $0.10, up to 3 times",
        source="https://example.com/prices",
        date="2026-11-21",
    )
    asked = request(job, price=PAID, params={"duration": 60})
    values: dict[str, object] = {"request": asked, "verb": verb, "reason": reason or r.NotMade(), "cost": cost}
    return Action(**(values | over))  # type: ignore[arg-type]


def plan_of(*actions: Action, orphans: tuple[str, ...] = ()) -> Plan:
    def total(amounts: list[Decimal | None]) -> Decimal | None:
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if len(known) == len(amounts) else None

    return Plan(
        actions=actions,
        low=total([item.cost.low for item in actions]),
        worst=total([item.cost.worst for item in actions]),
        orphans=orphans,
    )


UNKNOWN = Cost(low=None, worst=None, how="price unknown")
CHANGES = (
    Change(field="bpm", old=140, new=150, mark=at(5, 14)),
    Change(field="prompt", old="low brass " * 30, new="low brass " * 29 + "high strings", mark=at(7, 5)),
)
PLAN = PlanReport(
    name="night",
    todo=plan_of(
        action("title"),
        action("battle", Verb.REGENERATE, r.Changed(changes=CHANGES), entry=entry()),
        action("choir", cost=UNKNOWN),
        action("logo", Verb.RESTORE, r.OutputMissing(path="audio/logo.wav"), entry=entry()),
        action(
            "credits", Verb.RESUME, r.NotFinished(submitted_at="2026-11-20T12:00:00Z"), submission=submission("credits")
        ),
        action("boss", Verb.BLOCKED, r.PaymentUnknown(job="boss"), entry=entry(), submission=submission("boss")),
        action("shop", Verb.REUSE, r.UpToDate(), entry=entry()),
        orphans=("old",),
    ),
    exit_code=2,
    files=("night.yaml",),
)
MADE = entry(None, take("one", lufs=-14.25), take("two"))
RAN = RunResult(
    seconds=42.0,
    plan=plan_of(),
    outcomes=(
        Outcome(job="title", model="a/b", ending=e.Made(), entry=MADE, spent_usd=Decimal("0.10")),
        Outcome(
            job="logo",
            model="a/b",
            ending=e.Restored(reason=r.OutputMissing(path="audio/logo.wav")),
            entry=entry(),
        ),
        Outcome(job="shop", model="a/b", ending=e.Reused(), entry=entry()),
        Outcome(
            job="battle@hot",
            model="a/b",
            ending=e.Rejected(
                provider="Pixazo",
                group=None,
                said="Pixazo: ::error:: <b>no</b>\nsecond line",
                advice="change the prompt",
                key=None,
            ),
        ),
        Outcome(
            job="boss",
            model="a/b",
            ending=e.MayBeCharged(job="boss", provider="Pixazo", why="the connection broke", lists=False),
            spent_usd=None,
        ),
        Outcome(job="far", model="a/b", ending=e.Interrupted(), spent_usd=Decimal("0.10")),
        Outcome(job="last", model="a/b", ending=e.NeedMissing(need="boss")),
    ),
)
UNEXPECTED: Mapping[str, tuple[Judged, ...]] = {
    "title": (
        OutOfRange(measure=Measure.PEAK, measured=-0.3, allowed="< -1 dBTP"),
        OutOfRange(measure=Measure.DURATION, measured=20.0, allowed="± 0.5 s", asked=30.0),
        OutOfRange(measure=Measure.LUFS, measured=None, allowed="-16 ± 1 LUFS"),
        Flawed(flaw=Flaw.CLIPPED, clipped_samples=1234),
        OtherKey(measured="C major", expected="D minor"),
    ),
    "logo": (NotMeasured(what=("peak", "clipped")),),
    "shop": (Flawed(flaw=Flaw.MONO),),
}
LOCK_TEXT = """\
{
 "version": 2,
 "jobs": {
  "logo": {
   "submissions": []
  },
  "title": {
   "submissions": []
  }
 }
}
"""
SCENES: Mapping[str, FindingsReport] = {
    "validate": ValidateReport(files=("night.yaml",), jobs=0, problems=PROBLEMS, exit_code=3),
    "valid": ValidateReport(files=("night.yaml",), jobs=12, problems=(), exit_code=0),
    "plan": PLAN,
    "run": RunReport(
        name="night",
        did=RAN,
        exit_code=exit_code(RAN, UNEXPECTED),
        judged=UNEXPECTED,
        files=("night.yaml",),
        places={"battle@hot": at(5, 5)},
        deviations={
            "title": (
                d.OtherLength(take=2, asked_s=30.0, seconds=20.0),
                d.OtherContainer(take=2, promised=("audio/wav", "audio/flac"), media_type="audio/mpeg"),
            )
        },
    ),
    "verify": VerifyReport(
        name="night",
        rows=(
            JobStatus(
                job="logo",
                model="pixazo/ace-step-xl",
                entry=entry(),
                output="same",
                path="audio/logo.wav",
                judged=UNEXPECTED["title"][:2],
            ),
            JobStatus(job="title", model="pixazo/ace-step-xl", entry=entry(), output="changed", path="audio/title.wav"),
            JobStatus(job="war", model="pixazo/ace-step-xl", entry=entry(), output="missing", path="audio/war.wav"),
        ),
        exit_code=4,
        files=("night.yaml",),
        places=places_in(LOCK_TEXT, "night.lock"),
    ),
    "refused": FailureReport(
        verb="run",
        name="night",
        error=PolicyError("the budget is $1", help="raise it"),
        exit_code=6,
        files=("night.yaml",),
    ),
}
ENDINGS = {
    "text": "txt",
    "json": "json",
    "jsonl": "jsonl",
    "github": "github",
    "junit": "xml",
    "sarif": "sarif",
    "markdown": "md",
}


def snapshots() -> dict[str, str]:
    """Return every snapshot by the name of its file."""
    made = {
        f"{scene}.{ending}": FORMATS[name](report, STYLE)
        for scene, report in SCENES.items()
        for name, ending in ENDINGS.items()
    }
    made |= {f"{scene}.stderr.txt": report.messages(STYLE) for scene, report in SCENES.items()}
    made["validate.quiet.txt"] = SCENES["validate"].text(replace(STYLE, quiet=True))
    made["validate.color.txt"] = SCENES["validate"].text(replace(STYLE, color=True))
    made["plan.verbose.txt"] = PLAN.text(replace(STYLE, verbose=1))
    return {name: text.rstrip("\n") + "\n" for name, text in made.items() if text.strip()}


if __name__ == "__main__":
    CASES.mkdir(exist_ok=True)
    for old in CASES.glob("*.*"):
        if old.suffix != ".xsd" and "schema" not in old.name:
            old.unlink()
    for name, text in snapshots().items():
        (CASES / name).write_text(text, encoding="utf-8")
