"""A webhook's address is checked against what a request can contain and the provider documents; settings without effect are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.pipeline.lint import LintContext, lint
from runner.pipeline.resolution.expand import expand
from runner.pipeline.resolution.resolve import resolve
from runner.pipeline.shape.load import load
from runner.pipeline.yaml.document import parse
from runner.report.records import Style
from runner.report.validate import ValidateReport
from runner.state.schemas import read_catalog, shipped_schemas
from tests.pipeline.conftest import SCHEMA, no_file

if TYPE_CHECKING:
    from runner.records.request import Request
    from runner.records.source import Problem

CATALOG = read_catalog((shipped_schemas(),))
HOOK = "https://hooks.example.com/x"
PLAIN = "pixazo/tracks"
PLAIN_WORDS = "write an https address without user, password and blanks"


def job(hook: str, model: str = PLAIN, name: str = "a") -> str:
    return f"  {name}: {{model: {model}, prompt: low brass{hook}}}\n"


def pipeline(*jobs: str, top: str = "") -> str:
    return f"version: 1\n{top}jobs:\n{''.join(jobs)}"


def url(text: str) -> str:
    return f", webhook: {{url: '{text}'}}"


def resolved(text: str, *, profile: str | None = None) -> tuple[tuple[Request, ...], tuple[Problem, ...]]:
    """Return the requests of a pipeline of shipped models, and its problems: the errors, else the warnings."""
    document = parse(text, "night.yaml")
    read, problems = load(document, schema=SCHEMA, profile=profile, overrides={})
    assert read is not None, problems
    cells, wrong = expand(read)
    requests, more = resolve(read, cells, CATALOG, env={}, overrides={}, read_text=no_file)
    errors = (*problems, *wrong, *more)
    return requests, errors or lint(
        LintContext(document=document, pipeline=read, requests=requests, providers=CATALOG.providers, is_whole=True)
    )


def said(text: str, *, profile: str | None = None) -> list[str]:
    return [f"{problem.code} {problem.message}" for problem in resolved(text, profile=profile)[1]]


@pytest.mark.parametrize(
    ("written", "message", "remedy"),
    [
        (
            "https://h.io/é/cb",
            'the webhook\'s address "https://h.io/é/cb" contains "é", which no request can carry',
            "write https://h.io/%C3%A9/cb",
        ),
        (
            "https://h.io/%C3%A9/夢?a=ü&b=%20",
            'the webhook\'s address "https://h.io/%C3%A9/夢?a=ü&b=%20" contains "夢", which no request can carry',
            "write https://h.io/%C3%A9/%E5%A4%A2?a=%C3%BC&b=%20",
        ),
        (
            "https://bücher.example/cb",
            'the webhook\'s address "https://bücher.example/cb" contains "ü", which no request can carry',
            "write https://xn--bcher-kva.example/cb",
        ),
        ("http://h.io/x", 'the webhook\'s address "http://h.io/x" is not https', PLAIN_WORDS),
        ("https:///x", 'the webhook\'s address "https:///x" names no host', PLAIN_WORDS),
        ("https://h.io/a b", 'the webhook\'s address "https://h.io/a b" is not a URL', PLAIN_WORDS),
        ("https://[h", 'the webhook\'s address "https://[h" is not a URL', PLAIN_WORDS),
    ],
)
def test_an_address_that_cannot_be_sent_is_refused_with_words(written: str, message: str, remedy: str | None) -> None:
    (problem,) = resolved(pipeline(job(url(written))))[1]
    assert (problem.code, problem.message, problem.help) == ("SF222", message, remedy)
    assert problem.allowed == "https://HOST/PATH"


@pytest.mark.parametrize("model", [PLAIN, "pixverse/music-2.6"])
def test_an_address_has_the_length_that_the_page_allows(model: str) -> None:
    longest = "https://h.io/".ljust(1024, "x")
    assert said(pipeline(job(url(longest), model))) == []
    found = resolved(pipeline(job(url(f"{longest}x"), model)))[1]
    if model == PLAIN:
        assert found == ()
        return
    (problem,) = found
    message = "the webhook's address has 1025 characters, and PixVerse by useapi.net takes 1024"
    assert (problem.code, problem.message, problem.allowed) == ("SF222", message, "up to 1024 characters")


@pytest.mark.parametrize("written", ["https://u:p4ssw0rd@h.io/x", "https://p4ssw0rd@h.io/x", "HTTP://u:p4ssw0rd@h.io"])
@pytest.mark.parametrize("by_var", [False, True])
def test_a_password_in_an_address_is_refused_and_printed_nowhere(written: str, by_var: bool) -> None:
    direct, top = job(url(written)), f"vars: {{hook: '{written}'}}\n"
    text = pipeline(job(url("{{ hook }}")), top=top) if by_var else pipeline(direct)
    (problem,) = resolved(text)[1]
    assert problem.message == "the webhook's address contains a user name or password"
    assert problem.help == "put a secret into the path instead: https://HOST/SECRET-PATH"
    lines = text.split("\n")
    style = Style(line_of=lambda _, line: lines[line - 1], verbose=True)
    shown = ValidateReport(files=("night.yaml",), jobs=0, problems=(problem,), exit_code=3).text(style)
    assert "p4ssw0rd" not in shown + repr(problem)
    assert "@h.io" in shown


@pytest.mark.parametrize(("model", "title"), [("verbatik/text-to-music", "Verbatik"), ("local/sketch", "This machine")])
def test_a_webhook_that_the_provider_does_not_call_gets_a_warning(model: str, title: str) -> None:
    (problem,) = resolved(pipeline(job(url(HOOK), model)))[1]
    assert (problem.code, problem.severity) == ("SF614", "warning")
    assert problem.message == f"this webhook has no effect: {title} calls no webhooks"
    assert problem.mark is not None
    assert (problem.mark.line, problem.mark.column) == (3, text_column(pipeline(job(url(HOOK), model)), f"'{HOOK}'"))


def text_column(text: str, word: str) -> int:
    return text.split("\n")[2].index(word) + 1


def test_a_mode_that_the_provider_does_not_take_gets_a_warning() -> None:
    hook = f", webhook: {{url: '{HOOK}', mode: sync}}"
    expected = "SF614 this mode has no effect: PixVerse by useapi.net takes none"
    assert said(pipeline(job(hook, "pixverse/music-2.6"))) == [expected]
    assert said(pipeline(job(hook))) == []


def test_a_shared_webhook_is_warned_of_only_where_no_job_has_any_use_of_it() -> None:
    top = f"defaults: {{webhook: {{url: '{HOOK}', mode: terminal}}}}\n"
    idle, other = job("", "verbatik/text-to-music"), job("", "local/sketch", "b")
    assert said(pipeline(idle, job("", PLAIN, "b"), top=top)) == []
    assert said(pipeline(idle, job("", "pixverse/music-2.6", "b"), top=top)) == [
        "SF614 this mode has no effect: PixVerse by useapi.net takes none"
    ]
    assert said(pipeline(idle, other, top=top)) == ["SF614 this webhook has no effect: Verbatik calls no webhooks"]


def test_the_cells_of_a_matrix_are_one_warning_and_a_comment_silences_it() -> None:
    text = (
        "version: 1\njobs:\n  a:\n    model: verbatik/text-to-music\n    prompt: '{{ m }}'\n"
        f"    matrix: {{m: [x, y]}}\n    webhook: {{url: '{HOOK}/{{{{ m }}}}'}}"
    )
    (problem,) = resolved(text)[1]
    assert problem.cells == ("a@x", "a@y")
    assert resolved(f"{text} # scorefile: ignore[SF614]\n")[1] == ()
