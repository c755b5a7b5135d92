"""Several checkouts of one project, as people have them: each a machine of its own, and git between them."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.support import locks
from tests.support.git import Git
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project import Project
    from tests.torture.forks import Done

HELD = "poll=held,done"
"""A script that keeps the provider at work until `interrupt` has stopped the run, or until the test opens the gate."""
HELD_SECOND = "poll=held-after:1,done"
"""The same for the second charge of a name and later ones; the first is made at once."""


def lock_of(project: Project, stem: str = "trial") -> str:
    """Return the text of a project's lock."""
    return locks.read(project.folder / f"{stem}.lock")


def write(project: Project, jobs: dict[str, str], script: str = "", **settings: Any) -> None:
    """Write jobs: name → which of the pieces it asks for."""
    project.write_jobs({name: {"prompt": project.prompt(piece, script)} | settings for name, piece in jobs.items()})


def forget_state(project: Project) -> None:
    """Leave what a fresh checkout has: pipeline and lock, and no audio."""
    for folder in (".scorefile", "audio"):
        shutil.rmtree(project.folder / folder, ignore_errors=True)


def command(project: Project, *words: str, cwd: Path | None = None, timeout_s: float = 60.0) -> Done:
    """Run a command line that names its files itself, or none."""
    logs = project.folder.with_name(f"{project.folder.name}-logs")
    logs.mkdir(exist_ok=True)
    number = len(list(logs.glob("command-*.out")))
    out, err = logs / f"command-{number}.out", logs / f"command-{number}.err"
    started = project.zygote.start(words, cwd=cwd or project.folder, env=project.environ(), out=out, err=err)
    return started.wait(timeout_s)


def interrupt(project: Project, *pieces: str, args: tuple[str, ...] = ("run", "--yes")) -> list[str]:
    """Run, and stop by Ctrl-C while the provider is at work on these pieces, whose script is HELD; return their ids."""
    child = project.start(*args)
    ids = [project.wait_for_poll(piece) for piece in pieces]
    child.signal(signal.SIGINT)
    child.wait_for("stopping: ")
    for piece in pieces:
        project.vendor.open_gate(project.name(piece))
    done = child.wait(30)
    assert done.code == 130, done
    return ids


def ids(project: Project, *pieces: str) -> set[str]:
    """Return the ids of what the provider charged for these pieces."""
    return {charge["id"] for charge in project.charges(*pieces)}


def counts(project: Project, *pieces: str) -> list[int]:
    """Return how many charges there were for each piece."""
    return [len(project.charges(piece)) for piece in pieces]


def has_music_of(project: Project, job: str, piece: str) -> bool:
    """Say whether the output of a job is what was made for a piece."""
    return project.audio(job) in [song(charge["id"]) for charge in project.charges(piece)]


def made(project: Project, *args: str) -> Done:
    """Run to the end, which must be a good one."""
    done = project.run(*(args or ("run", "--yes")))
    assert done.code == 0, done.out + done.err
    return done


def shared(project: Project, *names: str) -> list[Project]:
    """Put a project into git and return further checkouts of it, each a clone of the same origin."""
    mine = Git(project.folder).init()
    origin = mine.bare(project.folder.with_name("origin.git"))
    for name in names:
        origin.clone(project.folder.with_name(name))
    return [replace(project, folder=project.folder.with_name(name)) for name in names]


def push(project: Project, message: str = "make some") -> None:
    """Commit all and push."""
    git = Git(project.folder)
    git.commit(message)
    git("push", "--quiet", "origin", "HEAD")


def pull(project: Project) -> None:
    """Pull, where nothing can conflict."""
    Git(project.folder)("pull", "--quiet")
