"""Cells + models → requests: seeds, files, takes, outputs, prices, and the marks of what is wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runner.pipeline.paths import output_problem
from runner.records.catalog import Price
from runner.records.pipeline import Webhook
from runner.records.seeds import derive
from tests.pipeline.conftest import check_text

JOB = "version: 1\nname: emberfall\njobs:\n  j:\n    model: acme/band\n    prompt: x\n"


def test_auto_seeds_are_the_same_for_ever() -> None:
    assert derive("emberfall", "title", 1, 2147483647) == 933685612
    assert derive("emberfall", "battle@forest-hot", 1, 2147483647) == 159981416
    assert derive("emberfall", "title", 0, 9) == derive("emberfall", "title", 0, 9)


def test_an_auto_seed_is_within_the_models_range() -> None:
    assert {derive("p", str(n), 3, 5) for n in range(100)} == {3, 4, 5}


def test_inserting_a_job_moves_no_other_seed() -> None:
    before = check_text(JOB).request("j").params["seed"]
    after = (
        check_text(JOB.replace("jobs:\n", "jobs:\n  first: {model: acme/band, prompt: y}\n"))
        .request("j")
        .params["seed"]
    )
    assert before == after


def test_another_pipeline_name_gives_another_seed() -> None:
    assert (
        check_text(JOB).only_request.params["seed"]
        != check_text(JOB.replace("emberfall", "x")).only_request.params["seed"]
    )


@pytest.mark.parametrize(
    ("written", "mode", "value"),
    [("7", "fixed", 7), ("random", "random", None), ("null", "none", None), ("'{{ 3 + 4 }}'", "fixed", 7)],
)
def test_seeds_as_written(written: str, mode: str, value: object) -> None:
    request = check_text(f"{JOB}    params: {{seed: {written}}}\n").only_request
    assert (request.seed_mode, request.params.get("seed")) == (mode, value)


def test_auto_may_be_written_out() -> None:
    request = check_text(f"{JOB}    params: {{seed: auto}}\n").only_request
    assert request.params == check_text(JOB).only_request.params
    assert request.seed_mode == "auto"


def test_a_model_without_a_seed_has_none() -> None:
    request = check_text(JOB.replace("acme/band", "acme/solo")).only_request
    assert (request.seed_mode, "seed" in request.params) == ("none", False)


def test_takes_follow_the_batch() -> None:
    request = check_text(f"{JOB}    params: {{batch_size: 3}}\n    take: 2\n").only_request
    assert (request.take, request.takes) == (2, 3)


def test_a_text_comes_from_a_file_and_its_templates_are_rendered() -> None:
    text = f"{JOB}    lyrics: {{file: 'lyrics/{{{{ job.id }}}}.txt'}}\n    vars: {{who: Ash}}\n"
    files = {"lyrics/j.txt": "\ufeff[Verse]\r\nfor {{ who }}\r\n"}
    request = check_text(text, files=files).only_request
    assert request.params["lyrics"] == "[Verse]\nfor Ash"
    origin = request.origins["lyrics"]
    assert (origin.source, [step.text for step in origin.steps]) == ("{file: lyrics/j.txt}", ['who = "Ash"'])


def test_an_undefined_name_in_a_file_is_placed_in_that_file() -> None:
    text = f"{JOB}    lyrics: {{file: lyrics/title.txt}}\n"
    problem = check_text(text, files={"lyrics/title.txt": "one\n  two {{ nope }}\n"}, file="songs/night.yaml").only
    assert str(problem.mark) == "songs/lyrics/title.txt:2:10"


def test_a_file_of_more_than_a_mebibyte_is_refused() -> None:
    text = f"{JOB}    lyrics: {{file: a.txt}}\n"
    assert check_text(text, files={"a.txt": "é" * 600_000}).only.code == "SF505"


def test_a_file_with_control_characters_is_refused() -> None:
    problem = check_text(f"{JOB}    lyrics: {{file: a.txt}}\n", files={"a.txt": "a\nb\0"}).only
    assert (problem.code, str(problem.mark)) == ("SF503", "a.txt:2:2")
    assert problem.help == "remove it, and save the file as UTF-8"
    assert [step.text for step in problem.origin] == ["{file: a.txt}"]


def test_a_file_with_a_merge_conflict_is_refused_at_the_conflict() -> None:
    conflict = "la\n<<<<<<< HEAD\nlow\n=======\nhigh\n>>>>>>> strings\n"
    problem = check_text(f"{JOB}    lyrics: {{file: a.txt}}\n", files={"a.txt": conflict}).only
    assert (problem.code, str(problem.mark)) == ("SF111", "a.txt:2:1")
    assert check_text(f"{JOB}    lyrics: {{file: a.txt}}\n", files={"a.txt": "Verse\n=======\nla\n"}).problems == ()


def test_a_file_that_is_not_utf_8_is_refused_at_the_byte() -> None:
    problem = check_text(f"{JOB}    lyrics: {{file: a.txt}}\n", files={"a.txt": b"la\ncaf\xe9\n"}).only
    assert (problem.message, problem.help) == ("a.txt is not UTF-8 text: it contains the byte 0xE9", "save it as UTF-8")
    assert str(problem.mark) == "a.txt:2:4"


def test_a_key_in_a_text_file_is_found_and_not_sent() -> None:
    key = "sk-" + "a1B2c3D4e5" * 3
    result = check_text(f"{JOB}    lyrics: {{file: a.txt}}\n", files={"a.txt": f"la\nla {key}\n"})
    assert (result.only.code, str(result.only.mark)) == ("SF110", "a.txt:2:4")
    assert key not in repr(result.only)
    assert result.requests == ()


def test_a_key_on_the_command_line_is_found() -> None:
    key = "sk-" + "a1B2c3D4e5" * 3
    result = check_text(f"vars: {{game: x}}\n{JOB}    lyrics: '{{{{ game }}}}'\n", overrides={"game": key})
    assert result.only.code == "SF110"
    assert result.only.message.startswith("--var game: sk-a… looks like an API key")


def test_a_file_is_read_once_for_all_cells() -> None:
    reads = []

    class Files(dict[str, str]):
        def __getitem__(self, path: str) -> str:
            reads.append(path)
            return "words"

        def __contains__(self, path: object) -> bool:
            return True

    check_text(f"{JOB}    lyrics: {{file: a.txt}}\n    matrix: {{m: [1, 2, 3]}}\n", files=Files())
    assert reads == ["a.txt"]


def test_prices_of_the_pipeline_win() -> None:
    assert check_text(JOB).only_request.price.usd == Decimal("0.08")
    text = JOB.replace("jobs:", "prices: {acme/band: {per_minute: 0.2, max_minutes: 3}}\njobs:")
    price = check_text(text).only_request.price
    assert price == Price(per="minute", usd=Decimal("0.2"), max_minutes=3, source="night.yaml:3:10")


def test_a_webhook_comes_from_the_job_else_the_defaults() -> None:
    text = JOB.replace("jobs:", "defaults: {webhook: {url: 'https://h.example/{{ job.id }}', mode: sync}}\njobs:")
    assert check_text(text).only_request.webhook == Webhook(url="https://h.example/j", mode="sync")


@pytest.mark.parametrize("url", ["https://user@host/x", "https:///x", "https://h/ x", "ftp://h", "https://"])
def test_a_webhook_that_is_no_https_address_is_refused(url: str) -> None:
    assert check_text(f"{JOB}    webhook: {{url: '{url}'}}\n").only.code == "SF222"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://gateway.example", True),
        ("https://gateway.example:8443/", True),
        ("http://127.0.0.1:9", True),
        ("http://[::1]:9", True),
        ("http://localhost", True),
        ("http://localhost.example", False),
        ("https://u:p@gateway.example", False),
        ("https://gateway.example/v1", False),
        ("https://gateway.example:x", False),
        ("gateway.example", False),
    ],
)
def test_base_urls(url: str, *, right: bool) -> None:
    text = JOB.replace("jobs:", f"providers: {{acme: {{base_url: '{url}'}}}}\njobs:")
    assert [problem.code for problem in check_text(text).problems] == ([] if right else ["SF222"])


@pytest.mark.parametrize("path", ["a", "a/b", "a.b/c d", "audio/é@x-1.5", "a/b.wave", "x" * 249])
def test_ordinary_outputs_are_allowed(path: str) -> None:
    assert output_problem(path, frozenset()) is None


BAD_OUTPUTS = (
    *(
        "",
        " ",
        "..",
        "a/../b",
        "a/..",
        "/a",
        "//a",
        "~",
        "~u/a",
        "a\\b",
        "c:a",
        "a:b",
        "a?",
        "con",
        "CON.wav",
        "a/nul.mp3",
    ),
    *(
        "lpt9",
        "a.",
        "a ",
        "a /b",
        ".a",
        "a/.b",
        ".github/workflows/x",
        ".scorefile/x",
        "-a",
        "a//b",
        "a/",
        "a\nb",
        "a/.",
    ),
    *("a\x1bb", "a\u202eb", "a\u200bb", "$HOME/x", "%TEMP%/x", "é" * 200, "/".join(["abcdefgh"] * 200)),
)


@pytest.mark.parametrize("path", BAD_OUTPUTS)
def test_outputs_that_some_system_takes_amiss_are_refused(path: str) -> None:
    assert output_problem(path, frozenset()) is not None


@pytest.mark.parametrize("extension", [".wav", ".MP3", ".flac", ".ogg", ".m4a", ".opus", ".aac"])
def test_an_audio_extension_is_left_to_the_real_format(extension: str) -> None:
    assert check_text(f"{JOB}    output: music/theme{extension}\n").only_request.output == "music/theme"
    assert check_text(f"{JOB}    output: ./music/theme.v2\n").only_request.output == "music/theme.v2"


@pytest.mark.parametrize(
    ("one", "other"), [("Song", "song"), ("cafe\u0301", "café"), ("ﬁ", "fi"), ("a.wav", "a.flac"), ("./a", "a")]
)
def test_two_names_that_some_system_takes_for_one_file_are_refused(one: str, other: str) -> None:
    text = f"version: 1\njobs:\n  a: {{model: acme/solo, prompt: x, output: '{one}'}}\n  b: {{model: acme/solo, prompt: x, output: '{other}'}}\n"
    problem = check_text(text).only
    assert problem.code == "SF502"
    assert problem.message.startswith("a, b write the same file")


def test_a_model_may_be_an_axis_and_a_jobs_own_parameter_must_fit_each() -> None:
    text = """version: 1
