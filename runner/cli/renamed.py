"""Jobs of the file that stand for submissions made under another name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands.options import Ask


def renamed_jobs(ask: Ask) -> Mapping[str, str]:
    """Return what the file calls a job now → the name its unfinished submission was made under.

    Nothing when there is no plan to be had of this file: receipts stay in reach under their own names.
    """
    from runner.commands.workflow import check, plan
    from runner.errors import ScorefileError
    from runner.plan.selection import Wanted

    everything = replace(ask, wanted=Wanted())
    try:
        actions = plan(check(everything), everything).actions
    except ScorefileError:
        return {}
    made_as = {item.request.job: item.submission.job for item in actions if item.submission is not None}
    return {job: earlier for job, earlier in made_as.items() if job != earlier}
