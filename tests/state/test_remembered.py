"""The file that keeps an answer: only what was written here, by this program, for these words, is an answer."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.state.files.seen import entries, seen, seen_in
from runner.state.remembered import NAME, answer, compose, numbers
from tests.support.desks import posix_only
from tests.support.long import sampled

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = posix_only("Windows has no time of the last change")
WORDS = ["run", "night.yaml"]
ENV = {"HOME": "/home/composer"}
TEXT = b"nothing to do: 2 jobs up to date\n"


def keep(folder: Path, *, name: str = "night", moment_ns: int = 0, words: list[str] = WORDS) -> Path:
    """Keep an answer about a pipeline with two outputs, and return its file."""
    state = folder / ".scorefile" / "pipelines" / name
    (folder / "audio").mkdir(exist_ok=True)
    for file in (f"{name}.yaml", f"{name}.lock", "audio/one.wav", "two.wav"):
        if not (folder / file).exists():
            (folder / file).write_text(file)
    state.mkdir(parents=True, exist_ok=True)
    (state / "journal.db").write_text("rows")
    pipeline = os.fsencode(folder / f"{name}.yaml")
    sections = [
        [TEXT, str(moment_ns).encode()],
        [pipeline, os.fsencode(folder / f"{name}.lock")],
        [os.fsencode(folder / ".git")],
        [os.fsencode(folder / ".scorefile")],
        [os.fsencode(state), b"journal.db"],
        [os.fsencode(folder)],
        [b".", b"two.wav"],
        [b"audio", b"one.wav"],
    ]
    (state / NAME).write_bytes(compose(words, ENV, sections, numbers(sections), pipeline=pipeline))
    return state / NAME


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return keep(tmp_path)


def test_an_answer_is_given_again(kept: Path) -> None:
    assert kept.exists()
    assert answer(WORDS, ENV) == TEXT


def test_an_answer_is_found_among_all_files_that_are_named(kept: Path, tmp_path: Path) -> None:
    words = ["run", "--var-file", "vars.yaml", "night.yaml"]
    keep(tmp_path, words=words)
    assert kept.exists()
    assert answer(words, ENV) == TEXT


def test_a_pipeline_that_is_not_named_is_found_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    keep(tmp_path, name="scorefile", words=["run"])
    assert answer(["run"], ENV) == TEXT
    (below.parent / "scorefile.yml").touch()
    assert answer(["run"], ENV) is None


@pytest.mark.sampled
@settings(max_examples=sampled(60, 200), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_file_is_no_answer(kept: Path, data: st.DataObject) -> None:
    whole = kept.read_bytes()
    place, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    damaged = bytearray(whole)
    damaged[place] ^= 1 << bit
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(whole) - 1)))
    try:
        kept.write_bytes(bytes(damaged) if cut is None else whole[:cut])
        assert answer(WORDS, ENV) is None
    finally:
        kept.write_bytes(whole)
    assert answer(WORDS, ENV) == TEXT


@pytest.mark.sampled
@settings(max_examples=sampled(30, 100), deadline=None, suppress_health_check=list(HealthCheck))
@given(rest=st.binary(max_size=300))
def test_foreign_bytes_are_no_answer(kept: Path, rest: bytes) -> None:
    whole = kept.read_bytes()
    try:
        for data in (rest, whole[:28] + rest, whole[:108] + rest):
            kept.write_bytes(data)
            assert answer(WORDS, ENV) is None
    finally:
        kept.write_bytes(whole)


def test_a_file_of_another_version_is_no_answer(kept: Path) -> None:
    kept.write_bytes(kept.read_bytes().replace(b"to do, 1\n", b"to do, 2\n", 1))
    assert answer(WORDS, ENV) is None


def test_a_file_that_came_with_a_copy_of_the_project_is_no_answer(kept: Path, tmp_path: Path) -> None:
    """A copy has the same names and times, but other inodes: so has whatever a repository brings."""
    pipeline = tmp_path / "night.yaml"
    times = pipeline.stat()
    copy = tmp_path / "copy"
    copy.write_bytes(pipeline.read_bytes())
    copy.replace(pipeline)
    os.utime(pipeline, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert kept.exists()
    assert answer(WORDS, ENV) is None


def test_a_clock_that_was_set_back_ends_an_answer(tmp_path: Path, kept: Path) -> None:
    keep(tmp_path, moment_ns=time.time_ns() + 3600 * 10**9)
    assert kept.exists()
    assert answer(WORDS, ENV) is None


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "nothing"])
def test_what_is_no_file_is_no_answer(kept: Path, tmp_path: Path, kind: str) -> None:
    kept.rename(tmp_path / "moved")
    match kind:
        case "link":
            kept.symlink_to(tmp_path / "moved")
        case "folder":
            kept.mkdir()
        case "pipe":
            os.mkfifo(kept)
    assert answer(WORDS, ENV) is None


@pytest.mark.parametrize(
    "words",
    [[], ["plan", "night.yaml"], ["run"], ["run", "other.yaml"], ["run", "night.yaml", "-q"], ["run", "\0.yaml"]],
)
def test_other_words_have_no_answer(kept: Path, words: list[str]) -> None:
    assert kept.exists()
    assert answer(words, ENV) is None


def test_another_environment_has_no_answer(kept: Path) -> None:
    assert kept.exists()
    assert answer(WORDS, {**ENV, "EDITOR": "ed"}) is None
    assert answer(WORDS, {**ENV, "COLUMNS": "80"}) == TEXT


def test_files_are_seen_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "one.wav").write_text("audio")
    (tmp_path / "link").symlink_to("real")
    root = os.fsencode(tmp_path)
    assert seen_in(root, b"real", [b"one.wav"]) == list(seen(root + b"/real/one.wav"))
    for folder in (b"link", b"missing", b"real/one.wav"):
        with pytest.raises(OSError, match=folder.decode().rpartition("/")[2]):
            seen_in(root, folder, [b"one.wav"])
    assert seen(root + b"/real/one.wav/below") == seen(root + b"/nothing") == (0, 0, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="a link"):
        entries(root)
    assert entries(root + b"/real") == [b"one.wav"]
    assert entries(root + b"/nothing") == []
