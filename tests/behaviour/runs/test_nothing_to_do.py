"""The remembered answer of a run with nothing to do: instant, and never given when the whole way would say something else."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.cli.main import call
from runner.state import agreement, hashes
from runner.state.remembered import HEAD, NAME, answer
from runner.state.trust import TrustStore
from tests.support.catalog import ROOT, SCHEMAS
from tests.support.command import COMMAND, environment
from tests.support.desks import posix_only

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = posix_only("Windows has no time of the last change")

PIPELINE = """\
version: 1
name: trial
include: shared.yaml
vars: {weather: misty}
env: [TONE]
defaults:
  model: local/sketch
  params: {duration: 1}
jobs:
  title: {prompt: {file: texts/title.txt}, output: "audio/{{ job.id }}"}
  battle: {prompt: "{{ mood }} drums, {{ env.TONE }}", output: "audio/low/{{ job.id }}"}
  shop: {prompt: "{{ weather }} accordion", output: "{{ job.id }}"}
"""
WORDS = ("run", "trial.yaml", "--var-file", "vars.yaml")
DONE = "nothing to do: 3 jobs up to date\n"
PATIENCE_S = 20.0
SETTLED_S = 0.05
_SERIAL = itertools.count()


@dataclass(kw_only=True)
class Trial:
    """A pipeline with a part of each kind, at work in this process."""

    folder: Path
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    words: tuple[str, ...] = WORDS

    def at(self, path: str) -> Path:
        return self.folder / path

    @property
    def kept(self) -> Path:
        return self.at(f".scorefile/pipelines/trial/{NAME}")

    def remembered(self) -> str | None:
        """Return the remembered answer."""
        said = answer(list(self.words), os.environ)
        return None if said is None else said.decode()

    def run(self) -> tuple[int, str]:
        """Go the whole way."""
        self.capsys.readouterr()
        code = call(list(self.words))
        return code, self.capsys.readouterr().out

    def settle(self) -> None:
        """Run until an answer is remembered: files just written are not settled, nor is a program just installed."""
        until = time.monotonic() + PATIENCE_S
        while self.remembered() is None:
            assert time.monotonic() < until, self.run()
            time.sleep(SETTLED_S)
            self.run()


def write(folder: Path) -> None:
    """Write every file of the pipeline."""
    (folder / "texts").mkdir(parents=True)
    (folder / "trial.yaml").write_text(PIPELINE)
    (folder / "shared.yaml").write_text("version: 1\nvars: {mood: calm}\n")
    (folder / "vars.yaml").write_text("weather: rainy\n")
    (folder / "texts" / "title.txt").write_text("low brass")
    models = folder / "schemas" / "models" / "local"
    models.mkdir(parents=True)
    shutil.copy(SCHEMAS / "models" / "local" / "sketch.json", models / "own.json")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the pipeline was run."""
    folder = tmp_path_factory.mktemp("made") / "game"
    write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TONE", "deep")
        assert call([*WORDS, "-q"]) == 0
    return folder


