"""`--shard` on machines that share nothing: together they pay for what one run pays for."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.machines import counts, made, write

if TYPE_CHECKING:
    from tests.support.project import Project


def run_shards(project: Project, parts: int) -> None:
    """Run each part in a folder of its own that has the pipeline and the lock alone."""
    for part in range(1, parts + 1):
        one = replace(project, folder=project.folder.with_name(f"shard-{part}"))
        for path in project.folder.glob("trial.*"):
            shutil.copy(path, one.folder / path.name)
        made(one, "run", "--yes", "--shard", f"{part}/{parts}")


@pytest.mark.parametrize("parts", [2, 3])
def test_what_two_jobs_need_is_paid_once_by_all_shards_together(project: Project, parts: int) -> None:
    jobs: dict[str, dict[str, Any]] = {
        name: {"prompt": project.prompt(name), "needs": needs}
        for name, needs in {"a": ["base"], "b": ["base"], "base": [], "d": ["c"], "c": [], "alone": []}.items()
    }
    project.write_jobs(jobs)
    run_shards(project, parts)
    assert counts(project, *jobs) == [1] * len(jobs)


def test_shards_of_a_lock_that_holds_a_part_pay_only_the_rest(project: Project) -> None:
    write(project, {"a": "p1", "b": "p2"})
    made(project)
    write(project, dict(zip("zyxw", ("p1", "p2", "p3", "p4"), strict=True)))
    run_shards(project, 2)
    assert counts(project, "p1", "p2", "p3", "p4") == [1] * 4
