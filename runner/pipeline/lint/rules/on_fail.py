"""An `on_fail` of jobs of which nothing is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.context import once_a_place, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext, Warned
    from runner.records.source import DocPath, Problem

CODES: Final = ("SF615",)


def check(context: LintContext) -> Iterator[Problem]:
    """Yield each `on_fail` without effect; that of defaults only when it has no effect in any job."""
    return once_a_place(_without_effect(context))


def _without_effect(context: LintContext) -> Iterator[Warned]:
    asking = [(request, job) for request, job in context.jobs() if job.rerolls]
    shared: DocPath = ("defaults", "on_fail")
    is_shared_used = any(job.expect.count and "on_fail" not in job.marks for _, job in asking)
    for request, job in asking:
        own = "on_fail" in job.marks
        if not job.expect.count and (own or not is_shared_used):
            message = "on_fail has no effect: nothing is expected, so no take fails"
            mark = job.marks["on_fail"] if own else context.document.key_marks.get(shared)
            path = ("jobs", job.name, "on_fail") if own else shared
            yield warn(request, "SF615", message, "write what is expected: expect: {...}", mark=mark, path=path)
