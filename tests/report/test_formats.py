"""Each format against what reads it: GitHub's limits, the schemas of SARIF, JUnit and our own JSON."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from jsonschema import Draft7Validator
from msgspec.structs import replace

from runner.records.plan import Plan
from runner.records.source import Mark, Problem
from runner.report.formats import FORMATS
from runner.report.github import MOST, commands, escape_data, escape_property, inert
from runner.report.markdown import as_markdown, code, summary
from runner.report.records import Style
from runner.report.sarif import MOST as MOST_RESULTS
from runner.report.validate import ValidateReport
from tests.report.scenes import CASES, PLAN, SCENES, STYLE, action
from tests.report.xsd import problems as xsd_problems
from tests.support.catalog import SCHEMAS
from tests.support.long import sampled

OUTPUT: dict[str, Any] = json.loads((SCHEMAS / "output.schema.json").read_text(encoding="utf-8"))
LINE = {**OUTPUT, "allOf": [{"$ref": "#/definitions/line"}]}
SARIF = json.loads((CASES / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
HOSTILE = "a|b\n::error::x ##[error]y --> </code><img src=x> @everyone `c` [d](http://e) *f* %0A"


def many(number: int, *, severity: Any = "error", message: str = "bpm is {}") -> ValidateReport:
    problems = tuple(
        Problem(
            code="SF401",
            message=message.format(at),
            mark=Mark(file="night.yaml", line=at + 1, column=1),
            severity=severity,
            allowed="30 to 300",
            help="choose another",
        )
        for at in range(number)
    )
    return ValidateReport(files=("night.yaml",), jobs=0, problems=problems, exit_code=3)


REPORTS = {**SCENES, "many": many(50), "hostile": many(3, message=HOSTILE + "\x00\ud800{}")}


@pytest.mark.parametrize("scene", REPORTS)
def test_json_has_the_shape_it_promises(scene: str) -> None:
    data = json.loads(FORMATS["json"](REPORTS[scene], STYLE))
    Draft7Validator(OUTPUT).validate(data)
    assert data["exit_code"] == REPORTS[scene].exit_code


@pytest.mark.parametrize("scene", SCENES)
def test_each_line_of_jsonl_has_the_shape_it_promises(scene: str) -> None:
    lines = [json.loads(line) for line in FORMATS["jsonl"](SCENES[scene], STYLE).splitlines()]
    for line in lines:
        Draft7Validator(LINE).validate(line)
    assert [line["type"] for line in lines].index("summary") == len(lines) - 1
    whole = json.loads(FORMATS["json"](SCENES[scene], STYLE))
    assert len(lines) - 1 == sum(
        len(whole.get(name, ()))
        for name in ("problems", "actions", "collect", "jobs")
        if isinstance(whole.get(name), list)
    )


def test_the_schemas_are_schemas() -> None:
    Draft7Validator.check_schema(OUTPUT)
    Draft7Validator.check_schema(SARIF)


@pytest.mark.parametrize("scene", REPORTS)
def test_sarif_is_sarif(scene: str) -> None:
    data = json.loads(FORMATS["sarif"](REPORTS[scene], STYLE))
    Draft7Validator(SARIF).validate(data)
    (run,) = data["runs"]
    assert len(run["results"]) <= MOST_RESULTS
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        (place,) = result["locations"]
        assert not re.match(r"/|\w+:", place["physicalLocation"]["artifactLocation"]["uri"])
    assert all(rule["help"]["text"] for rule in run["tool"]["driver"]["rules"])


def test_sarif_keeps_the_worst_of_too_many() -> None:
    mixed = many(MOST_RESULTS, severity="warning")
    mixed = replace(mixed, problems=(*mixed.problems, *many(1).problems))
    results = json.loads(FORMATS["sarif"](mixed, STYLE))["runs"][0]["results"]
    assert len(results) == MOST_RESULTS
    assert results[0]["level"] == "error"


@pytest.mark.parametrize("scene", REPORTS)
def test_junit_is_junit(scene: str) -> None:
    text = FORMATS["junit"](REPORTS[scene], STYLE).encode("utf-8", "strict").decode()
    assert xsd_problems(text, CASES / "junit-10.xsd") == []


def test_junit_has_one_case_a_job() -> None:
    text = FORMATS["junit"](SCENES["run"], STYLE)
    assert re.findall(r'<testcase name="([^"]+)"', text) == [
        "title",
        "logo",
        "shop",
        "battle@hot",
        "boss",
        "far",
        "last",
    ]
    assert 'tests="7" failures="4" errors="1" skipped="1"' in text


def test_github_shows_ten_of_a_kind_and_says_how_many_more() -> None:
    both = many(25)
    both = replace(both, problems=(*many(12, severity="warning").problems, *both.problems))
    said = commands(both, Style())
    errors = [line for line in said if line.startswith("::error ")]
    warnings = [line for line in said if line.startswith("::warning ")]
    assert [len(errors), len(warnings), len(said)] == [MOST, MOST, 2 * MOST]
    assert said[0] == errors[0], "worst first"
    assert "and 15 more errors" in errors[-1]
    assert "and 2 more warnings" in warnings[-1]
    assert not any("more errors" in line for line in errors[:-1])
    assert not any("more" in line for line in commands(many(MOST), Style()))


def test_github_shows_first_what_reaches_most_jobs() -> None:
    problems = many(20).problems
    wide = replace(problems[17], cells=tuple(f"battle@{number}" for number in range(500)))
    report = replace(many(20), problems=(*problems[:17], wide, *problems[18:]))
    assert "bpm is 17" in commands(report, Style())[0]


def test_github_escapes_what_would_end_a_command() -> None:
    assert escape_data("50%\r\nnext: a, b") == "50%25%0D%0Anext: a, b"
    assert escape_property("C:\\a,b%\n") == "C%3A\\a%2Cb%25%0A"
    problem = Problem(code="SF1", message="x", mark=Mark(file="a,b::c.yaml", line=1, column=1))
    report = ValidateReport(files=(), jobs=0, problems=(problem,), exit_code=3)
    assert commands(report, Style())[0] == "::error file=a%2Cb%3A%3Ac.yaml,line=1,col=1,title=SF1::x"


def test_nothing_a_user_wrote_becomes_a_workflow_command() -> None:
    text = inert("::set-env name=A::b\n  ::error::c\n12 | ::debug::d\n##[add-mask]e")
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert "##[" not in text
    said = FORMATS["github"](many(2, message=HOSTILE), STYLE)
    ours = [line for line in said.splitlines() if re.match(r"\s*::", line)]
    assert all(line.startswith("::error file=night.yaml,") for line in ours)
    assert len(ours) == 2


def test_a_comment_on_ten_thousand_jobs_is_short_enough() -> None:
    jobs = tuple(action(f"battle@{'x' * 60}-{number}") for number in range(10_000))
    text = as_markdown(replace(PLAN, todo=replace(PLAN.todo, actions=jobs)), STYLE)
    assert len(text) < 65_536
    assert len(text.encode("utf-16-le")) // 2 < 65_536
    assert text.startswith("<!-- scorefile:plan:night.yaml -->\n")
    missing = re.search(r"… and ([\d,]+) jobs more", text)
    assert missing
    assert int(missing[1].replace(",", "")) + len(re.findall(r"^\| \+ ", text, re.MULTILINE)) == 10_000
    assert "No longer in the file, kept in the lock" in text, "what comes after the table is never cut"


def test_a_summary_of_ten_thousand_problems_is_small_enough() -> None:
    long = summary(many(10_000, message="音" * 150 + "{}"), (1 << 20) - 1024)
    assert 500_000 < len(long.encode()) < 1 << 20
    assert re.search(r"… and [\d,]+ problems more", long)
    assert summary(many(10_000), 100) == ""


@pytest.mark.parametrize("name", ["x --> y", "<!-- a -->", "a\nb", "p/q", "@org/team"])
def test_no_name_breaks_out_of_the_hidden_marker(name: str) -> None:
    first, rest = as_markdown(replace(PLAN, name=name, files=(name,)), STYLE).split("\n", 1)
    assert re.fullmatch(r"<!-- scorefile:plan:[\w.%~-]+ -->", first)
    assert first.count("-->") == 1
    assert "<!--" not in rest


def test_hostile_words_are_only_words_in_markdown() -> None:
    page = summary(many(1, message=HOSTILE), 1 << 20)
    row = next(line for line in page.splitlines() if "SF401" in line)
    assert row.count("|") == 6, "five cells"
    bare = re.sub(r"</?code>|&#\d+;", "", row)
    assert not set(bare) & set("<>`*[]()@#"), bare
    assert code("a" * 500).count("a") == 159


def test_an_empty_plan_says_so() -> None:
    empty = replace(PLAN, todo=Plan(actions=(), low=None, worst=None))
    assert empty.text(STYLE).strip() == "no jobs; 0 new takes; $0.00"


@pytest.mark.sampled
def test_ten_thousand_problems_are_written_soon() -> None:
    thousands = sampled(2, 10)
    report, begun = many(thousands * 1_000), time.process_time()
    for name in FORMATS:
        FORMATS[name](report, STYLE)
    assert time.process_time() - begun < 0.6 * thousands


def test_the_schema_of_junit_refuses_what_is_none() -> None:
    wrong = '<testsuite name="x" tests="one" failures="0" errors="0" hue="red"><testcase/><failure/>text</testsuite>'
    assert len(xsd_problems(wrong, CASES / "junit-10.xsd")) == 4
