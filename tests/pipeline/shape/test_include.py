"""What a pipeline takes from the files that it includes, and where their problems are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.pipeline.shape.include import MAX_DEPTH, MAX_FILES, with_included
from runner.pipeline.shape.load import load
from runner.pipeline.yaml.document import parse
from tests.pipeline.conftest import SCHEMA

if TYPE_CHECKING:
    from runner.pipeline.yaml.document import Document
    from runner.records.source import Problem

JOBS = "jobs: {a: {prompt: x}}\n"


def included(main: str, file: str = "music/night.yaml", **files: str) -> tuple[Document, tuple[Problem, ...]]:
    """Return a document with its includes; `files` are paths from its folder, with __ for a slash and _ for a dot."""
    texts = {name.replace("__", "/").replace("up/", "../").replace("_", "."): text for name, text in files.items()}

    def read(path: str) -> str:
        if path not in texts:
            raise FileNotFoundError(path)
        return texts[path]

    return with_included(parse(main, file), schema=SCHEMA, read=read)


def messages(problems: tuple[Problem, ...]) -> list[str]:
    return [f"{problem.mark}: {problem.message}" for problem in problems]


def test_vars_defaults_and_profiles_are_laid_under_those_of_the_file() -> None:
    main = (
        "version: 1\ninclude: [base.yaml, more.yaml]\nvars: {tree: {b: 20}, own: 1}\ndefaults: {params: {bpm: 90}}\n"
        + JOBS
    )
    base = "version: 1\nname: base\nvars: {tree: {a: 1, b: 2}, list: [1, 2]}\ndefaults: {model: local/sketch, params: {duration: 4}}\nprofiles: {fast: {vars: {own: 2}}}\njobs: {theirs: {}}\n"
    more = "version: 1\nvars: {list: [3]}\n"
    document, problems = included(main, base_yaml=base, more_yaml=more)
    assert problems == ()
    assert document.data["vars"] == {"tree": {"a": 1, "b": 20}, "list": [3], "own": 1}
    assert document.data["defaults"] == {"model": "local/sketch", "params": {"duration": 4, "bpm": 90}}
    assert list(document.data["jobs"]) == ["a"]
    assert "name" not in document.data
    places = {path: str(mark) for path, mark in document.marks.items() if path[:1] == ("vars",)}
    assert places[("vars", "tree", "a")] == "music/base.yaml:3:18"
    assert places[("vars", "tree", "b")] == "music/night.yaml:3:18"
    assert places[("vars", "list", 0)] == "music/more.yaml:2:15"
    pipeline, wrong = load(document, schema=SCHEMA, profile="fast", overrides={})
    assert wrong == ()
    assert pipeline is not None
    assert pipeline.vars["own"].value == 2


def test_a_template_that_is_replaced_leaves_no_template_behind() -> None:
    main = "version: 1\ninclude: base.yaml\nvars: {a: plain}\n" + JOBS
    document, _ = included(main, base_yaml="version: 1\nvars: {a: '{{ gone }}'}\n")
    assert document.texts == {}


def test_files_include_files_relative_to_themselves_and_one_may_come_by_two_ways() -> None:
    main = "version: 1\ninclude: [shared/one.yaml, shared/two.yaml]\n" + JOBS
    document, problems = included(
        main,
        shared__one_yaml="version: 1\ninclude: ../base.yaml\nvars: {one: 1}\n",
        shared__two_yaml="version: 1\ninclude: ../base.yaml\nvars: {two: 2}\n",
        base_yaml="version: 1\nvars: {base: 0}\n",
    )
    assert problems == ()
    assert document.data["vars"] == {"base": 0, "one": 1, "two": 2}
    above, problems = included("version: 1\ninclude: ../base.yaml\n" + JOBS, up__base_yaml="version: 1\nvars: {x: 1}\n")
    assert problems == ()
    assert str(above.marks[("vars", "x")]) == "base.yaml:2:11"


def test_problems_point_into_the_included_file() -> None:
    main = "version: 1\ninclude: base.yaml\n" + JOBS
    base = "version: 1\nvarz: {a: 1}\ndefaults: {retries: many}\njobs: {theirs: {nonsense: 1}}\n"
    _, problems = included(main, base_yaml=base)
    assert messages(problems) == [
        'music/base.yaml:2:1: unknown key "varz"',
        'music/base.yaml:3:21: retries is "many", not a whole number',
    ]
    _, problems = included(main, base_yaml="vars: {a: 1}\n")
    assert messages(problems) == ["music/base.yaml:1:1: version is missing"]
    _, problems = included(main, base_yaml="version: 1\nvars: {a: 1, a: 2}\n")
    assert [(problem.code, str(problem.mark)) for problem in problems] == [("SF102", "music/base.yaml:2:14")]


@pytest.mark.parametrize(
    ("include", "files", "message"),
    [
        ("lost.yaml", {}, "there is no file lost.yaml to include"),
        ("/etc/base.yaml", {}, "the included path /etc/base.yaml is absolute"),
        ("~/base.yaml", {}, "the included path ~/base.yaml starts with ~, which means a home folder"),
        ("a/../base.yaml", {}, "the included path a/../base.yaml leaves the pipeline's folder"),
        ("night.yaml", {}, "files include each other in a circle: night.yaml → night.yaml"),
        (
            "base.yaml",
            {"base_yaml": "version: 1\ninclude: night.yaml\n"},
            "files include each other in a circle: night.yaml → base.yaml → night.yaml",
        ),
        ("base.yaml", {"base_yaml": "[1]\n"}, "the file is not a mapping of keys"),
    ],
)
def test_what_cannot_be_included_is_told(include: str, files: dict[str, str], message: str) -> None:
    _, problems = included(f"version: 1\ninclude: {include}\n{JOBS}", **files)
    assert [problem.message for problem in problems] == [message]
    assert {problem.code for problem in problems} <= {"SF226", "SF108"}
    assert all(problem.help for problem in problems)


def test_depth_and_number_of_files_have_limits() -> None:
    chain = {f"f{n}_yaml": f"version: 1\ninclude: f{n + 1}.yaml\n" for n in range(20)}
    _, problems = included("version: 1\ninclude: f0.yaml\n" + JOBS, **chain)
    assert messages(problems) == [f"music/f7.yaml:2:10: f8.yaml is included more than {MAX_DEPTH} files deep"]
    many = {f"f{n}_yaml": "version: 1\n" for n in range(MAX_FILES + 1)}
    listed = ", ".join(f"f{n}.yaml" for n in range(MAX_FILES + 1))
    _, problems = included(f"version: 1\ninclude: [{listed}]\n{JOBS}", **many)
    assert [problem.message for problem in problems] == [f"more than {MAX_FILES} files are included"]
    _, problems = included("version: 1\ninclude: f0.yaml\n" + JOBS, f0_yaml="version: 1\n" + "#" * (4 << 20))
    assert len(problems) == 1


def test_an_include_of_the_wrong_type_is_left_to_the_schema() -> None:
    document, problems = included("version: 1\ninclude: {a: 1}\n" + JOBS)
    assert problems == ()
    _, wrong = load(document, schema=SCHEMA, profile=None, overrides={})
    assert [problem.code for problem in wrong] == ["SF203"]
