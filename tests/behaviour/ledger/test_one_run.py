"""One run at a time a project, whatever its state folder is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.machines import HELD, command, counts, write

if TYPE_CHECKING:
    from tests.support.project import Project


@pytest.mark.parametrize("where", ["the usual folder", "two folders of its own"])
def test_attack_11_two_state_folders_are_one_project(project: Project, where: str) -> None:
    write(project, {"a": "p1"}, HELD)
    if where == "two folders of its own":
        project.env["SCOREFILE_STATE_DIR"] = str(project.folder.with_name("one-state"))
    child = project.start()
    project.vendor.wait_for(project.name("p1"), method="POST")
    project.env["SCOREFILE_STATE_DIR"] = str(project.folder.with_name("other-state"))
    done = project.run(timeout_s=20)
    assert done.code == 11, done
    assert f"process {child.pid}" in done.err
    project.vendor.open_gate(project.name("p1"))
    assert child.wait().code == 0
    assert counts(project, "p1") == [1]


def test_attack_11_a_relative_state_folder_is_that_of_the_pipeline(project: Project) -> None:
    write(project, {"a": "p1"}, "media=404")
    project.env["SCOREFILE_STATE_DIR"] = "state"
    assert project.run().code == 5
    (project.folder / "trial.lock").unlink(missing_ok=True)
    done = command(project, "run", f"{project.folder.name}/trial.yaml", "--yes", cwd=project.folder.parent)
    assert done.code == 5, done
    assert counts(project, "p1") == [1]
    assert not (project.folder.parent / "state").exists()
