"""`gc` on real folders and real git: what a lock, a journal or an open submission names stays, the rest goes when asked."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

import pytest

from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import save_bytes
from runner.state.lock_text import render_lock
from runner.state.run_lock import hold
from tests.support.command import Done, environment, fork_server, scorefile
from tests.support.git import Git
from tests.support.long import sampled
from tests.support.made import entry, lock, take
from tests.torture.syscalls import kill_at, strace, traced

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records.lock import Entry
    from tests.torture import forks

YAML = "version: 1\ndefaults: {model: local/sketch, params: {duration: 0.5}}\njobs: {title: {prompt: PROMPT}}\n"


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A repository with a pipeline that composes one sketch."""
    git = Git(tmp_path / "project").init()
    write(git)
    return git


def write(git: Git, prompt: str = "calm", name: str = "scorefile") -> None:
    (git.folder / f"{name}.yaml").write_text(YAML.replace("PROMPT", prompt))


def run(git: Git, *words: str) -> None:
    done = scorefile("run", "-q", *words, cwd=git.folder)
    assert done.code == 0, done


def gc(git: Git, *words: str, code: int = 0) -> Done:
    done = scorefile("gc", *words, cwd=git.folder)
    assert done.code == code, done
    return done


def blobs(git: Git) -> LocalBlobs:
    return LocalBlobs(git.folder / ".scorefile" / "blobs")


def paid(git: Git, name: str) -> Entry:
    """Return a paid submission whose take is in the store."""
    sha256 = save_bytes(blobs(git), name.encode())
    one = take(name, bytes=len(name))
    return entry(
        None, type(one)(**{slot: getattr(one, slot) for slot in one.__slots__} | {"sha256": sha256}), attempt=name,
        job=name, request_id=f"ace_{name}", path=None,
    )  # fmt: skip


def write_lock(git: Git, *entries: Entry) -> None:
    (git.folder / "scorefile.lock").write_bytes(render_lock(lock(*entries)))


def test_only_what_nothing_names_is_listed_and_nothing_is_deleted_without_yes(git: Git) -> None:
    run(git)
    write(git, "wild")
    run(git)
    before = list(blobs(git).list())
    done = gc(git)
    assert done.out.startswith("free takes, made here: 1 file to delete, "), done
    assert "\n1 file to delete, " in done.out
    assert done.err == "help: scorefile gc --yes deletes them\n"
    assert list(blobs(git).list()) == before
    assert gc(git, "--yes").out.startswith("free takes, made here: 1 file deleted")
    (kept,) = blobs(git).list()
    assert scorefile("verify", cwd=git.folder).code == 0
    (git.folder / "scorefile.yaml").write_text(YAML.replace("PROMPT", "wild"))
    assert scorefile("run", cwd=git.folder).out.startswith("nothing to do")
    assert gc(git, "--yes").out.startswith("0 files deleted, 0 B; 1 file kept"), kept


def test_what_any_branch_names_stays(git: Git) -> None:
    one = paid(git, "one")
    git("checkout", "--quiet", "-b", "side")
    write_lock(git, one)
    git.commit("the lock of a branch")
    git("checkout", "--quiet", "-b", "empty")
    write_lock(git)
    git.commit("a lock that lost it")
    assert gc(git, "--yes", "--paid").out == "0 files deleted, 0 B; 1 file kept, 3 B\n"
    assert "kept for refs/heads/side: scorefile.lock: 1 file, 3 B\n" in gc(git, "-v").out
    git("branch", "--quiet", "-D", "side")
    done = gc(git, "--yes")
    assert done.out.startswith("files that no lock and no journal knows: 1 file kept, 3 B\n")
    assert done.err == "help: scorefile gc --yes --paid deletes what may have been paid for, too\n"
    assert len(list(blobs(git).list())) == 1
    assert gc(git, "--yes", "--paid").out.endswith("1 file deleted, 3 B; 0 files kept, 0 B\n")
    assert list(blobs(git).list()) == []


def test_what_the_journal_knows_stays_when_the_lock_was_reverted(git: Git) -> None:
    write_lock(git, paid(git, "one"))
    run(git)
    (git.folder / "scorefile.lock").unlink()
    assert gc(git, "--yes", "--paid", "-v").out.splitlines()[1] == "kept for the journal of scorefile: 1 file, 3 B"
    assert scorefile("run", "-q", cwd=git.folder).code == 0


