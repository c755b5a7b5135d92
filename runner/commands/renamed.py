"""A pipeline file that was renamed without its lock and its state: what was paid for under the old name is found."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runner.errors import DriftError
from runner.plan.claims import Claims
from runner.state.neighbours import pipelines_that_are_gone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.plan import Plan
    from runner.state.project import Project


def refuse_renamed(todo: Plan, project: Project, models: Mapping[str, Model], *, is_new: bool) -> None:
    """Raise DriftError when a pipeline whose file is gone has paid results for what a plan would make.

    `is_new`: nothing was made under the new name yet, so that lock and state can simply be moved.
    """
    making = tuple(action.request for action in todo.actions if action.verb.makes and action.request.output is not None)
    if project.rehearsal or not making:
        return
    for name, lock in pipelines_that_are_gone(project):
        if Claims(making, models=models, lock=lock).owns_any:
            raise _renamed(project, name, is_new=is_new)


def _renamed(project: Project, name: str, *, is_new: bool) -> DriftError:
    """Return the error for a pipeline whose paid results lie under a name that no file has any more."""
    lock, state = project.lock.with_name(f"{name}.lock"), project.state.with_name(name)
    moves = [(lock.name, project.lock.name)] if lock.exists() else []
    moves += [(str(state), str(project.state))] if state.exists() and not project.state.exists() else []
    moved = " && ".join(f"mv {shlex.quote(before)} {shlex.quote(after)}" for before, after in moves)
    joined = f"scorefile merge {shlex.quote(project.lock.name)} {shlex.quote(lock.name)}"
    if is_new and moves:
        help_ = f"keep them under the new name: {moved}"
    elif lock.exists():
        help_ = f"join its lock into this one: {joined}"
    else:
        help_ = (
            f"give a pipeline that name, run it, so that its journal writes its lock again, then join that: {joined}"
        )
    return DriftError(
        f"there is no {name}.yaml here any more, and it has paid results that {project.shown} asks for", help=help_
    )
