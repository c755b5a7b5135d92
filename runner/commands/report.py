"""`report`: the page to listen on, as a file."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from runner.commands.before import read_before
from runner.commands.page_audio import PageAudio
from runner.commands.page_target import page_target
from runner.commands.status import job_statuses
from runner.errors import ScorefileError
from runner.page import build
from runner.page.commands import page_commands
from runner.page.data import PageData, as_json
from runner.page.html import page
from runner.plan.selection import select
from runner.report.numbers import count, duration
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state.files.atomic import write_atomic
from runner.state.hashes import HashMemory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.commands.before import Earlier
    from runner.commands.options import ReportOptions
    from runner.commands.session import Session
    from runner.page.data import PageJob
    from runner.records.plan import Action
    from runner.records.status import JobStatus


def report(session: Session, options: ReportOptions) -> PlainReport:
    """Write the page of a project: a file of its own, or a folder with the audio beside it.

    Raises UsageError for a place where something else is, for a job or a commit that does not exist.
    """
    target = page_target(session.project, options)
    before = None if options.against is None else read_before(session, options.against)
    data = page_data(session, PageAudio(session, target.parent, options, before), before)
    text = page(page_assets(), as_json(data), title=f"{data.title}: takes").encode()
    write_atomic(target, text)
    return _told(target, data.jobs, len(text), session.project.shown)


def page_data(session: Session, audio: PageAudio, before: Earlier | None, *, is_live: bool = False) -> PageData:
    """Return what the page shows of a project, beside what it was in another commit."""
    known, notices = _known(session)
    takes = {
        item.take.sha256: item.take for row in known.statuses for item, _ in build.shown_takes(known.lock, row.job)
    }
    for lock in (known.lock, *([] if before is None else [before.lock])):
        for item in filter(None, (build.output_take(lock, row.job) for row in known.statuses)):
            takes |= {take.sha256: take for take in (item.take, build.heard_at(item))}
    heard, pictures = audio.of(takes.values(), known.statuses)
    jobs = build.page_jobs(known.with_heard(heard, None if before is None else before.lock))
    return PageData(
        title=session.declared.pipeline.name if session.declared else session.project.name,
        file=session.project.shown,
        made_by=f"Scorefile {_version()}",
        made_at=session.world.timestamp(),
        is_rehearsal=session.project.rehearsal,
        jobs=jobs,
        by_model=build.totals_by_model(jobs),
        by_label=build.totals_by_label(jobs),
        all=build.total("all", jobs),
        notices=(*notices, *(before.notices if before is not None else ())),
        against=None if before is None else before.ref,
        commands=page_commands(session.options.file, is_rehearsal=session.project.rehearsal),
        pictures=pictures,
        is_live=is_live,
    )


def page_assets() -> Mapping[str, str]:
    """Return the modules and the style of the page, by name."""
    folder = files("runner.page") / "assets"
    return {
        item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith((".js", ".css"))
    }


def _known(session: Session) -> tuple[build.Known, tuple[str, ...]]:
    """Return all that is known of the jobs that the command line names, and what could not be found out."""
    notices: list[str] = []
    actions: dict[str, Action] = {}
    requests = (
        session.checked.requests if not session.wanted.is_all else session.declared.requests if session.declared else ()
    )
    if session.declared is None:
        notices.append(
            f"{session.project.shown} has problems, so the page shows only what the lock knows: scorefile validate lists them"
        )
    else:
        try:
            for action in session.plan.actions:
                actions.setdefault(action.request.job, action)
        except ScorefileError as error:
            notices.append(f"there is no plan: {error.message}")
    named = select(requests, session.wanted)
    rows = _statuses(session, {request.job: request.model.id for request in requests})
    known = build.Known(
        statuses=tuple(row for row in rows if named is None or row.job in named),
        lock=session.lock,
        requests={request.job: request for request in requests},
        actions=actions,
        file=session.options.file,
        is_rehearsal=session.project.rehearsal,
    )
    return known, tuple(notices)


def _statuses(session: Session, models: Mapping[str, str]) -> tuple[JobStatus, ...]:
    return job_statuses(session, models, HashMemory(session.project.root, session.project.state).digests)


def _version() -> str:
    from runner import __version__

    return __version__


def _told(target: Path, jobs: tuple[PageJob, ...], size: int, file: str) -> PlainReport:
    takes = [take for job in jobs for take in job.takes if not take.is_mastered]
    silent = [take for take in takes if take.url is None]
    music = duration(sum(take.seconds for take in takes))
    lines = [f"wrote {target}: {count(len(jobs), 'job')}, {count(len(takes), 'take')}, {music} of music"]
    if silent:
        lines += [f"{count(len(silent), 'take')} cannot be heard: the page says why"]
    return PlainReport(
        verb="report",
        content={
            "file": file, "path": str(target), "bytes": size, "jobs": len(jobs), "takes": len(takes), "unheard": len(silent),
        },
        message=lambda _style: "\n".join([*map(clean, lines), "", clean(f"help: open {target} in a browser")]),
    )  # fmt: skip