def test_what_another_pipeline_of_the_folder_names_stays(git: Git) -> None:
    (git.folder / "other.yaml").write_text(YAML.replace("PROMPT", "wild").replace("jobs:", "name: other\njobs:", 1))
    run(git, "other.yaml")
    (git.folder / "scorefile.yaml").write_text(YAML.replace("title:", "menu:").replace("PROMPT", "calm"))
    run(git)
    assert gc(git, "--yes", "--paid").out.startswith("0 files deleted")
    assert scorefile("verify", "other.yaml", cwd=git.folder).code == 0


def test_a_lock_on_a_ref_that_cannot_be_read_stops_it(git: Git) -> None:
    run(git)
    write(git, "wild")
    run(git)
    whole = (git.folder / "scorefile.lock").read_text()
    git("checkout", "--quiet", "-b", "broken")
    (git.folder / "scorefile.lock").write_text(whole[:-40])
    git.commit("a lock that is cut off")
    git("checkout", "--quiet", "-b", "sound")
    (git.folder / "scorefile.lock").write_text(whole)
    git.commit("a whole one")
    done = gc(git, "--yes", code=3)
    assert "refs/heads/broken: scorefile.lock cannot be read: " in done.err
    assert "help: nothing was deleted; restore that lock, or delete the ref" in done.err
    assert len(list(blobs(git).list())) == 2


def test_it_waits_for_no_run_and_deletes_nothing_beside_one(git: Git) -> None:
    write(git, "wild", "other")
    run(git, "other.yaml")
    with hold(git.folder / ".scorefile" / "pipelines" / "other", now="now", timeout_s=0.0):
        assert "another run holds" in gc(git, "--yes", code=11).err


def test_rehearsals_go_and_can_be_made_again(git: Git) -> None:
    run(git, "--rehearse")
    done = gc(git, "--yes")
    assert done.out.startswith("files of rehearsals: ")
    left = sorted(path.name for path in (git.folder / ".scorefile" / "rehearsal").rglob("*") if path.is_file())
    assert left == ["run.flock"]
    assert [path.name for path in (git.folder / "scorefile-rehearsal").rglob("*") if path.is_file()] == [".gitignore"]
    run(git, "--rehearse")


def test_the_outputs_of_a_rehearsal_go_without_its_state_too(git: Git) -> None:
    run(git, "--rehearse")
    shutil.rmtree(git.folder / ".scorefile")
    assert "scorefile-rehearsal" not in git("status", "--porcelain").text
    assert gc(git, "--yes").out.startswith("files of rehearsals: ")
    run(git, "--rehearse")


def test_a_rehearsal_that_is_running_stays(git: Git) -> None:
    run(git, "--rehearse")
    with hold(git.folder / ".scorefile" / "rehearsal" / "scorefile", now="now", timeout_s=0.0):
        done = gc(git, "--yes")
    assert done.err == "the rehearsal of scorefile is running, so its files stay\n"
    assert (git.folder / ".scorefile" / "rehearsal" / "scorefile" / "scorefile.lock").exists()


def test_parts_and_what_is_in_quarantine_go(git: Git) -> None:
    run(git)
    incoming = blobs(git).incoming
    incoming.part().write_bytes(b"half")
    part = incoming.part()
    part.write_bytes(b"bad")
    incoming.quarantine(part, "ab" * 32)
    done = gc(git, "--yes")
    assert done.out.startswith("files in quarantine: 1 file deleted, 3 B\nunfinished downloads: 1 file deleted, 4 B\n")
    assert "2 files deleted, 7 B; 1 file kept" in done.out


def test_a_finished_file_of_earlier_settings_goes_and_its_take_stays(git: Git) -> None:
    text = YAML.replace("PROMPT", "calm, master: {fade_out: 0.1}")
    (git.folder / "scorefile.yaml").write_text(text)
    run(git)
    (git.folder / "scorefile.yaml").write_text(text.replace("0.1", "0.2"))
    run(git)
    assert len(list(blobs(git).list())) == 3
    assert gc(git, "--yes").out.startswith("finished files of earlier settings: 1 file deleted, ")
    assert len(list(blobs(git).list())) == 2
    (git.folder / "audio" / "title.wav").unlink()
    run(git)
    (git.folder / "scorefile.yaml").write_text(text)
    run(git)
    assert scorefile("verify", cwd=git.folder).code == 0