@pytest.fixture
def trial(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Trial:
    folder = tmp_path / "game"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TONE", "deep")
    return Trial(folder=folder, patch=monkeypatch, capsys=capsys)


# ---------------------------------------------------------------- what is changed


def same_size(path: str, old: str, new: str) -> Callable[[Trial], None]:
    """Return a change of a text that leaves its size and its mtime as they were."""

    def change(trial: Trial) -> None:
        file = trial.at(path)
        before, text = file.stat(), file.read_text()
        file.write_text(text.replace(old, new) if old in text else text.replace(new, old))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    return change


def edit_output(trial: Trial) -> None:
    file = trial.at("audio/title.wav")
    before, data = file.stat(), bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap_outputs(trial: Trial) -> None:
    one, other = trial.at("audio/title.wav"), trial.at("shop.wav")
    times = one.stat().st_mtime_ns
    one.rename(trial.at("between"))
    other.rename(one)
    trial.at("between").rename(other)
    for file in (one, other):
        os.utime(file, ns=(times, times))


def link_output(trial: Trial) -> None:
    file = trial.at("shop.wav")
    file.rename(trial.at("real.wav"))
    file.symlink_to("real.wav")


def link_folder(trial: Trial) -> None:
    trial.at("audio").rename(trial.at("elsewhere"))
    trial.at("audio").symlink_to("elsewhere")


def copy_output(trial: Trial) -> None:
    """Put the same bytes there in another file."""
    file, copy = trial.at("shop.wav"), trial.at("copy.wav")
    shutil.copy2(file, copy)
    copy.replace(file)


def touch_lock(trial: Trial) -> None:
    data = json.loads(trial.at("trial.lock").read_text())
    trial.at("trial.lock").write_text(json.dumps(data))


def damage_journal(trial: Trial) -> None:
    with trial.at(".scorefile/pipelines/trial/journal.checkpoint").open("a") as file:
        file.write("99999 " + "0" * 64 + "\n")


def open_journal(trial: Trial) -> None:
    """Leave what a run leaves that is killed at work."""
    trial.at(".scorefile/pipelines/trial/journal.db-wal").write_bytes(b"")


def link_in_store(trial: Trial) -> None:
    trial.at(".scorefile/blobs/ff").symlink_to("/")


def link_state(trial: Trial) -> None:
    trial.at(".scorefile").rename(trial.at("state"))
    trial.at(".scorefile").symlink_to("state")


def add_model(trial: Trial) -> None:
    shutil.copy(trial.at("schemas/models/local/own.json"), trial.at("schemas/models/local/other.json"))


def set_secret(trial: Trial) -> None:
    """Let a prompt hold the value of a secret."""
    trial.patch.setenv("MY_TOKEN", "low brass")


def more_words(*words: str) -> Callable[[Trial], None]:
    def change(trial: Trial) -> None:
        trial.words = (*WORDS, *words)

    return change


def variable(name: str, value: str) -> Callable[[Trial], None]:
    return lambda trial: trial.patch.setenv(name, value)


def remove(path: str) -> Callable[[Trial], None]:
    return lambda trial: trial.at(path).unlink()


CHANGES: dict[str, Callable[[Trial], None]] = {
    "the pipeline": same_size("trial.yaml", "accordion", "mandoline"),
    "a text": same_size("texts/title.txt", "brass", "flute"),
    "an include": same_size("shared.yaml", "calm", "grim"),
    "a var file": same_size("vars.yaml", "rainy", "sunny"),
    "a model of the project": same_size("schemas/models/local/own.json", "Sketch", "SKETCH"),
    "a new model of the project": add_model,
    "a missing text": remove("texts/title.txt"),
    "an output": edit_output,
    "a missing output": remove("audio/low/battle.wav"),
    "two outputs": swap_outputs,
    "a copied output": copy_output,
    "an output that is a link": link_output,
    "a folder that is a link": link_folder,
    "the lock": touch_lock,
    "a missing lock": remove("trial.lock"),
    "the journal": damage_journal,
    "a missing journal": remove(".scorefile/pipelines/trial/journal.db"),
    "an open journal": open_journal,
    "a link in the store": link_in_store,
    "a link to the state": link_state,
    "a git work tree": lambda trial: trial.at(".git").mkdir(),
    "a secret": set_secret,
    "a variable of templates": variable("TONE", "high"),
    "an option's variable": variable("SCOREFILE_STRICT", "1"),
    "a rehearsal": variable("SCOREFILE_REHEARSE", "1"),
    "a format": variable("SCOREFILE_FORMAT", "json"),
    "a request for completion": variable("_SCOREFILE_COMPLETE", "bash_source"),
    "another state folder": variable("SCOREFILE_STATE_DIR", "elsewhere"),
    "an option": more_words("--force"),
    "a job": more_words("shop"),
    "a variable": more_words("--var", "weather=windy"),
    "a folder": lambda trial: trial.patch.chdir(trial.folder.parent),
    "a file with the name of a word": more_words("texts"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_the_answer_is_not_taken_from_memory(trial: Trial, what: str) -> None:
    trial.settle()
    assert trial.remembered() == DONE
    CHANGES[what](trial)
    assert trial.remembered() is None


HARMLESS: dict[str, Callable[[Trial], None]] = {
    "nothing": lambda _trial: None,
    "an output is read": lambda trial: print(len(trial.at("shop.wav").read_bytes())),
    "a file beside": lambda trial: trial.at("notes.txt").touch(),
    "a passing variable": variable("SHLVL", "7"),
    "the rehearsal": lambda _trial: print(call(["run", "--rehearse", "trial.yaml", "--var-file", "vars.yaml"])),
    "a plan": lambda _trial: print(call(["plan", "trial.yaml", "--var-file", "vars.yaml"])),
    "a status": lambda _trial: print(call(["status", "trial.yaml"])),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_an_answer_does_not_follow_from_leaves_it(trial: Trial, what: str) -> None:
    trial.settle()
    HARMLESS[what](trial)
    assert trial.remembered() == DONE


def test_a_rehearsal_has_an_answer_of_its_own(trial: Trial) -> None:
    trial.settle()
    trial.words = (*WORDS, "--rehearse")
    assert trial.remembered() is None
    trial.settle()
    assert trial.remembered() == DONE
    trial.words = WORDS
    assert trial.remembered() == DONE


def test_another_pipeline_that_could_be_meant_ends_the_answer(trial: Trial) -> None:
    for old, new in (("trial.yaml", "scorefile.yaml"), ("trial.lock", "scorefile.lock")):
        trial.at(old).rename(trial.at(new))
    trial.at(".scorefile/pipelines/trial").rename(trial.at(".scorefile/pipelines/scorefile"))
    trial.words = ("run", "--var-file", "vars.yaml")
    trial.settle()
    trial.at("scorefile.yml").touch()
    assert trial.remembered() is None


def test_a_word_that_is_taken_back_ends_the_answer(trial: Trial) -> None:
    trial.patch.setenv("XDG_CONFIG_HOME", str(trial.folder.parent / "config"))
    own_host = "providers: {pixazo: {base_url: https://music.example.com}}\n"
    trial.at("trial.yaml").write_text(PIPELINE + own_host)
    assert call(["trust", "trial.yaml", "--yes"]) == 0
    trial.settle()
    (agreed,) = TrustStore(trial.folder).folder.iterdir()
    agreed.unlink()
    assert trial.remembered() is None


WALKED = [what for what in (*CHANGES, *HARMLESS) if what != "a request for completion"]  # that leaves the process


@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.sampled_from(WALKED), min_size=4, max_size=8))
def test_a_remembered_answer_is_what_the_whole_way_says(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], steps: list[str]
) -> None:
    folder = tmp_path / str(next(_SERIAL))
    shutil.copytree(made, folder)
    with pytest.MonkeyPatch.context() as patch:
        trial = Trial(folder=folder, patch=patch, capsys=capsys)
        patch.chdir(folder)
        patch.setenv("TONE", "deep")
        trial.settle()
        for step in steps:
            try:
                (CHANGES | HARMLESS)[step](trial)
            except OSError:
                continue  # an earlier step took it away
            said = trial.remembered()
            code, out = trial.run()
            assert said is None or (0, said) == (code, out)
            assert trial.remembered() is None or trial.run() == (0, trial.remembered())


# ---------------------------------------------------------------- when nothing is remembered


def test_a_file_that_is_not_clearly_older_than_the_run_is_not_remembered(trial: Trial) -> None:
    trial.settle()
    trial.kept.unlink()
    later = time.time_ns() + 60 * 10**9
    os.utime(trial.at("shop.wav"), ns=(later, later))
    assert trial.run() == (0, DONE)
    assert not trial.kept.exists()


@pytest.mark.parametrize("words", [("--format", "json"), ("--log-file", "log.jsonl"), ("--dry-run",), ("--frozen",)])
def test_what_prints_or_writes_more_than_a_line_is_not_remembered(trial: Trial, words: tuple[str, ...]) -> None:
    trial.settle()
    trial.kept.unlink()
    trial.words = (*WORDS, *words)
    assert trial.run()[0] == 0
    assert not trial.kept.exists()


def test_a_run_with_a_warning_prints_it_again(trial: Trial) -> None:
    trial.at("trial.yaml").write_text(PIPELINE.replace("{weather: misty}", "{weather: misty, idle: 1}"))
    for _ in range(3):
        time.sleep(SETTLED_S)
        assert call(list(WORDS)) == 0
        assert "warning" in trial.capsys.readouterr().err
    assert not trial.kept.exists()


# ---------------------------------------------------------------- from its start


def from_its_start(trial: Trial, *words: str) -> subprocess.CompletedProcess[str]:
    env = environment({"TONE": "deep"})
    return subprocess.run([*COMMAND, *words], cwd=trial.folder, env=env, capture_output=True, text=True)


def test_a_command_from_its_start_remembers_and_answers(trial: Trial) -> None:
    until = time.monotonic() + PATIENCE_S
    while not trial.kept.exists() and time.monotonic() < until:
        from_its_start(trial, *WORDS)
    before = trial.kept.stat().st_mtime_ns
    done = from_its_start(trial, *WORDS)
    assert (done.returncode, done.stdout, done.stderr) == (0, DONE, "")
    assert trial.kept.stat().st_mtime_ns == before, "the whole way was gone"
    full = f"{' '.join([*COMMAND, *WORDS])} >/dev/full"
    refused = subprocess.run(["sh", "-c", full], cwd=trial.folder, env=environment({"TONE": "deep"}), stderr=-1)
    assert (refused.returncode, b"No space left" in refused.stderr) == (1, True)
    trial.at("shop.wav").unlink()
    assert "1 restored" in from_its_start(trial, *WORDS).stdout


READING = """
import os, sys
read = set()
def note(name, args):
    if name in ("open", "sqlite3.connect") and isinstance(args[0], (str, bytes)):
        read.add(os.path.abspath(os.fsdecode(args[0])))
sys.addaudithook(note)
from runner.cli.main import call
assert call(sys.argv[1:]) == 0
loaded = [module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "runner"]
sys.stderr.write("\\n".join([*filter(os.path.isfile, read), *loaded]))
"""


MEMORIES = {NAME, agreement.NAME, hashes.NAME, f"{hashes.NAME}.clock", "run.flock"}
"""Files of the state folder that only save time: each holds what it was made of, and is held against that at each use."""


def test_all_that_the_whole_way_reads_is_known_to_the_answer(trial: Trial) -> None:
    trial.settle()
    command = [sys.executable, "-P", "-c", READING, *WORDS]
    env = environment({"TONE": "deep"})
    done = subprocess.run(command, cwd=trial.folder, env=env, capture_output=True, text=True, check=True)
    ours = (str(trial.folder), str(ROOT / "runner"), str(ROOT / "schemas"))
    read = {path for path in done.stderr.split("\n") if path.startswith(ours) and "__pycache__" not in path}
    kept = trial.kept.read_bytes()[HEAD:].decode()
    _, files, _, _, (state, *journal), (root,), *outputs = (section.split("\0") for section in kept.split("\0\0"))
    known = {*files, *(f"{state}/{name}" for name in journal)}
    known |= {f"{root}/{folder}/{name}" for folder, *names in outputs for name in names}
    known |= {str(trial.kept.with_name(name)) for name in MEMORIES}
    assert read - {str(trial.at(path)) for path in known} == set()
    assert len(read) > 100


def test_no_key_is_in_the_file(trial: Trial) -> None:
    trial.patch.setenv("PIXAZO_API_KEY", "pixazo-secret-1f2e3d4c5b")
    trial.settle()
    data = trial.kept.read_bytes()
    assert b"pixazo-secret" not in data
    assert trial.kept.stat().st_mode & 0o777 == 0o600
