"""`adopt`: an edited output is kept, its job imports it, and nothing else in the pipeline's text changes."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from runner.pipeline.edit import EditRefusedError
from runner.pipeline.edit.adopt import Adoption, adopt
from tests.support.command import Done, scorefile

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "# the game\nversion: 1\ndefaults: {model: local/sketch, params: {duration: 0.5}}   # short\njobs:\n"
NOTE = 'rights: "edited by hand from take 1 of title (local/sketch, '


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pipeline of one sketch, which was made and then edited."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "scorefile.yaml").write_text(HEAD + "  title: {prompt: calm, labels: [menu]}   # the menu\n")
    made(folder)
    sound(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Path:
    return shutil.copytree(template, tmp_path, dirs_exist_ok=True)


def made(folder: Path) -> None:
    done = scorefile("run", "-q", cwd=folder)
    assert done.code == 0, done


def sound(folder: Path, level: float = 0.1, name: str = "audio/title.wav") -> bytes:
    """Write another sound over an output, and return it."""
    soundfile.write(folder / name, np.full((4_000, 1), level), 8_000)
    return (folder / name).read_bytes()


def adopted(folder: Path, *words: str, code: int = 0) -> Done:
    done = scorefile("adopt", *(words or ("title",)), cwd=folder)
    assert done.code == code, done
    return done


def text(folder: Path) -> str:
    return (folder / "scorefile.yaml").read_text()


def test_the_job_imports_what_was_edited_and_is_up_to_date_after_a_run(folder: Path) -> None:
    edited = (folder / "audio" / "title.wav").read_bytes()
    blocked = scorefile("run", cwd=folder)
    assert blocked.code == 5
    assert "scorefile adopt keeps it" in blocked.out + blocked.err
    done = adopted(folder)
    assert done.err.startswith("title imports adopted/title.wav now, the edited audio/title.wav\n")
    assert "help: commit adopted/title.wav; scorefile run enters it into the lock, at no cost" in done.err
    assert (folder / "adopted" / "title.wav").read_bytes() == edited
    made(folder)
    assert (folder / "audio" / "title.wav").read_bytes() == edited
    assert scorefile("run", cwd=folder).out.startswith("nothing to do")
    assert scorefile("verify", cwd=folder).code == 0


def test_the_text_around_the_job_stays(folder: Path) -> None:
    adopted(folder)
    first, last = text(folder).split(NOTE)
    assert first == HEAD + "  title: {model: local/import, params: {file: adopted/title.wav, "
    assert last[12:] == ')"}, labels: [menu]}   # the menu\n'


def test_a_note_on_rights_is_kept_word_for_word(folder: Path) -> None:
    note = 'ours: "all" of it # 100 % — ñ'
    adopted(folder, "title", "--rights", note)
    data = scorefile("render", "--format", "json", cwd=folder).json
    assert data["requests"][0]["params"]["rights"] == note


def test_a_file_that_is_edited_again_is_adopted_again_to_the_same_path(folder: Path) -> None:
    adopted(folder, "title", "--rights", "ours")
    made(folder)
    again = sound(folder, 0.2)
    adopted(folder)
    assert (folder / "adopted" / "title.wav").read_bytes() == again
    assert "rights: ours" in text(folder).replace('"', "")
    assert [path.name for path in (folder / "adopted").iterdir()] == ["title.wav"]
    made(folder)


def test_another_file_of_that_name_is_left_alone(folder: Path) -> None:
    (folder / "adopted").mkdir()
    mine = sound(folder, 0.7, "adopted/title.wav")
    adopted(folder)
    assert (folder / "adopted" / "title.wav").read_bytes() == mine
    assert "file: adopted/title-2.wav" in text(folder)


def test_what_was_made_before_is_restored_with_the_text_from_before(folder: Path) -> None:
    before = text(folder)
    adopted(folder)
    made(folder)
    (folder / "scorefile.yaml").write_text(before)
    made(folder)
    assert scorefile("run", cwd=folder).out.startswith("nothing to do")


def test_a_file_that_somebody_put_at_an_output_is_adopted_alike(folder: Path) -> None:
    (folder / "scorefile.yaml").write_text(text(folder) + "  war: {prompt: drums}\n")
    sound(folder, 0.3, "audio/war.wav")
    adopted(folder, "war")
    assert 'war: {model: local/import, params: {file: adopted/war.wav, rights: "made by hand for war"}}' in text(folder)


def test_a_finished_take_is_not_finished_again(folder: Path) -> None:
    (folder / "scorefile.yaml").write_text(text(folder).replace("{prompt", "{master: {fade_out: 0.1}, prompt"))
    (folder / "audio" / "title.wav").unlink()
    made(folder)
    edited = sound(folder, 0.2)
    adopted(folder)
    assert "master: false" in text(folder)
    made(folder)
    assert (folder / "audio" / "title.wav").read_bytes() == edited


def test_a_cell_of_a_matrix_is_refused_with_what_to_write(folder: Path) -> None:
    cells = HEAD + "  title: {prompt: calm, matrix: {heat: [low, high]}}\n"
    (folder / "scorefile.yaml").write_text(cells)
    made(folder)
    sound(folder, 0.2, "audio/title@low.wav")
    done = adopted(folder, "title@low", code=2)
    assert "title@low is a cell of a matrix, whose cells share one block in scorefile.yaml" in done.err
    own = re.search(r"add this job: (title-low: \{.*\})$", done.err, re.MULTILINE)
    assert own, done
    assert own[1].startswith("title-low: {model: local/import, params: {file: adopted/title-low.wav, rights: ")
    steps = "help: copy audio/title@low.wav to adopted/title-low.wav, write exclude: [{heat: low}] into the matrix of title, and add"
    assert steps in done.err
    assert "help: name one of its cells: title@low, title@high" in adopted(folder, "title", code=2).err
    assert text(folder) == cells
    assert not (folder / "adopted").exists()
    edited = (folder / "audio" / "title@low.wav").read_bytes()
    (folder / "adopted").mkdir()
    (folder / "adopted" / "title-low.wav").write_bytes(edited)
    (folder / "scorefile.yaml").write_text(cells.replace("high]", "high], exclude: [{heat: low}]") + f"  {own[1]}\n")
    made(folder)
    assert (folder / "audio" / "title@low.wav").read_bytes() == edited
    assert scorefile("verify", cwd=folder).code == 0
    assert scorefile("run", cwd=folder).out.startswith("nothing to do")


def test_a_profile_that_says_something_else_of_the_job_refuses_it(folder: Path) -> None:
    over = "profiles: {loud: {jobs: {title: {prompt: loud}}}}\nprofile: loud\n"
    (folder / "scorefile.yaml").write_text(over + text(folder))
    (folder / "audio" / "title.wav").unlink()
    made(folder)
    sound(folder, 0.2)
    before = text(folder)
    done = adopted(folder, code=3)
    assert "title cannot be adopted in scorefile.yaml: local/import has no parameter prompt" in done.err
    assert text(folder) == before
    assert list((folder / "adopted").iterdir()) == []


@pytest.mark.parametrize(
    ("job", "said"), [("titel", "there is no job titel"), ("title", "the output of title was not edited")]
)
def test_what_is_not_edited_is_not_adopted(folder: Path, job: str, said: str) -> None:
    (folder / "audio" / "title.wav").unlink()
    made(folder)
    assert said in adopted(folder, job, code=2).err


def test_what_was_done_is_told_as_json(folder: Path) -> None:
    data = adopted(folder, "title", "--format", "json").json
    assert (data["job"], data["output"], data["adopted"]) == ("title", "audio/title.wav", "adopted/title.wav")


# ---------------------------------------------------------------- the text

ADOPTION = Adoption(file="adopted/title.wav", rights="ours", unfinished=False)
WRITTEN = 'model: local/import\n    params: {file: adopted/title.wav, rights: "ours"}\n'
KEPT = "    # before\n    labels: [menu]   # beside\n\n    # after\n    needs: war\n"


@pytest.mark.parametrize(
    "block",
    [
        "    prompt: calm   # gone with its line\n" + KEPT,
        "    prompt: |\n      calm\n\n      piano\n" + KEPT,
        "    prompt: >-\n      calm\n      piano\n    params:\n      bpm: 90\n      # inside\n      seed: 7\n" + KEPT,
        '    prompt: "calm\n      piano"\n    params: {bpm: 90,\n      seed: 7}\n' + KEPT,
        "    inputs:\n    - job: war\n    - {file: a.wav}\n    model: local/mix\n" + KEPT,
    ],
)
def test_the_lines_that_ask_for_audio_go_and_all_others_stay(block: str) -> None:
    before = f"jobs:\n  war: {{prompt: drums}}\n  title:\n{block}  # the end\n  last: {{prompt: x}}\n"
    after = f"jobs:\n  war: {{prompt: drums}}\n  title:\n    {WRITTEN}{KEPT}  # the end\n  last: {{prompt: x}}\n"
    assert adopt(before, "a.yaml", "title", ADOPTION) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("jobs:\n  title:\n", f"jobs:\n  title:\n    {WRITTEN}"),
        ("jobs:\n  title:   # plain\n  war: {}\n", f"jobs:\n  title:   # plain\n    {WRITTEN}  war: {{}}\n"),
        ("jobs: {title: {prompt: calm}}", 'jobs: {title: {model: local/import, params: {file: adopted/title.wav, rights: "ours"}}}'),
        ("jobs:\n  title:\n    labels: [a]", f"jobs:\n  title:\n    {WRITTEN}    labels: [a]"),
    ],
)  # fmt: skip
def test_a_job_is_changed_however_it_is_written(before: str, after: str) -> None:
    assert adopt(before, "a.yaml", "title", ADOPTION) == after


def test_line_ends_of_windows_stay() -> None:
    before = "jobs:\r\n  title:\r\n    prompt: calm\r\n    labels: [a]\r\n"
    after = adopt(before, "a.yaml", "title", ADOPTION)
    assert after.count("\r\n") == after.count("\n") == 5


@pytest.mark.parametrize(
    "before",
    [
        "jobs:\n  base: &base {prompt: calm}\n  title: *base\n",
        "jobs:\n  title: {prompt: calm,   # a comment\n    labels: [a]}\n",
        "jobs:\n  title:\n    prompt: &text calm\n    labels: [a]\n  war: {prompt: *text}\n",
    ],
)
def test_what_cannot_be_changed_without_loss_is_refused(before: str) -> None:
    with pytest.raises(EditRefusedError, match=r"title cannot be changed in a\.yaml: "):
        adopt(before, "a.yaml", "title", ADOPTION)


def test_the_lock_keeps_the_take_that_was_edited(folder: Path) -> None:
    """A paid one: here the entry of a lock is given a receipt by hand."""
    lock = folder / "scorefile.lock"
    data = json.loads(lock.read_text())
    (item,) = data["jobs"]["title"]["submissions"]
    item["receipt"] = {"request_id": "x_1", "price_usd": "0.10", "submitted_at": "2026-11-20T12:00:00Z"}
    del item["sum"]
    lock.write_text(json.dumps(data))
    adopted(folder)
    made(folder)
    kept = json.loads(lock.read_text())["jobs"]["title"]["submissions"]
    assert sorted(entry["model"] for entry in kept) == ["local/import", "local/sketch"]