jobs:
  j:
    model: "{{ m }}"
    matrix: {m: [acme/band, acme/solo, local/sketch]}
    prompt: x
    params: {bpm: 90}
"""
    result = check_text(text)
    assert result.only.cells == ("j@acme-solo",)
    assert result.only.message == "acme/solo has no parameter bpm"
    assert [request.model.id for request in result.requests] == ["acme/band", "local/sketch"]


def test_problems_of_several_kinds_come_in_one_pass_in_the_order_of_the_file() -> None:
    text = """version: 1
defaults: {model: acme/band}
jobs:
  a: {promt: x}
  b: {prompt: "{{ nope }}", params: {bpm: 1}}
  c: {prompt: x, needs: d}
  e: {prompt: x, output: ../x, params: {tempo: 3, duration: 9999}}
"""
    codes = [problem.code for problem in check_text(text).problems]
    assert codes == ["SF201", "SF216", "SF401", "SF207", "SF501", "SF402", "SF401"]


def test_a_job_that_needs_a_misshapen_one_waits_without_a_word() -> None:
    text = """version: 1
defaults: {model: acme/band}
jobs:
  a: {prompt: x, takes: 2}
  b: {prompt: "{{ jobs.a.params.bpm }}", needs: a}
  c: {prompt: x, needs: [b]}
