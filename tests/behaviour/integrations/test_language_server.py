"""What a person sees in an editor, asked of the YAML language server that editors run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.behaviour.integrations.language_server import Server, installed
from tests.support.catalog import ROOT
from tests.support.command import scorefile

if TYPE_CHECKING:
    from collections.abc import Iterator

MODELINE = "# yaml-language-server: $schema=scorefile.schema.json\n"
PIPELINE = f"""{MODELINE}version: 1
defaults:
  model: pixazo/tracks
jobs:
  fresh:
    model:␣
  title:
    model: pixazo/ace-step-xl
    params:
      bpm: 96
      seed: auto
      key: "{{{{ key }}}}"
      lyrics: {{file: x.txt}}
      ␣
  plain:
    params:
      bpm: 100
      ␣
""".replace("␣", " ")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    script = installed()
    if isinstance(script, str):
        pytest.skip(script)
    folder = tmp_path_factory.mktemp("editor")
    (folder / "scorefile.schema.json").write_text(scorefile("schema", cwd=folder).out)
    with Server(script, folder) as running:
        yield running


@pytest.fixture(scope="module")
def opened(server: Server) -> str:
    return server.open("scorefile.yaml", PIPELINE)[0]


def line_of(start: str, *, after: str = "") -> int:
    lines = PIPELINE.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith(after))
    return next(number for number, line in enumerate(lines) if number >= first and line.startswith(start))


def test_models_are_offered_after_model(server: Server, opened: str) -> None:
    items = {item["label"]: item for item in server.complete(opened, line_of("    model:"), 11)}
    assert {"local/sketch", "pixazo/ace-step-xl", "verbatik/text-to-music"} <= items.keys()
    assert "ACE-Step 1.5 XL" in str(items["pixazo/ace-step-xl"]["documentation"])


def test_parameters_are_offered_by_the_jobs_model(server: Server, opened: str) -> None:
    own = {item["label"] for item in server.complete(opened, line_of("      lyrics") + 1, 6)}
    assert {"time_signature", "thinking", "batch_size"} <= own
    assert "infer_steps" not in own
    inherited = {item["label"] for item in server.complete(opened, line_of("      bpm: 100") + 1, 6)}
    assert {"infer_steps", "guidance_scale"} <= inherited
    assert "thinking" not in inherited


def test_over_a_parameter_stands_what_it_is_and_its_range(server: Server, opened: str) -> None:
    text = server.hover(opened, line_of("      bpm: 96"), 7)
    assert "Beats per minute." in text
    assert "30 to 300" in text
    assert "pixazo/ace-step-xl" in text
    assert "Target tempo" in server.hover(opened, line_of("      bpm: 100"), 7)
    assert "random" in server.hover(opened, line_of("      seed"), 7)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("bpm: 500", "12 Value is above the maximum of 300."),
        ("bpm: fast", "12 bpm is a number from 30 to 300, or the word auto"),
        ("key: H minor", '12 key is text such as C major, or a template such as "{{ key }}".'),
        ("batch_size: 9", "19 Value is above the maximum of 4."),
        ("speed: 5", "7 Property speed is not allowed."),
    ],
)
def test_what_the_model_does_not_take_is_underlined(server: Server, written: str, said: str) -> None:
    text = f"{MODELINE}version: 1\njobs:\n  a:\n    model: pixazo/ace-step-xl\n    params:\n      {written}\n"
    assert server.open(f"{written.replace(': ', '-')}.yaml", text)[1] == [f"7:{said}"]


def test_a_text_that_the_model_has_not_is_named(server: Server) -> None:
    text = f"{MODELINE}version: 1\njobs:\n  a: {{model: pixazo/tracks, prompt: x, negative_prompt: y}}\n"
    assert server.open("text.yaml", text)[1][0].endswith("pixazo/tracks takes no negative_prompt.")


def test_the_shipped_pipelines_have_nothing_underlined(server: Server) -> None:
    for path in sorted((ROOT / "pipelines").glob("*.yaml")):
        text = MODELINE + path.read_text(encoding="utf-8").partition("\n")[2]
        assert server.open(f"shipped-{path.name}", text)[1] == [], path.name
