"""What is ours and what is whole: outputs, takes in the store, the lock's receipts, and whose state a folder holds."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.project import Project

SLOW = "poll=" + "word:QUEUED," * 6 + "done"
SKETCH = {"version": 1, "jobs": {"z": {"model": "local/sketch", "prompt": "calm"}}}


def lock_of(project: Project) -> Any:
    return json.loads((project.folder / "trial.lock").read_text())


def write_lock(project: Project, data: Any) -> None:
    """Write a lock as another program would, its submissions without their checksums."""
    for block in data["jobs"].values():
        for item in block["submissions"]:
            del item["sum"]
    (project.folder / "trial.lock").write_text(json.dumps(data))


def claim(project: Project, path: str) -> None:
    """Let the lock say that a file of the user is the take of job `a`, and that its output is elsewhere."""
    data, file = lock_of(project), project.folder / path
    (item,) = data["jobs"]["a"]["submissions"]
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    item["takes"].append(item["takes"][0] | {"number": 2, "sha256": sha256})
    item["output"] = {"path": path, "sha256": sha256}
    write_lock(project, data)


def store(project: Project) -> list[Path]:
    return sorted((project.folder / ".scorefile" / "blobs").glob("??/*"))


def output(project: Project, job: str = "a") -> Path:
    return project.folder / "audio" / f"{job}.wav"


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


# ---------------------------------------------------------------- whose file it is


def test_a_lock_cannot_name_a_file_that_is_no_audio(project: Project) -> None:
    project.write({"a": ""})
    assert project.run().code == 0
    thesis = project.folder / "thesis.txt"
    thesis.write_text("my only copy")
    claim(project, "thesis.txt")
    done = project.run()
    assert done.code == 3, done
    assert "'thesis.txt' is not a path for audio/wav" in done.err
    assert thesis.read_text() == "my only copy"


@pytest.mark.parametrize("fresh", [False, True], ids=["with its store", "fresh checkout"])
def test_a_recording_that_only_the_lock_names_is_not_removed(project: Project, fresh: bool) -> None:
    project.write({"a": ""})
    assert project.run().code == 0
    voice = project.folder / "voice.wav"
    voice.write_bytes(b"my only copy")
    claim(project, "voice.wav")
    if fresh:
        shutil.rmtree(project.folder / ".scorefile")
    done = project.run()
    assert done.code == 0, done
    assert voice.read_bytes() == b"my only copy"


def test_a_fresh_checkout_with_its_audio_reuses_it(project: Project) -> None:
    project.write({"a": "", "b": ""})
    assert project.run().code == 0
    shutil.rmtree(project.folder / ".scorefile")
    assert project.run().code == 0
    assert project.run("verify").code == 0
    assert len(project.submits()) == 2


def test_what_a_fresh_checkout_replaces_is_taken_into_the_store_first(project: Project) -> None:
    project.write({"a": ""})
    assert project.run().code == 0
    before = output(project).read_bytes()
    shutil.rmtree(project.folder / ".scorefile")
    project.write({"a": "seconds=2"})
    done = project.run()
    assert done.code == 0, done
    assert output(project).read_bytes() != before
    assert before in [path.read_bytes() for path in store(project)]


def test_outputs_that_change_places_in_a_fresh_checkout_lose_nothing(project: Project) -> None:
    project.write({"a": "", "b": ""})
    assert project.run().code == 0
    first, second = output(project, "a").read_bytes(), output(project, "b").read_bytes()
    shutil.rmtree(project.folder / ".scorefile")
    project.write_jobs({"a": {"prompt": project.prompt("b")}, "b": {"prompt": project.prompt("a")}})
    done = project.run()
    assert done.code == 0, done
    assert (output(project, "a").read_bytes(), output(project, "b").read_bytes()) == (second, first)
    assert sorted(lock_of(project)["jobs"]) == ["a", "b"]
    assert project.run("verify").code == 0
    assert len(project.submits()) == 2


# ---------------------------------------------------------------- what is whole


def halve(path: Path) -> None:
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[: len(data) // 2])


def test_half_a_take_is_never_put_at_an_output(project: Project) -> None:
    project.write({"a": ""})
    assert project.run().code == 0
    (blob,) = store(project)
    halve(blob)
    output(project).unlink()
    done = project.run()
    assert done.code == 0, done
    assert project.is_right("a")
    assert len(project.submits()) == 1, "the vendor is asked for it again, at no cost"
    assert [path.read_bytes() for path in store(project)] == [project.audio("a")]


def test_half_a_take_is_not_restored_from_a_lock_that_is_taken_as_it_is(project: Project) -> None:
    project.write({"a": ""})
    assert project.run().code == 0
    (blob,) = store(project)
    halve(blob)
    output(project).unlink()
    done = project.run("run", "--frozen")
    assert done.code == 5, done
    assert "audio/a.wav is missing, and its take is not in the store" in done.out
    assert not output(project).exists()


def test_a_good_output_is_kept_before_it_is_replaced_when_its_blob_is_damaged(project: Project) -> None:
    project.write({"a": ""})
    assert project.run().code == 0
    before = output(project).read_bytes()
    (blob,) = store(project)
    halve(blob)
    project.write({"a": "seconds=2"})
    assert project.run().code == 0
    assert blob.read_bytes() == before


@pytest.mark.sampled(2)
@pytest.mark.parametrize("left", ["nothing", "half"])
@pytest.mark.parametrize("verb", [("run", "--yes"), ("run", "--yes", "--force", "a")], ids=["run", "force"])
def test_a_take_that_is_lost_before_it_was_placed_is_fetched_again(
    project: Project, left: str, verb: tuple[str, ...]
) -> None:
    project.write({"a": "poll=" + "word:QUEUED," * 20 + "done"})
    child = project.start()
    project.vendor.wait_for(project.name("a"), method="POST")
    (project.folder / "audio").mkdir()
    (project.folder / "audio" / "a.wav").write_bytes(b"somebody else's")
    assert child.wait().code == 5, "it was fetched and not placed"
    (project.folder / "audio" / "a.wav").unlink()
    (blob,) = store(project)
    if left == "half":
        halve(blob)
    else:
        blob.unlink()
    done = project.run(*verb)
    assert done.code == 0, done
    assert project.is_right("a")
    assert len(project.submits()) == 1


# ---------------------------------------------------------------- two pipelines in one folder


def test_another_pipeline_of_the_folder_leaves_a_download_alone(project: Project) -> None:
    project.write({"a": "media=held"})
    (project.folder / "other.yaml").write_text(json.dumps(SKETCH))
    (project.folder / "other.lock").write_text('{"version": 1, "jobs": {}}')
    incoming = project.folder / ".scorefile" / "blobs" / "incoming"
    child = project.start()
    until(lambda: any(path.is_file() for path in incoming.rglob("*")))
    other = project.zygote.start(["run", "other.yaml", "--frozen"], cwd=project.folder, env=project.environ()).wait(30)
    assert other.code == 0, other
    assert any(path.is_file() for path in incoming.rglob("*")), "the download was still under way"
    project.vendor.open_gate(project.name("a"))
    assert child.wait(60).code == 0
    assert project.is_right("a")
    assert project.litter() == []


# ---------------------------------------------------------------- the plan under the run lock


def test_a_run_that_waited_is_held_to_its_budget(project: Project) -> None:
    """What costs nothing when the second run begins is to be paid for again when it gets the run lock."""
    project.write(dict.fromkeys("ab", "poll=held,word:FAILED"))
    first = project.start()
    for job in "ab":
        project.wait_for_poll(job)
    second = project.start("run", "--yes", "--lock-timeout", "30", "--max-cost", "0.10")
    project.wait_for_log("asks for the run lock")
    for job in "ab":
        project.vendor.open_gate(project.name(job))
    assert first.wait().code == 5
    done = second.wait()
    assert done.code == 6, done
    assert "this run may cost $0.16, which is over the budget of $0.10" in done.err
    assert len(project.submits()) == 2, "nothing was sent"


def test_a_locked_run_beside_a_run_is_refused_while_a_receipt_waits(project: Project) -> None:
    project.write(dict.fromkeys("ab", "poll=held,word:FAILED"))
    first = project.start()
    for job in "ab":
        project.wait_for_poll(job)
    for words in (("plan", "--locked"), ("run", "--yes", "--lock-timeout", "30", "--locked")):
        assert project.run(*words).code == 4
    assert "the lock is out of date for a, b" in project.run("run", "--locked").err
    for job in "ab":
        project.vendor.open_gate(project.name(job))
    assert first.wait().code == 5
    assert project.run("run", "--yes", "--locked").code == 4
    assert len(project.submits()) == 2, "nothing was sent"


# ---------------------------------------------------------------- one state folder


def twin(project: Project) -> Project:
    """Return another project whose pipeline has the same name."""
    return replace(project, folder=project.folder.with_name("twin"), tag=f"twin-{project.tag}")


def test_two_projects_never_share_a_journal(project: Project, tmp_path: Path) -> None:
    project.env["SCOREFILE_STATE_DIR"] = str(tmp_path / "state")
    project.write({"a": "submit=paid:500"})
    assert project.run().code == 8
    other = twin(project)
    other.write({"z": ""})
    for verb in (("plan",), ("run", "--yes"), ("status",), ("resolve", "a", "--not-charged"), ("log",)):
        done = other.run(*verb)
        assert done.code == 2, (verb, done)
        assert f"already belongs to {project.folder / 'trial.yaml'}" in done.err
        assert "SCOREFILE_STATE_DIR" in done.err
    assert other.submits() == []
    assert project.run().code == 8
    assert len(project.submits()) == 1


def test_a_checkout_that_moved_keeps_its_journal(project: Project, tmp_path: Path) -> None:
    project.env["SCOREFILE_STATE_DIR"] = str(tmp_path / "state")
    project.write({"a": "submit=paid:500"})
    assert project.run().code == 8
    moved = replace(project, folder=tmp_path / "elsewhere" / "deep")
    moved.folder.rmdir()
    project.folder.rename(moved.folder)
    assert moved.run().code == 8
    assert len(project.submits()) == 1
    project.folder.mkdir()
    project.write({"a": ""})
    assert project.run().code == 2, "it belongs to the other place now"


def test_a_copy_of_a_folder_has_a_state_of_its_own(project: Project) -> None:
    project.write({"a": ""})
    assert project.run().code == 0
    copy = replace(project, folder=project.folder.with_name("copy"))
    shutil.copytree(project.folder, copy.folder, dirs_exist_ok=True)
    assert copy.run().code == 0
    assert project.run().code == 0


# ---------------------------------------------------------------- receipts in the lock


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_a_receipt_with_a_flipped_digit_is_refused(project: Project, verb: str) -> None:
    project.write({"a": SLOW}, timeout_s=0.05)
    assert project.run().code == 5
    shutil.rmtree(project.folder / ".scorefile")
    lock = project.folder / "trial.lock"
    id_ = project.charges("a")[0]["id"]
    lock.write_text(lock.read_text().replace(id_, id_[:-1] + ("x" if id_[-1] != "x" else "y")))
    done = project.run(verb)
    assert done.code == 3, done
    assert "the block of 'a' is not valid: the submission" in done.err
    assert "was changed: its checksum does not match" in done.err
    assert len(project.submits()) == 1
