"""--format, -q, -v and --color at the commands themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator

from tests.report.scenes import CASES
from tests.report.test_formats import LINE, OUTPUT, SARIF
from tests.report.xsd import problems as xsd_problems
from tests.support.command import scorefile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

FORMATS = ("text", "json", "jsonl", "github", "junit", "sarif", "markdown")


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which `run --rehearse` was done once."""
    from tests.behaviour.command_line.conftest import NIGHT

    folder = tmp_path_factory.mktemp("rehearsed")
    (folder / "scorefile.yaml").write_text(NIGHT)
    assert scorefile("run", "--rehearse", "-q", cwd=folder).code == 0
    return folder


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("broken", [False, True], ids=["right", "broken"])
@pytest.mark.parametrize("verb", ["validate", "plan", "run", "verify"])
def test_every_verb_answers_in_every_format(
    say: Say, rehearsed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: str, format_: str, *, broken: bool
) -> None:
    if broken:
        (tmp_path / "scorefile.yaml").write_text(
            "version: 1\njobs:\n  a: {model: local/sketch, prompt: x, params: {bpm: 9}}\n"
        )
    else:
        monkeypatch.chdir(rehearsed)
    said = say(verb, *(() if verb == "validate" else ("--rehearse",)), "--format", format_)
    assert said.code == ({"verify": 2}.get(verb, 3) if broken else 0), said
    match format_:
        case "json":
            Draft7Validator(OUTPUT).validate(said.json)
            assert said.json["exit_code"] == said.code
        case "jsonl":
            lines = [json.loads(line) for line in said.out.splitlines()]
            assert [Draft7Validator(LINE).is_valid(line) for line in lines] == [True] * len(lines)
            assert (lines[-1]["type"], lines[-1]["exit_code"]) == ("summary", said.code)
        case "sarif":
            Draft7Validator(SARIF).validate(said.json)
        case "junit":
            assert xsd_problems(said.out, CASES / "junit-10.xsd") == []
        case "markdown":
            assert said.out.startswith(f"<!-- scorefile:{verb}:")
        case "github":
            assert ("::error " in said.out) is broken
        case _:
            assert said.out or said.err


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--rehearse"),
        ("render",),
        ("render", "--origins"),
        ("models",),
        ("explain",),
        ("explain", "SF401", "sf612"),
        ("explain", "title"),
        ("fmt", "--check"),
        ("init", "day"),
        ("completion", "fish"),
        ("merge",),
        ("models", "local/sketch"),
        ("log", "--rehearse"),
        ("resolve", "--rehearse"),
        ("doctor", "--offline"),
        ("plan", "--rehearse"),
        ("run", "--rehearse"),
        ("run", "--rehearse", "-n"),
        ("run", "--rehearse", "--frozen"),
    ],
    ids=" ".join,
)
def test_every_other_json_has_the_shape_it_promises(
    say: Say, rehearsed: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(rehearsed)
    said = say(*words, "--format", "json")
    assert said.code == 0, said
    Draft7Validator(OUTPUT).validate(said.json)
    assert list(said.json)[:2] == ["format_version", "exit_code"]


def test_a_problem_is_shown_with_its_line(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\nvars: {base_bpm: 160}\njobs:\n"
        '  a: {model: local/sketch, prompt: x, output: a, params: {bpm: "{{ base_bpm * 2 }}"}}\n'
    )
    said = say("validate")
    assert said.code == 3
    assert "error[SF401]: bpm is 320" in said.out
    assert "--> scorefile.yaml:4:64" in said.out
    line, underline = said.out.splitlines()[3:5]
    assert underline.index("^") == line.index('"{{')
    assert underline.count("^") == len('"{{ base_bpm * 2 }}"')
    assert "= from base_bpm = 160 (scorefile.yaml:2:18)" in said.out
    assert said.err == "1 problem found\n"
    assert say("validate", "-q").out == "scorefile.yaml:4:64: error SF401: bpm is 320, allowed 30 to 300\n"


def test_a_text_beside_the_pipeline_is_shown_where_it_is_wrong(say: Say, tmp_path: Path) -> None:
    (tmp_path / "title.txt").write_text("first line\nthen {{ gone }} brass\n")
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\njobs:\n  a: {model: local/sketch, prompt: {file: title.txt}, output: a}\n"
    )
    said = say("validate")
    assert "--> title.txt:2:9" in said.out
    assert "2 | then {{ gone }} brass" in said.out
    assert "  |         ^^^^" in said.out


