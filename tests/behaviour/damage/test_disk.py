"""Disks that are full, without inodes, or read-only: the receipt survives, and the next run pays nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.long import sampled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project import Project
    from tests.torture.forks import Done

SMALL = "size=256k"
"""Too small for the reserve file: what cannot be written has to be said."""
ROOMY = "size=4m"


def mount(path: Path, options: str, *, again: bool = False) -> bool:
    """Mount a tmpfs; say whether that is possible here."""
    remount = "remount," if again else ""
    command = ["mount", "-t", "tmpfs", "-o", f"{remount}{options}", "tmpfs", str(path)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@contextlib.contextmanager
def mounted(path: Path, options: str) -> Iterator[None]:
    """Have a tmpfs at `path`; skip the test where nothing can be mounted."""
    path.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or shutil.which("mount") is None or not mount(path, options):
        pytest.skip("a file system can be mounted by root only")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def is_known(project: Project, done: Done) -> bool:
    """Say whether the one receipt is in the journal, or was said in full on standard error."""
    (charge,) = project.charges("a")
    journal = b"".join(path.read_bytes() for path in project.folder.rglob("journal.db*"))
    return charge["id"].encode() in journal or f"PAID provider=pixazo id={charge['id']} job=a" in done.err


def finish(project: Project) -> None:
    """Run to the end, telling the program what it had to forget; nothing may be submitted."""
    before = len(project.submits())
    done = project.run("run", "--yes", "a")
    if done.code == 8:
        (charge,) = project.charges("a")
        assert project.run("resolve", "a", "--id", charge["id"]).code == 0
        done = project.run("run", "--yes", "a")
    assert done.code == 0, done
    assert project.is_right("a")
    assert len(project.submits()) == before


@pytest.mark.parametrize("options", [SMALL, ROOMY])
def test_a_disk_that_is_full_when_the_receipt_comes_does_not_lose_it(project: Project, options: str) -> None:
    filler = project.folder / "filler"
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    with mounted(project.folder, options):
        project.write({"a": f"submit=paid:fill:{filler}", "b": "", "c": ""})
        done = project.run()
        assert done.code not in (0, 6), done
        assert len(project.submits()) == 1, "no new submit starts"
        assert is_known(project, done), done
        assert "PAID provider=pixazo" in done.err, "it is said whatever happens"
        filler.unlink()
        finish(project)


def test_the_reserve_is_enough_for_a_receipt(project: Project) -> None:
    filler = project.folder / "filler"
    with mounted(project.folder, ROOMY):
        project.write({"a": f"submit=paid:fill:{filler}"})
        project.run()
        filler.unlink()
        assert project.run().code == 0, "nobody has to decide anything"
        assert (project.is_right("a"), len(project.submits())) == (True, 1)


def test_a_disk_too_small_for_the_audio_keeps_the_receipt(project: Project) -> None:
    with mounted(project.folder, SMALL):
        project.write({"a": "seconds=30"})
        first = project.run()
        assert first.code == 5, first
        assert project.audio("a") is None
        assert project.litter() == []
        assert project.run().code == 5
        assert len(project.submits()) == 1
        assert mount(project.folder, ROOMY, again=True)
        done = project.run()
        assert done.code == 0, done
        assert len(project.submits()) == 1


@pytest.mark.sampled
@pytest.mark.parametrize("size", sampled(range(16, 161, 96), range(16, 161, 16)))
def test_a_disk_that_fills_at_any_moment_loses_nothing(project: Project, size: int) -> None:
    with mounted(project.folder, f"size={size}k"):
        try:
            project.write({"a": "seconds=2"})
        except OSError:
            pytest.skip("not even the pipeline fits")
        done = project.run()
        assert len(project.charges()) <= 1
        if project.charges():
            assert is_known(project, done), done
        assert mount(project.folder, ROOMY, again=True)
        if project.charges():
            finish_long(project)
        else:
            assert project.run().code == 0
        assert len(project.charges()) == 1


def finish_long(project: Project) -> None:
    """Finish, for a length that the small song of other tests does not have."""
    done = project.run()
    if done.code == 8:
        assert project.run("resolve", "a", "--id", project.charges("a")[0]["id"]).code == 0
        done = project.run()
    assert done.code == 0, done
    assert project.audio("a") is not None


@pytest.mark.sampled
@pytest.mark.parametrize("inodes", sampled([13, 16], [4, 8, 10, 12, 13, 14, 15, 16, 17, 18, 20, 24]))
def test_a_disk_without_inodes_loses_nothing(project: Project, inodes: int) -> None:
    with mounted(project.folder, f"{ROOMY},nr_inodes={inodes}"):
        project.write({"a": ""})
        done = project.run()
        charges = project.charges()
        assert len(charges) <= 1
        if charges:
            assert is_known(project, done), done
        assert mount(project.folder, f"{ROOMY},nr_inodes=200", again=True)
        if charges:
            finish(project)
        else:
            assert project.run().code == 0
        assert len(project.charges()) == 1


@pytest.mark.sampled
@pytest.mark.parametrize(
    "limit", sampled([1, 12_288, 40_960, 98_304], [1, 4096, 12_288, 20_480, 32_768, 40_960, 49_152, 65_536, 98_304])
)
def test_a_limit_on_the_size_of_files_loses_nothing(project: Project, limit: int) -> None:
    project.write({"a": "seconds=4"})
    done = project.run(rlimits={"FSIZE": limit}, log=None)
    charges = project.charges()
    assert len(charges) <= 1
    assert (project.audio("a") is None) == (done.code != 0)
    if charges:
        assert is_known(project, done) or done.code == 8, done
        finish_long(project)
    else:
        assert project.run().code == 0
    assert len(project.charges()) == 1


def test_a_read_only_project_submits_nothing(project: Project) -> None:
    with mounted(project.folder, ROOMY):
        project.write({"a": ""})
        assert mount(project.folder, f"{ROOMY},ro", again=True)
        done = project.run()
        assert done.code == 1, done
        assert project.submits() == []
        assert "Traceback" not in done.err
        assert "unexpected" not in done.err


def test_a_read_only_state_folder_submits_nothing(project: Project, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with mounted(state, f"{ROOMY},ro"):
        project.env = {"SCOREFILE_STATE_DIR": str(state)}
        project.write({"a": ""})
        done = project.run()
        assert done.code == 1, done
        assert project.submits() == []
        assert "unexpected" not in done.err


def test_a_read_only_output_folder_keeps_the_receipt(project: Project) -> None:
    project.write({"a": ""})
    with mounted(project.folder / "audio", f"{ROOMY},ro"):
        done = project.run()
        assert done.code in (1, 5), done
        assert "unexpected" not in done.err
        assert len(project.charges()) <= 1
        assert mount(project.folder / "audio", ROOMY, again=True)
        assert project.run().code == 0
        assert project.is_right("a")
        assert len(project.submits()) == 1


def test_a_lock_that_cannot_be_written_loses_nothing(project: Project, tmp_path: Path) -> None:
    project.env = {"SCOREFILE_STATE_DIR": str(tmp_path / "state")}
    with mounted(project.folder, ROOMY):
        project.write({"a": ""})
        (project.folder / "audio").mkdir()
        assert mount(project.folder, f"{ROOMY},ro", again=True)
        done = project.run()
        assert done.code in (1, 5), done
        assert "unexpected" not in done.err
        assert mount(project.folder, ROOMY, again=True)
        assert project.run().code == 0
        assert project.is_right("a")
        assert len(project.submits()) == 1
