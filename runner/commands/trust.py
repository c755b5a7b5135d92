"""`trust`: which key this project sends to which host, and the word of the person at this machine that it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import replace
from runner.records.address import hide_users
from runner.report.trust import TrustReport, TrustRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.commands.session import Session
    from runner.provider.trust import Binding


def trust(session: Session, confirm: Callable[[TrustReport], bool]) -> TrustReport:
    """List each binding, and keep those of the project alone when `confirm` is shown them and agrees.

    Raises InvalidFilesError when the files are wrong: what is agreed to has to be certain.
    """
    from runner.state.trust import TrustStore

    found = session.bindings(session.checked.pipeline.providers)
    missing = tuple(binding for binding in found if not session.agreed(binding))
    report = TrustReport(rows=tuple(_row(session, binding, missing) for binding in found), name=session.project.shown)
    if not missing or not confirm(report):
        return report
    folder = session.project.folder
    project = str(folder.resolve())
    TrustStore(folder).keep((binding.digest(project), f"{project}: {binding}") for binding in missing)
    rows = tuple(replace(row, state="trusted") if row.state == "asks" else row for row in report.rows)
    return replace(report, rows=rows, agreed=len(missing))


def _row(session: Session, binding: Binding, missing: tuple[Binding, ...]) -> TrustRow:
    file = binding.project_file
    return TrustRow(
        provider=binding.provider,
        variable=binding.variable,
        url=hide_users(binding.url),
        said_by=file.shown if file else session.project.shown if binding.needs_word else "",
        state="asks" if binding in missing else "trusted" if binding.needs_word else "free",
    )
