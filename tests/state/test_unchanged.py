"""A file is taken as unchanged only where a change would show in what the system says of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.state.files.mounts import kind_of
from runner.state.files.system import moment_by, stamp_of
from runner.state.files.unchanged import FileStamp
from tests.support.desks import posix_only

pytestmark = posix_only("Windows has no time of the last change")
SECOND, TICK = 1_000_000_000, 10_000_000


def stamp(*, mtime_ns: int, ctime_ns: int) -> FileStamp:
    return FileStamp(device=1, inode=2, size=3, mtime_ns=mtime_ns, ctime_ns=ctime_ns)


@given(
    changed=st.integers(0, 100 * SECOND),
    looked=st.integers(0, 100 * SECOND),
    later=st.integers(0, SECOND),
    tick=st.sampled_from([1, 1000, 1_000_000, 4_000_000, TICK, SECOND, 2 * SECOND]),
)
def test_a_settled_stamp_differs_from_that_of_every_later_change(
    changed: int, looked: int, later: int, tick: int
) -> None:
    def written(moment: int) -> FileStamp:
        return stamp(mtime_ns=moment // tick * tick, ctime_ns=moment // tick * tick)

    if written(changed).is_settled(looked):
        assert written(looked + later) != written(changed)


@pytest.mark.parametrize("tick", [TICK, SECOND, 2 * SECOND])
def test_coarse_times_are_never_settled(tick: int) -> None:
    assert not stamp(mtime_ns=tick, ctime_ns=tick).is_settled(1000 * SECOND)


def test_a_change_in_the_tick_before_the_look_is_not_settled() -> None:
    assert not stamp(mtime_ns=SECOND, ctime_ns=SECOND + 1).is_settled(SECOND + 1 + 2 * TICK)
    assert stamp(mtime_ns=SECOND, ctime_ns=SECOND + 1).is_settled(SECOND + 2 + 2 * TICK)


def test_times_after_the_look_are_not_settled() -> None:
    assert not stamp(mtime_ns=SECOND, ctime_ns=9 * SECOND + 1).is_settled(5 * SECOND)
    assert not stamp(mtime_ns=9 * SECOND, ctime_ns=SECOND + 1).is_settled(5 * SECOND)


def test_a_restored_mtime_does_not_restore_the_stamp(tmp_path: Path) -> None:
    file = tmp_path / "take.wav"
    file.write_bytes(b"one")
    before = file.stat()
    time.sleep(0.05)
    file.write_bytes(b"two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert stamp_of(file.stat()) != stamp_of(before)


def test_only_regular_files_have_stamps(tmp_path: Path) -> None:
    file, link = tmp_path / "take.wav", tmp_path / "link.wav"
    file.touch()
    link.symlink_to(file)
    assert stamp_of(file.lstat()) is not None
    assert stamp_of(link.lstat()) is None
    assert stamp_of(tmp_path.lstat()) is None


def test_a_file_without_an_inode_has_no_stamp(tmp_path: Path) -> None:
    fields = list(tmp_path.stat())
    fields[0], fields[1] = 0o100644, 0
    assert stamp_of(os.stat_result(fields)) is None


def test_the_file_system_of_a_path_is_that_of_the_nearest_mount() -> None:
    lines = (
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
        "30 27 0:5 / /home/my\\040music rw shared:1 - nfs4 host:/music rw",
        "31 30 0:6 / /home/my\\040music/scratch rw - tmpfs none rw",
    )
    mounts = "\n".join(lines)
    assert kind_of(Path("/home/game"), mounts) == "ext4"
    assert kind_of(Path("/home/my music/game"), mounts) == "nfs4"
    assert kind_of(Path("/home/my music/scratch/game"), mounts) == "tmpfs"
    assert kind_of(Path("/home"), lines[1]) is None


def test_a_moment_is_the_time_of_the_file_system_and_not_after_the_clock(tmp_path: Path) -> None:
    file = tmp_path / "run.flock"
    assert moment_by(file) is None
    file.touch()
    before = time.time_ns()
    found = moment_by(file)
    assert found is not None
    assert before - SECOND < found[0] <= time.time_ns()
    assert found[1] == tmp_path.stat().st_dev
    (tmp_path / "link").symlink_to(file)
    assert moment_by(tmp_path / "link") is None


def test_a_file_system_without_ctime_has_no_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for one: it says of ctime what it says of mtime."""
    file = tmp_path / "run.flock"
    file.touch()
    real = os.fstat

    def mtime_alone(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        return os.stat_result(found[:10], {"st_mtime_ns": found.st_mtime_ns, "st_ctime_ns": found.st_mtime_ns})

    monkeypatch.setattr(os, "fstat", mtime_alone)
    assert moment_by(file) is None