def test_pictures_go_with_the_takes_that_nothing_names(git: Git) -> None:
    run(git)
    git.commit("calm")
    scorefile("report", cwd=git.folder)
    folder = git.folder / ".scorefile" / "pictures"
    (old,) = folder.iterdir()
    write(git, "wild")
    run(git)
    scorefile("report", "--embed", cwd=git.folder)
    assert len(list(folder.iterdir())) == 4
    assert "pictures" not in gc(git, "--yes").out, "HEAD names the take"
    git.commit("wild")
    (folder / f".{old.name}.part").write_bytes(b"half")
    gone = [path for path in folder.iterdir() if old.stem in path.name]
    size = sum(path.stat().st_size for path in gone)
    done = gc(git)
    assert f"pictures of earlier takes, for pages: 3 files to delete, {size / 1000:.1f} kB\n" in done.out
    assert {"kind": "picture", "drops": True, "files": 3, "bytes": size} in gc(git, "--format", "json").json["unneeded"]
    gc(git, "--yes")
    assert len(gone) == 3
    assert {path.suffix for path in folder.iterdir()} == {".picture", ".opus"}
    assert not any(path.exists() for path in gone)
    assert scorefile("report", cwd=git.folder).code == 0


def test_nothing_is_made_where_nothing_was_made(git: Git) -> None:
    assert gc(git, "--yes").out == "0 files deleted, 0 B; 0 files kept, 0 B\n"
    assert not (git.folder / ".scorefile").exists()


def test_status_tells_the_size_of_the_store(git: Git) -> None:
    run(git)
    (size,) = (
        [path.stat().st_size for path in (git.folder / "audio").iterdir()]
        if (git.folder / "audio").exists()
        else [path.stat().st_size for path in git.folder.glob("*.wav")]
    )
    data = scorefile("status", "--format", "json", cwd=git.folder).json
    assert data["store"] == {"files": 1, "bytes": size}
    assert scorefile("status", cwd=git.folder).out.endswith(f"\nthe store holds 1 file, {size / 1000:.1f} kB\n")


def everything(git: Git) -> None:
    """Leave all kinds of files behind: takes that are needed and that are not, finished ones, halves, and a rehearsal."""
    text = YAML.replace("PROMPT", "calm, master: {fade_out: 0.1}")
    for version in (text, text.replace("0.1", "0.2"), text.replace("calm", "wild")):
        (git.folder / "scorefile.yaml").write_text(version)
        run(git)
    run(git, "--rehearse")
    incoming = blobs(git).incoming
    part = incoming.part()
    part.write_bytes(b"bad")
    incoming.quarantine(part, "ab" * 32)
    incoming.part().write_bytes(b"half")


def files_of(folder: Path) -> set[str]:
    """Return the state of a project, without what a run lock leaves behind."""
    found = (path for name in (".scorefile", "scorefile-rehearsal") for path in (folder / name).rglob("*"))
    return {str(path.relative_to(folder)) for path in found if path.is_file() and not path.name.startswith("run.")}


def gc_killed_at(nth: int, home: Path, gate: Path) -> forks.Done:
    """Run gc, and kill it at its `nth` deletion."""
    server = fork_server()
    return traced(
        lambda go: server.start(("gc", "--yes"), cwd=home, env=environment(), go=go), gate, kill_at("unlink", nth)
    )


@pytest.mark.sampled
@pytest.mark.skipif(strace() is None, reason="strace is not installed, or may not attach")
def test_a_kill_at_a_deletion_takes_nothing_that_is_needed_and_the_next_gc_finishes(git: Git, tmp_path: Path) -> None:
    everything(git)
    calm = shutil.copytree(git.folder, tmp_path / "calm", symlinks=True)
    assert scorefile("gc", "--yes", cwd=calm).code == 0
    kills, step = 0, sampled(10, 1)
    for nth in itertools.count(1, step):
        home = shutil.copytree(git.folder, tmp_path / f"killed{nth}", symlinks=True)
        done = gc_killed_at(nth, home, tmp_path / "go")
        if not done.killed:
            break
        kills += 1
        assert files_of(calm) <= files_of(home)
        assert scorefile("verify", cwd=home).code == 0
        rehearsed = scorefile(
            "run", "--rehearse", "-q", cwd=shutil.copytree(home, tmp_path / f"again{nth}", symlinks=True)
        )
        assert rehearsed.code == 0, rehearsed
        assert scorefile("gc", "--yes", cwd=home).code == 0
        assert files_of(home) == files_of(calm)
        assert scorefile("run", cwd=home).out.startswith("nothing to do")
    assert kills >= sampled(1, 10)