"""
    assert check_text(text).only.message == 'unknown key "takes"'


def test_rules_between_parameters_speak_their_own_sentence() -> None:
    text = "version: 1\njobs: {j: {model: vox/formats, prompt: x, params: {bit_rate: 128}}}\n"
    problem = check_text(text).only
    assert (problem.code, problem.message) == ("SF407", "bit_rate goes with format: mp3 only")
    assert problem.path == ("jobs", "j", "params", "bit_rate")


def test_values_inside_lists_are_rendered_and_placed() -> None:
    text = f"{JOB}    vars: {{t: calm}}\n    params:\n      tags:\n        - '{{{{ t }}}}'\n        - '{{{{ t }}}}{{{{ t }}}}{{{{ t }}}}'\n"
    problem = check_text(text).only
    assert problem.message == "tags[1] has 12 characters"
    assert problem.mark is not None
    assert problem.mark.line == 11
    assert problem.origin[-1].text == 't = "calm"'


def test_the_lock_and_the_name_follow_the_file() -> None:
    text = "version: 1\njobs: {j: {model: acme/solo, prompt: x}}\n"
    result = check_text(text, file="music/night.yaml")
    assert result.pipeline is not None
    assert result.pipeline.name == "night"


def test_keys_of_the_users_own_are_allowed() -> None:
    text = "version: 1\nx-a: {b: 012x}\njobs: {j: {model: acme/solo, prompt: x, x-note: [1]}}\n"
    assert check_text(text).problems == ()


def test_a_misspelt_block_is_not_followed_by_all_that_misses_it() -> None:
    text = 'version: 1\nvasr: {game: E}\ndefaults: {model: acme/band}\njobs: {a: {prompt: "{{ game }}", params: {bpm: 1}}}\n'
    assert [problem.code for problem in check_text(text).problems] == ["SF201", "SF401"]


def test_a_var_that_is_taken_out_is_missed_by_no_template() -> None:
    text = 'version: 1\nvars: {dark-sea: 1, bpm: 1_0}\ndefaults: {model: acme/band}\njobs: {a: {prompt: "{{ dark_sea }} {{ vars.bpm }} {{ dar }}"}}\n'
    assert [problem.code for problem in check_text(text).problems] == ["SF204", "SF104", "SF216"]


def test_a_rule_between_parameters_does_not_wait_for_another_parameter() -> None:
    text = """version: 1
jobs:
  a: {model: acme/band, prompt: x, lyrics: la, params: {bpm: 400, instrumental: true}}
  b: {model: acme/band, prompt: x, lyrics: la, params: {bpm: 90, instrumental: "yes"}}
"""
    assert {(problem.code, problem.message) for problem in check_text(text).problems} == {
        ("SF401", "bpm is 400"),
        ("SF407", "lyrics do not go with instrumental: true; remove one of them"),
        ("SF404", 'instrumental is "yes", not true or false'),
    }


def test_a_fixed_field_that_is_written_makes_no_other_request() -> None:
    text = "version: 1\njobs:\n  j: {model: vox/formats, prompt: x, params: {%s}}\n"
    plain, written = (check_text(text % params).only_request for params in ("format: mp3", "format: mp3, store: true"))
    assert written.params == plain.params == {"prompt": "x", "format": "mp3"}
    assert "store" not in written.origins
