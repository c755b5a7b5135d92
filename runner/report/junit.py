"""JUnit XML, in the form that Jenkins' junit-10.xsd describes: one testcase a job."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from runner.records.source import Mark
    from runner.report.records import Case, FindingsReport, State, Style


def as_junit(report: FindingsReport, style: Style) -> str:
    """Return a report as one test suite, with file and line of each case as its properties."""
    cases = report.cases()
    states: list[State] = [case.state for case in cases]
    counts = {"tests": len(cases), "failures": states.count("failed"), "errors": states.count("error")}
    told = "".join(f' {name}="{value}"' for name, value in counts.items())
    skipped = f' skipped="{states.count("skipped")}"'
    title = _quoted(f"scorefile {report.verb} {report.name}".rstrip())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="scorefile"{told}>',
        f'<testsuite name={title}{told}{skipped} time="0">',
        *(line for case in cases for line in _case(case, style)),
        "</testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines)


def _case(case: Case, style: Style) -> list[str]:
    inside = [*_properties(case.mark, style), *_end(case)]
    head = f'<testcase name={_quoted(case.name)} classname={_quoted(case.group)} time="0"'
    return [f"{head}>", *inside, "</testcase>"] if inside else [f"{head}/>"]


def _properties(mark: Mark | None, style: Style) -> list[str]:
    if mark is None:
        return []
    pairs = {"file": style.relative(mark.file), "line": str(mark.line)}
    said = "".join(f"<property name={_quoted(name)} value={_quoted(value)}/>" for name, value in pairs.items())
    return [f"<properties>{said}</properties>"]


def _end(case: Case) -> list[str]:
    body = escape(_legal("\n".join(case.notes)))
    head = f"message={_quoted(case.message)} type={_quoted(case.kind)}"
    match case.state:
        case "passed":
            return []
        case "failed":
            return [f"<failure {head}>{body}</failure>"]
        case "error":
            return [f"<error {head}>{body}</error>"]
        case "skipped":
            return [f"<skipped message={_quoted(case.message)}/>"]
        case _:
            assert_never(case.state)


def _quoted(text: str) -> str:
    return f'"{escape(_legal(text)).replace(chr(10), "&#10;")}"'


def _legal(text: str) -> str:
    """Return text without the characters that XML 1.0 has no way to write."""
    return "".join(character if _is_legal(ord(character)) else "\N{REPLACEMENT CHARACTER}" for character in text)


def _is_legal(point: int) -> bool:
    return point in (0x9, 0xA, 0xD) or 0x20 <= point <= 0xD7FF or 0xE000 <= point <= 0xFFFD or point >= 0x10000
