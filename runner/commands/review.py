"""`review`: the page to listen on, live: what a person decides on it is saved as the verbs save it."""

from __future__ import annotations

from threading import Lock as Mutex
from typing import TYPE_CHECKING, assert_never

from runner.commands.approve import approve_take
from runner.commands.options import ReportOptions
from runner.commands.page_audio import PageAudio
from runner.commands.pick import pick_take
from runner.commands.rate import rate_take
from runner.commands.report import page_assets, page_data
from runner.commands.said import speaker
from runner.commands.session import open_session
from runner.frozen import replace
from runner.page.data import as_json
from runner.page.html import page
from runner.records.approval import Approval
from runner.records.rating import Rating
from runner.report.plain import PlainReport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.commands.session import Session
    from runner.page.data import PageData
    from runner.records.source import Json
    from runner.review.app import Decision, Said

WAIT_S = 1.0
"""How long a decision waits for a run before the page is told to try again."""


def review(session: Session, port: int, *, by: str | None, ready: Callable[[PlainReport], object]) -> None:
    """Serve the page of a project until SIGINT or SIGTERM, save in the name of `by`, and pass `ready` where it is.

    Raises UsageError for a port in use, or a job that does not exist.
    """
    from runner.review.serve import serve  # the server is for this verb alone

    desk = LiveDesk(session, speaker(session, by))
    desk.data()

    def announce(url: str) -> None:
        lines = [f"{session.project.shown} is reviewed at {url}", "", "help: open it in a browser; Ctrl-C ends it"]
        content = {"file": session.project.shown, "url": url}
        ready(PlainReport(verb="review", content=content, message=lambda _style: "\n".join(lines)))

    serve(desk, port, announce)


class LiveDesk:
    """A project, read again whenever the page asks."""

    def __init__(self, session: Session, by: str) -> None:
        self._first, self._by = session, by
        self._audio: dict[str, tuple[Path, str]] = {}
        self._drawing = Mutex()  # two tabs need each picture once

    def page(self) -> str:
        found = self._now()
        return page(page_assets(), as_json(found), title=f"{found.title}: review", is_live=True)

    def data(self) -> Json:
        return as_json(self._now())

    def audio(self, sha256: str) -> tuple[Path, str] | None:
        found = self._audio.get(sha256)
        return found if found is not None and found[0].is_file() else None

    def decide(self, what: Decision, said: Said) -> frozenset[str]:
        session, job = self._opened(), said.job
        at, names = session.world.timestamp(), frozenset[str]()
        match what:
            case "pick":
                pick_take(session, job, said.sha256, saw=said.saw, timeout_s=WAIT_S)
            case "unpick":
                pick_take(session, job, None, saw=said.saw, timeout_s=WAIT_S)
            case "approve":
                approval = Approval(sha256=said.sha256, by=self._by, at=at, note=said.note)
                approve_take(session, job, approval, timeout_s=WAIT_S)
            case "rate":
                rating = Rating(sha256=said.sha256, by=self._by, at=at, stars=said.stars, note=said.note)
                names = rate_take(session, job, rating, saw=said.saw, timeout_s=WAIT_S)
            case _:
                assert_never(what)
        return names

    def stamp(self) -> str:
        project = self._first.project
        return "-".join(_stamp(path) for path in (project.lock, project.journal, project.file))

    def _opened(self) -> Session:
        return open_session(self._first.options, self._first.world)

    def _now(self) -> PageData:
        session = self._opened()
        with self._drawing:
            audio = PageAudio(session, session.project.folder, ReportOptions(), None, is_served=True)
            found = replace(page_data(session, audio, None, is_live=True), you=self._by)
            self._audio |= audio.served
        return found


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "0"
    return f"{found.st_mtime_ns:x}.{found.st_size:x}"
