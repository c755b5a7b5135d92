"""Standard streams as a shell, a CI or a cron job leaves them: closed, or in an encoding that lacks signs."""

from __future__ import annotations

import subprocess
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.support.command import COMMAND, environment, scorefile
from tests.support.desks import posix_only
from tests.support.long import sampled

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = "version: 1\njobs: {a: {model: local/sketch, prompt: café → x, params: {duration: 0.5}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("verb", ["render", "schema"])
def test_an_encoding_that_lacks_signs_ends_no_command(folder: Path, verb: str) -> None:
    env = environment({"PYTHONIOENCODING": "latin-1"})
    done = subprocess.run([*COMMAND, verb], cwd=folder, env=env, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u" in done.stdout


@posix_only("a shell of POSIX closes them")
@pytest.mark.sampled
@pytest.mark.parametrize(
    ("verb", "closed"),
    sampled(
        [("render", ">&-"), ("run --yes", "<&- >&- 2>&-")],
        [*product(["render", "status", "run --yes"], ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])],
    ),
)
def test_a_closed_stream_is_no_error_and_no_file_gets_its_number(folder: Path, verb: str, closed: str) -> None:
    line = f"exec {' '.join(COMMAND)} {verb} {closed}"
    done = subprocess.run(["sh", "-c", line], cwd=folder, env=environment(), capture_output=True, timeout=60)
    assert done.returncode == 0, done
    assert b"unexpected" not in done.stderr
    again = scorefile("doctor", "--state", cwd=folder)
    assert again.code == 0, again


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "--lock-timeout", "nan"], "'nan' is not a number of seconds"),
        (["run", "--lock-timeout", "-1"], "-1.0 is not in the range x>=0"),
        (["plan", "--shard", "1/" + "9" * 5000], "--shard 1/99999999999999999999999999999999999999 is not I/N"),
    ],
)
def test_a_number_that_is_none_is_a_wrong_command_line(folder: Path, words: list[str], told: str) -> None:
    done = scorefile(*words, cwd=folder)
    assert done.code == 2, done
    assert told in done.err
