"""The fork server: what is played there is quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.command import environment, fork_server

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = "{version: 1, jobs: {a: {model: pixazo/tracks, prompt: calm, params: {duration: 1}}}}"


def test_a_rehearsal_forks_its_emulator_and_starts_no_process(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    log = tmp_path / "log"
    done = fork_server().start(["run", "--rehearse"], cwd=tmp_path, env=environment(), log=str(log)).wait()
    assert done.code == 0, done
    assert "argv of a child" not in log.read_text()
