"""The README shows what the program prints: its commands are run, and their output is what stands there but for times."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.behaviour.integrations.test_docs import BLOCK
from tests.support.catalog import ROOT
from tests.support.command import Done, scorefile, scorefile_from_its_start
from tests.support.long import LONG, sampled

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SAMPLES = [block["text"].splitlines() for block in BLOCK.finditer(README) if block["kind"] == "console"]
DEMO, START = SAMPLES
PROGRESS = re.compile(r" +[0-9.]+s  (?P<event>\S+  .+)")
TIME = re.compile(r"\bin [0-9.]+ (s|min)\b")
LOUDNESS = re.compile(r" +-?[0-9]+\.[0-9](?=  (\$|unknown))")


def recipe(target: str) -> list[str]:
    """Return the command lines of a target of the Makefile, without its own words for them."""
    block = re.search(rf"^{re.escape(target)}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert block is not None
    return [line.strip().removeprefix("@").replace("$(BIN)/", "") for line in block[1].splitlines()]


def shows(sample: list[str], printed: list[str]) -> bool:
    """Say whether `printed` is what `sample` shows, where a line of `…` stands for any lines."""
    if not sample:
        return not printed
    first, *rest = sample
    if first == "…":
        return any(shows(rest, printed[start:]) for start in range(len(printed) + 1))
    return bool(printed) and first == printed[0] and shows(rest, printed[1:])


def timeless(text: str) -> list[str]:
    """Return the lines without what differs from run to run; where tones stand for the composition, without their loudness."""
    lines = [TIME.sub("in 9 s", line) for line in text.splitlines()]
    return lines if LONG else [re.sub(r" {2,}", "  ", LOUDNESS.sub("  0.0", line)) for line in lines]


def comment(line: str) -> str:
    return line.partition("#")[2].strip()


@pytest.mark.sampled
def test_the_sample_of_make_demo_is_what_it_prints(tmp_path: Path) -> None:
    command, installing, packages, *sample = DEMO
    assert packages == "…"
    assert command == "$ make demo"
    assert installing == "installing what running needs into .venv (once)"
    assert 'echo "installing what running needs into $(VENV) (once)"' in MAKEFILE
    (line,) = recipe("demo")
    program, *words = line.split()
    shutil.copytree(
        ROOT / "pipelines", tmp_path / "pipelines", ignore=shutil.ignore_patterns(".scorefile", "scorefile-rehearsal")
    )

    run = sampled(scorefile, scorefile_from_its_start)
    done = run(*words, cwd=tmp_path)

    assert (program, done.code) == ("scorefile", 0), done
    progress = [found for found in map(PROGRESS.fullmatch, sample) if found]
    printed = {found["event"] for found in map(PROGRESS.fullmatch, done.err.splitlines()) if found}
    assert len(progress) >= 2, "the sample shows progress"
    assert [found["event"] for found in progress if found["event"] not in printed] == []
    last = max(number for number, line in enumerate(sample) if PROGRESS.fullmatch(line))
    table = timeless("\n".join(sample[last + 1 :]))
    assert shows(table, timeless(done.out)), done.out


def test_the_first_steps_do_what_their_comments_say(tmp_path: Path) -> None:
    install, init, first, second = START
    assert install.startswith("$ pip install .")
    assert init.split("#")[0].split() == ["$", "scorefile", "init", "night", "&&", "cd", "night"]
    assert {line.split("#")[0].strip() for line in (first, second)} == {"$ scorefile run"}

    begun = scorefile("init", "night", cwd=tmp_path)
    made = scorefile("run", cwd=tmp_path / "night")
    again = scorefile("run", cwd=tmp_path / "night")

    assert [done.code for done in (begun, made, again)] == [0, 0, 0], (begun, made, again)
    for name in comment(first).split(", "):
        assert (tmp_path / "night" / name).exists(), name
    assert said(again) == [comment(second)]


def said(done: Done) -> list[str]:
    return [line for line in (done.out + done.err).splitlines() if line]


def test_a_sample_that_differs_in_one_line_would_be_seen() -> None:
    assert shows(["a", "…", "c"], ["a", "b", "b", "c"])
    assert shows(["a", "…", "c"], ["a", "c"])
    assert not shows(["a", "…", "c"], ["a", "b", "d"])
    assert not shows(["a"], ["a", "b"])
    assert not shows(["a", "b"], ["a"])
