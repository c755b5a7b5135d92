"""Ids that a person tells: whose they are already, which request they are of, and that a wrong one can be replaced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support import locks
from tests.support.machines import command, counts, forget_state, has_music_of, ids, lock_of, made, write
from tests.support.recorder import Recorder, Says, recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project import Project

SILENT = "submit=paid:rst"


@pytest.fixture
def speaker() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


def in_doubt(project: Project, stem: str, piece: str, script: str = "") -> str:
    """Leave an unknown payment in a pipeline of its own, and return the id that belongs to it."""
    write(project, {"a": piece}, f"{SILENT} {script}".strip())
    (project.folder / "trial.yaml").rename(project.folder / f"{stem}.yaml")
    assert command(project, "run", f"{stem}.yaml", "--yes").code == 8
    (id_,) = ids(project, piece)
    return id_


# ---------------------------------------------------------------- one holder for each id, in all pipelines


@pytest.mark.sampled(2)
@pytest.mark.parametrize("known", ["settled", "made"])
@pytest.mark.parametrize("state", [True, False], ids=["with state", "lock alone"])
def test_attack_15_an_id_of_another_pipeline_is_refused(project: Project, known: str, state: bool) -> None:
    first = in_doubt(project, "one", "p1")
    assert command(project, "resolve", "one.yaml", "a", "--id", first).code == 0
    if known == "made":
        assert command(project, "run", "one.yaml", "--yes").code == 0
        (project.folder / "audio").rename(project.folder / "audio-of-one")
    if not state:
        forget_state(project)
    second = in_doubt(project, "two", "p2")
    done = command(project, "resolve", "two.yaml", "a", "--id", first)
    assert done.code == 2, done
    assert f"{first} is the receipt of a submission of the pipeline one already" in done.err
    assert command(project, "resolve", "two.yaml", "a", "--id", second).code == 0


def test_an_id_that_only_the_journal_of_another_pipeline_knows_is_refused(project: Project) -> None:
    first = in_doubt(project, "one", "p1")
    assert command(project, "resolve", "one.yaml", "a", "--id", first).code == 0
    (project.folder / "one.lock").unlink()
    in_doubt(project, "two", "p2")
    done = command(project, "resolve", "two.yaml", "a", "--id", first)
    assert (done.code, "of the pipeline one already" in done.err) == (2, True), done


def test_an_id_in_a_state_folder_that_two_projects_share_is_refused(project: Project) -> None:
    project.env["SCOREFILE_STATE_DIR"] = str(project.folder.with_name("shared-state"))
    first = in_doubt(project, "one", "p1")
    assert command(project, "resolve", "one.yaml", "a", "--id", first).code == 0
    elsewhere = project.folder.with_name("elsewhere")
    elsewhere.mkdir()
    write(project, {"a": "p2"}, SILENT)
    (project.folder / "trial.yaml").rename(elsewhere / "two.yaml")
    assert command(project, "run", "two.yaml", "--yes", cwd=elsewhere).code == 8
    done = command(project, "resolve", "two.yaml", "a", "--id", first, cwd=elsewhere)
    assert (done.code, "of the pipeline one already" in done.err) == (2, True), done


@pytest.mark.sampled(2)
@pytest.mark.parametrize("broken", ["lock", "journal"])
def test_a_neighbour_that_cannot_be_read_keeps_no_id_from_being_told(project: Project, broken: str) -> None:
    first = in_doubt(project, "one", "p1")
    assert command(project, "resolve", "one.yaml", "a", "--id", first).code == 0
    damaged = project.folder / {"lock": "one.lock", "journal": ".scorefile/pipelines/one/journal.db"}[broken]
    damaged.write_text("no longer what it was")
    (project.folder / "poetry.lock").write_text("[[package]]\nname = 'click'\n")
    second = in_doubt(project, "two", "p2")
    done = command(project, "resolve", "two.yaml", "a", "--id", first)
    assert (done.code, "of the pipeline one already" in done.err) == (2, True), "the other copy still holds it"
    assert command(project, "resolve", "two.yaml", "a", "--id", second).code == 0


# ---------------------------------------------------------------- a wrong id can be replaced


@pytest.mark.sampled(2)
@pytest.mark.parametrize("fetched", [True, False], ids=["after its audio came", "at once"])
def test_attack_15_a_wrong_id_can_be_replaced_at_any_time(project: Project, fetched: bool) -> None:
    wrong = in_doubt(project, "another", "p0")
    for path in project.folder.glob("another.*"):
        path.unlink()
    forget_state(project)
    right = in_doubt(project, "trial", "p1")
    assert project.run("resolve", "a", "--id", wrong).code == 0
    if fetched:
        made(project)
        assert has_music_of(project, "a", "p0")
    done = project.run("resolve", "a", "--id", right)
    assert done.code == 0, done
    made(project)
    assert has_music_of(project, "a", "p1")
    assert counts(project, "p1") == [1]
    assert right in locks.receipts(lock_of(project))
    assert project.run("plan", "--locked").code == 0


def test_an_id_that_was_replaced_after_its_audio_came_is_free_for_the_job_that_it_belongs_to(project: Project) -> None:
    write(project, {"a": "p1", "b": "p2"}, SILENT)
    assert project.run().code == 8
    (mine,), (other,) = ids(project, "p1"), ids(project, "p2")
    assert project.run("resolve", "a", "--id", other).code == 0
    assert project.run("run", "--yes", "a").code == 0
    assert project.run("resolve", "b", "--id", other).code == 2
    assert project.run("resolve", "a", "--id", mine).code == 0
    assert project.run("run", "--yes", "a").code == 0
    assert project.run("resolve", "b", "--id", other).code == 0
    made(project)
    assert has_music_of(project, "a", "p1")
    assert has_music_of(project, "b", "p2")
    assert counts(project, "p1", "p2") == [1, 1]


def test_an_id_that_the_provider_gave_is_final_after_its_audio_came(project: Project) -> None:
    write(project, {"a": "p1"})
    made(project)
    done = project.run("resolve", "a", "--id", "tracks_other")
    assert (done.code, "a has no submission with an unknown payment status" in done.err) == (2, True), done


# ---------------------------------------------------------------- the answer names its request


def test_attack_15_an_id_of_another_model_is_not_taken(project: Project) -> None:
    write(project, {"a": "p1"}, f"{SILENT} model=tracks")
    assert project.run().code == 8
    (id_,) = ids(project, "p1")
    done = project.run("resolve", "a", "--id", id_)
    assert done.code == 2, done
    assert f"{id_} is the job of another request: Pixazo says that its model is tracks, not lyria-3-pro" in done.err
    assert project.run().code == 8


def test_attack_15_an_id_of_another_prompt_is_not_taken(project: Project) -> None:
    project.use_schemas(model={"x-scorefile": {"media_types": ["audio/wav"]}}, name="pixverse/music-2.6")
    project.settings = {"defaults": {"model": "pixverse/music-2.6"}}
    write(project, {"a": "p1", "b": "p2"}, SILENT)
    assert project.run().code == 8
    (mine,), (other,) = ids(project, "p1"), ids(project, "p2")
    done = project.run("resolve", "a", "--id", other)
    assert done.code == 2, done
    assert "that id is the job of another request: PixVerse by useapi.net says that its prompt is 'name=" in done.err
    assert project.run("resolve", "a", "--id", mine).code == 0
    assert project.run("resolve", "b", "--id", other).code == 0
    made(project)
    assert has_music_of(project, "a", "p1")
    assert has_music_of(project, "b", "p2")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("named", ["LYRIA-3-PRO", "lyria-3-pro"])
def test_an_id_of_the_same_model_is_taken(project: Project, named: str) -> None:
    write(project, {"a": "p1"}, f"{SILENT} model={named}")
    assert project.run().code == 8
    (id_,) = ids(project, "p1")
    assert project.run("resolve", "a", "--id", id_).code == 0
    made(project)
    assert has_music_of(project, "a", "p1")


def test_a_run_takes_no_audio_of_a_told_id_whose_job_is_another_requests(project: Project) -> None:
    write(project, {"a": "p1"}, f"{SILENT} model=tracks")
    assert project.run().code == 8
    (id_,) = ids(project, "p1")
    key = project.env.pop("PIXAZO_API_KEY", project.canary.environ["PIXAZO_API_KEY"])
    project.env["PIXAZO_API_KEY"] = ""
    assert project.run("resolve", "a", "--id", id_).code == 0, "without a key nothing can be asked"
    project.env["PIXAZO_API_KEY"] = key
    for _ in range(2):
        done = project.run()
        assert done.code == 5, done
        assert f"{id_} is the job of another request: Pixazo says that its model is tracks" in done.out
        assert "scorefile resolve trial.yaml a --id ID" in done.out
    assert project.audio("a") is None
    assert counts(project, "p1") == [1]


def test_an_id_that_the_provider_itself_gave_is_not_doubted(project: Project) -> None:
    write(project, {"a": "p1"}, "model=tracks")
    made(project)
    assert has_music_of(project, "a", "p1")


# ---------------------------------------------------------------- the raw answer


def test_attack_15_resolve_shows_the_start_of_the_raw_answer_clean_and_redacted(
    project: Project, speaker: Recorder
) -> None:
    key = project.canary.environ["PIXAZO_API_KEY"]
    said = (
        f'{{"request_id": "lost_4711", "note": "\x1b[31mred\x1b[0m {key}\u202e", "x": "{"y" * 400}end", "status": "QUE'
    )
    speaker.say("*", Says(status=202, body=said.encode()))
    write(project, {"a": "p1"})
    project.env["SCOREFILE_PIXAZO_BASE_URL"] = speaker.url
    assert project.run().code == 8
    done = project.run("resolve")
    line = next(line for line in done.out.splitlines() if "lost_4711" in line)
    assert line.startswith("  Pixazo answered 202 at 20")
    assert 'Z (from the journal): {"request_id": "lost_4711", "note": "' in line
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err
    assert key not in done.out + done.err
    assert "end" not in line, "300 characters are shown"
    (item,) = json.loads(project.run("resolve", "--format", "json").out)["submissions"]
    assert item["answer"]["status"] == 202
    assert item["answer"]["start"].startswith('{"request_id": "lost_4711"')
    assert len(item["answer"]["start"]) <= 300


def test_resolve_shows_no_answer_where_none_came(project: Project) -> None:
    write(project, {"a": "p1"}, SILENT)
    assert project.run().code == 8
    assert "answered" not in project.run("resolve").out
    (item,) = json.loads(project.run("resolve", "--format", "json").out)["submissions"]
    assert item["answer"] is None