def test_strict_makes_warnings_fail(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\nvars: {unused: 1}\njobs:\n  a: {model: local/sketch, prompt: x, output: a}\n"
    )
    mild = say("validate")
    assert (mild.code, mild.out) == (0, "valid: 1 job\n")
    assert "warning[SF609]" in mild.err
    assert "1 warning found" in mild.err
    strict = say("validate", "--strict")
    assert strict.code == 3
    assert "warning[SF609]" in strict.out


def test_github_is_chosen_by_itself_and_only_where_nothing_else_is(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "::notice title=plan::" in say("plan").out
    assert "::notice" not in say("plan", "--format", "text").out
    monkeypatch.setenv("SCOREFILE_FORMAT", "json")
    assert say("plan").json["command"] == "plan"
    monkeypatch.setenv("SCOREFILE_FORMAT", "junit")
    assert say("models").code == 0, "a format that a verb has not is its text"


def test_the_job_summary_is_appended_to(say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    say("plan")
    say("validate")
    text = page.read_text()
    assert text.startswith("before\n### Scorefile plan: <code>night</code>\n")
    assert "is valid" in text
    page.write_text("x" * ((1 << 20) - 1500))
    say("plan")
    assert page.stat().st_size < 1 << 20
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "such.md"))
    done = say("plan")
    assert done.code == 0
    assert "the job summary cannot be written" in done.err


def test_paths_are_relative_to_the_repository(say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text("version: 2\n")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path.parent))
    assert f"::error file={tmp_path.name}/scorefile.yaml,line=1," in say("validate", "--format", "github").out


def test_unchanged_jobs_are_folded_unless_asked_for(say: Say, rehearsed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(rehearsed)
    assert "= 3 jobs up to date\n" in say("plan", "--rehearse").out
    said = say("plan", "--rehearse", "-v").out
    assert "= title        pixazo/tracks  up to date" in said
    assert say("plan", "--rehearse", "-q").out == "3 up to date; 0 new takes; $0.00\n"


def test_colour_comes_only_when_it_is_wanted(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in say("plan").out
    assert "\x1b[32m+\x1b[0m title" in say("plan", "--color", "always").out
    assert "\x1b[" not in say("plan").out, "one command's choice is not the next one's"
    monkeypatch.setenv("SCOREFILE_COLOR", "always")
    assert "\x1b[" in say("plan").out
    assert "\x1b[" not in say("plan", "--color", "never").out
    monkeypatch.setenv("SCOREFILE_COLOR", "auto")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in say("plan").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in say("plan").out


def test_a_detailed_exit_code_is_one_for_every_error(say: Say, tmp_path: Path) -> None:
    assert say("plan", "--detailed-exitcode", "--format", "json").json["exit_code"] == 2
    assert say("plan", "--detailed-exitcode", "nobody").code == 1
    assert say("plan", "--detailed-exitcode", "--no-such-flag").code == 1
    assert say("plan", "--no-such-flag").code == 2


def test_a_failure_is_data_too(say: Say) -> None:
    said = say("run", "no-such.yaml", "--format", "json")
    assert said.code == said.json["exit_code"] == 2
    assert said.json["error"]["message"] == "there is no no-such.yaml"
    assert "error: there is no no-such.yaml" in said.err
    assert "::error title=usage::there is no no-such.yaml" in say("run", "no-such.yaml", "--format", "github").out


def test_jsonl_tells_of_progress_while_it_runs(say: Say, tmp_path: Path) -> None:
    done = scorefile("run", "--rehearse", "--format", "jsonl", cwd=tmp_path)
    lines = [json.loads(line) for line in done.out.splitlines()]
    kinds = [line["type"] for line in lines]
    assert kinds[0] == "progress"
    assert kinds[-4:] == ["job", "job", "job", "summary"]
    assert all(Draft7Validator(LINE).is_valid(line) for line in lines)
