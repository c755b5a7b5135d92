"""No secret becomes a text: not by `env:`, not word for word in a request, not in what is said about a file."""

from __future__ import annotations

import pytest

from runner.diagnostics.sensitive import hide_assigned, is_sensitive, speaks_of_secret
from tests.pipeline.cases import shown
from tests.pipeline.conftest import check_text

KEY = "canary-5ca1/ab1e-0123"


@pytest.mark.parametrize(
    "name",
    [
        *("PIXAZO_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "githubToken", "DB_PASSWORD", "PGPASSWD", "KEY"),
        *("GPG_KEY_ID", "APIKEY", "SSH_PRIVATE_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "CLIENT_SECRET", "my_keys"),
    ],
)
def test_a_name_that_speaks_of_a_secret_is_refused(name: str) -> None:
    assert speaks_of_secret(name)
    text = f"version: 1\nenv: [BUILD_TAG, {name}]\njobs: {{a: {{model: acme/solo, prompt: '{{{{ env.{name} }}}}'}}}}\n"
    (problem,) = check_text(text, env={name: KEY, "BUILD_TAG": "dev"}).problems
    assert (problem.code, problem.message) == ("SF224", f"{name} is named like a secret")
    assert str(problem.mark) == "night.yaml:2:18"


@pytest.mark.parametrize("name", ["BUILD_TAG", "MONKEY", "KEYBOARD", "TURKEY", "HOCKEY_SEASON", "CI_JOB", "PASS_COUNT"])
def test_other_names_are_not(name: str) -> None:
    assert not speaks_of_secret(name)


def test_a_variable_that_holds_the_value_of_another_is_refused_whatever_a_template_does_with_it() -> None:
    text = (
        "version: 1\nenv: [TAG]\njobs: {a: {model: acme/solo, prompt: \"{{ env.TAG | replace('-', '+') | upper }}\"}}\n"
    )
    (problem,) = check_text(text, env={"TAG": f"x{KEY}", "MY_TOKEN": KEY}).problems
    assert (problem.code, problem.message) == ("SF224", "TAG holds the value of MY_TOKEN")
    assert KEY not in str(problem)


@pytest.mark.parametrize("field", ["prompt", "lyrics"])
def test_a_request_that_holds_a_key_is_refused(field: str) -> None:
    other = "prompt: x, " if field != "prompt" else ""
    text = f"version: 1\njobs: {{a: {{model: acme/band, {other}{field}: 'calm {KEY}'}}}}\n"
    problems = check_text(text, env={"MY_TOKEN": KEY}).problems
    assert [problem.message for problem in problems if problem.code == "SF225"] == [
        f"{field} holds the value of MY_TOKEN"
    ]
    assert KEY not in str(problems)
    assert check_text(text, env={"TAG": KEY}).problems == check_text(text).problems


def test_a_var_of_the_command_line_that_is_a_key_is_refused() -> None:
    text = "version: 1\nvars: {v: x}\njobs: {a: {model: acme/solo, prompt: 'calm {{ v }}'}}\n"
    problems = check_text(text, env={"MY_TOKEN": KEY}, overrides={"v": KEY}).problems
    assert [problem.code for problem in problems] == ["SF225"]
    assert KEY not in str(problems)


def test_one_of_many_jobs_that_holds_a_key_is_found_with_its_place_and_no_other() -> None:
    cues = "".join(f"  cue-{n}: {{prompt: cue {n}, lyrics: shared}}\n" for n in range(30))
    keyed = f"  last: {{prompt: 'x{KEY}y', lyrics: shared}}\n  next: {{prompt: x, lyrics: '{KEY}'}}\n"
    text = f"version: 1\ndefaults: {{model: acme/band}}\njobs:\n{cues}{keyed}"
    problems = check_text(text, env={"A_TOKEN": KEY, "B_TOKEN": KEY[2:]}).problems
    assert [(str(found.mark), found.path, found.message) for found in problems if found.code == "SF225"] == [
        ("night.yaml:34:18", ("jobs", "last", "prompt"), "prompt holds the value of A_TOKEN"),
        ("night.yaml:35:29", ("jobs", "next", "lyrics"), "lyrics holds the value of A_TOKEN"),
    ]


def test_a_key_in_a_list_or_in_the_name_of_a_file_is_found() -> None:
    text = "version: 1\njobs: {a: {model: acme/band, prompt: x, params: {tags: [calm, x-cuda-12]}, output: in/x-cuda-12}}\n"
    problems = check_text(text, env={"MY_TOKEN": "-cuda-12"}).problems
    assert {problem.message for problem in problems if problem.code == "SF225"} == {
        "tags holds the value of MY_TOKEN",
        "output holds the value of MY_TOKEN",
    }


def test_a_short_value_is_a_word_like_another() -> None:
    text = "version: 1\njobs: {a: {model: acme/solo, prompt: any mood}}\n"
    assert check_text(text, env={"MY_TOKEN": "any"}).problems == ()


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("api_key: barracuda", "api_key: "),
        ('"api_key": "barra, cuda" , "x": 1', '"api_key": "'),
        ("pixazo: {api-key: barracuda, max_in_flight: 2}", ", max_in_flight: 2}"),
        ("Authorization: Bearer barracuda", "Authorization: "),
        ("headers: {X-Custom: barracuda}", "headers: "),
        ("client_secret = 'barracuda'", "client_secret = '"),
        ("TOKEN=barracuda", "TOKEN="),
        ("base_url: https://me:barracuda@host", "@host"),
        ("base_url: https://me:barra@cuda@host", "@host"),
        ("password: |", "password: "),
    ],
)
def test_what_stands_under_a_sensitive_key_is_hidden(line: str, rest: str) -> None:
    found = hide_assigned(line)
    assert rest in found
    assert len(found) == len(line)
    assert not any(word in found for word in ("barra", "cuda", "Bearer", "|"))


@pytest.mark.parametrize(
    "line",
    ["headers: {}, x: 1", "api_key_env: PIXAZO_API_KEY", "max_tokens: 7", "key: C minor", "prompt: a token of love"],
)
def test_what_is_no_secret_is_shown(line: str) -> None:
    assert hide_assigned(line) == line


@pytest.mark.parametrize("key", ["api_key", "apiKey", "token", "password", "authorization", "headers", "secret"])
@pytest.mark.parametrize(
    "value", ["barracuda", "[barracuda]", "{X-Custom: barracuda}", "\n      barracuda", "|\n      barracuda"]
)
def test_a_key_in_the_settings_of_a_provider_is_not_shown(key: str, value: str) -> None:
    text = f"version: 1\nproviders:\n  acme:\n    {key}: {value}\njobs: {{a: {{model: acme/solo, prompt: x}}}}\n"
    said = shown(text)
    assert "barracuda" not in said
    assert f"unknown key {key}" in said.replace('"', "")
    assert is_sensitive(("providers", "acme", key))
