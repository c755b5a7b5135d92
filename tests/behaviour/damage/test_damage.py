"""A damaged lock or journal is refused or mended; it is never read as "nothing was made yet"."""

from __future__ import annotations

import json
import random
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.long import sampled
from tests.torture.damage import damage, flips, truncations

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project import Project

pytestmark = pytest.mark.sampled
FLIPS, CUTS = sampled((120, 20), (400, 60))
"""How many of each are tried here; `python -m tests.torture --damage` tries all."""
SCRIPTS = {"done": "", "doubt": "submit=paid:500", "waiting": "poll=word:PROCESSING"}


@pytest.fixture
def paid(project: Project) -> Project:
    """Return a project with a finished job, one in doubt and one under way, all charged once."""
    project.write(SCRIPTS, timeout_s=0.1)
    assert project.run().code == 8
    assert len(project.charges()) == 3
    return project


@pytest.fixture
def killed(project: Project) -> Project:
    """Return a project whose run was killed: its journal is still in the write-ahead log."""
    project.write(SCRIPTS)
    child = project.start(log=None)
    project.vendor.wait_for(project.name("waiting"), method="POST")
    receipt = ""
    while not receipt:
        receipt = next((row["id"] for row in project.vendor.charges(project.name("waiting"))), "")
    project.vendor.wait_for(receipt, method="GET", count=3)
    child.signal(signal.SIGKILL)
    assert child.wait().killed
    assert len(project.charges()) == 3
    assert (journal(project).parent / "journal.db-wal").stat().st_size > 0
    return project


def journal(project: Project) -> Path:
    """Return the journal's path."""
    return project.folder / ".scorefile" / "pipelines" / "trial" / "journal.db"


def wal(project: Project) -> list[Path]:
    """Return the files that SQLite keeps beside the journal."""
    return [journal(project).with_name(f"journal.db-{kind}") for kind in ("wal", "shm")]


def test_every_cut_and_bit_flip_of_the_lock_is_refused_or_harmless(paid: Project) -> None:
    lock = paid.folder / "trial.lock"
    data = lock.read_bytes()
    changes = [*truncations(data, sample=CUTS), *flips(data, sample=FLIPS)]
    found = damage(lock, changes, pipeline=paid.folder / "trial.yaml", beside=wal(paid))
    assert (found.paid[:5], found.broke[:5]) == ([], [])
    assert found.refused


def test_the_same_holds_for_a_lock_without_its_journal(paid: Project) -> None:
    shutil.rmtree(paid.folder / ".scorefile")
    paid.write({name: script for name, script in SCRIPTS.items() if name != "doubt"}, timeout_s=0.1)
    lock = paid.folder / "trial.lock"
    data = lock.read_bytes()
    changes = [*truncations(data, sample=CUTS), *flips(data, sample=FLIPS)]
    found = damage(lock, changes, pipeline=paid.folder / "trial.yaml")
    assert (found.paid[:5], found.broke[:5]) == ([], [])
    assert found.refused


def test_every_cut_and_bit_flip_of_the_journal_is_refused_or_harmless(paid: Project) -> None:
    data = journal(paid).read_bytes()
    changes = [*truncations(data, sample=CUTS), *flips(data, sample=FLIPS)]
    found = damage(journal(paid), changes, pipeline=paid.folder / "trial.yaml", beside=wal(paid))
    assert (found.paid[:5], found.broke[:5]) == ([], [])
    assert found.refused


@pytest.mark.parametrize("kind", ["db", "db-wal"])
def test_the_same_holds_after_a_kill_for_both_files_of_the_journal(killed: Project, kind: str) -> None:
    file = journal(killed).with_name(f"journal.{kind}")
    beside = [path for path in (journal(killed), *wal(killed)) if path != file]
    data = file.read_bytes()
    changes = [*truncations(data, sample=CUTS), *flips(data, sample=FLIPS)]
    found = damage(file, changes, pipeline=killed.folder / "trial.yaml", beside=beside)
    assert (found.paid[:5], found.broke[:5]) == ([], [])


@pytest.mark.sampled
def test_a_run_over_damaged_files_submits_nothing(paid: Project) -> None:
    chance = random.Random(1)
    kept = {path: path.read_bytes() for path in (paid.folder / "trial.lock", journal(paid))}
    for number in range(sampled(20, 40)):
        file = chance.choice(list(kept))
        data = kept[file]
        changes = [*truncations(data, sample=3, seed=number), *flips(data, sample=3, seed=number)]
        words, changed = chance.choice(changes)
        for path, before in kept.items():
            path.write_bytes(before)
        for path in wal(paid):
            path.unlink(missing_ok=True)
        file.write_bytes(changed)
        done = paid.run(log=None)
        assert done.code in (1, 3, 5, 8), (words, done)
        assert len(paid.submits()) == 3, (file.name, words, done)


def test_conflict_markers_are_named(paid: Project) -> None:
    lock = paid.folder / "trial.lock"
    text = lock.read_text()
    lock.write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> branch\n")
    done = paid.run()
    assert done.code in (1, 3), done
    assert "conflict markers" in done.err
    assert len(paid.submits()) == 3


def test_a_deleted_lock_is_written_again_from_the_journal(project: Project) -> None:
    project.write({"a": "", "b": ""})
    assert project.run().code == 0
    before = said(project)
    (project.folder / "trial.lock").unlink()
    assert project.run().code == 0
    assert said(project) == before
    assert len(project.submits()) == 2


def said(project: Project) -> Any:
    """Return what the lock says, but for what counts its changes."""
    data = json.loads((project.folder / "trial.lock").read_text())
    for block in data["jobs"].values():
        for item in block["submissions"]:
            del item["revision"], item["sum"]
    return data


def test_a_deleted_journal_is_replaced_by_the_lock(project: Project) -> None:
    project.write({"a": "", "b": "poll=word:QUEUED,word:QUEUED,word:QUEUED,word:QUEUED,done"}, timeout_s=0.03)
    assert project.run().code == 5
    shutil.rmtree(project.folder / ".scorefile")
    project.write({"a": "", "b": "poll=word:QUEUED,word:QUEUED,word:QUEUED,word:QUEUED,done"}, timeout_s=60)
    assert project.run().code == 0
    assert project.is_right("b")
    assert len(project.submits()) == 2
