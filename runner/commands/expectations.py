"""Which takes at the outputs are not as expected. A take of an older lock is measured first, where its audio is at hand."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING

from runner.errors import PolicyError, ScorefileError
from runner.frozen import replace
from runner.plan.expectations import judge, unmeasured
from runner.records.expectations import NOTHING_EXPECTED
from runner.records.measured import Measured
from runner.state.blobs.local import LocalBlobs
from runner.state.pictures import FOLDER, Pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from runner.commands.session import Session
    from runner.records.expectations import Judged
    from runner.records.lock import Entry, Take
    from runner.records.plan import Plan
    from runner.records.request import Request


def judged(session: Session, entries: Mapping[str, Entry | None]) -> dict[str, tuple[Judged, ...]]:
    """Return, by job, what the take at its output does not meet; of `entries` those count whose take is placed.

    Placeholder audio is not judged.
    """
    if session.declared is None or session.project.rehearsal:
        return {}
    found = {request.job: _of_job(session, request, entries.get(request.job)) for request in session.declared.requests}
    return {job: missed for job, missed in found.items() if missed}


def _of_job(session: Session, request: Request, entry: Entry | None) -> tuple[Judged, ...]:
    take = entry.placed if entry is not None and request.expect.count else None
    model = session.catalog.models.get(entry.model) if entry is not None and take is not None else None
    if entry is None or take is None or model is None:
        return ()
    if unmeasured(request.expect, take):
        listens = request.expect.need_listening
        take = replace(take, measured=_measured(session, entry, take, listens=listens))
    return judge(request.expect, take, model, entry.request)


def _measured(session: Session, entry: Entry, take: Take, *, listens: bool) -> Measured:
    """Return what is measured of a take, now and once, where its audio is at hand; else what the lock says."""
    kept = Pictures(session.project.blobs.parent / FOLDER, "heard" if listens else "measures")
    body = kept.read(take.sha256)
    if body is None:
        path = _file(session, entry, take)
        if path is None:
            return take.measured
        from runner.audio.tasks import inspect_file, listened  # FFmpeg is for those who need it

        try:
            found = inspect_file(path).measured
            if listens and not is_listening_installed():
                return found
            body = json.dumps(asdict(listened(path, found) if listens else found)).encode()
        except (ScorefileError, OSError):
            return take.measured
        kept.keep(take.sha256, body)
    return Measured(**json.loads(body))


def _file(session: Session, entry: Entry, take: Take) -> Path | None:
    """Return a file that has the bytes of a take: its blob, or its output."""
    from runner.state.files.folder import digest  # it hashes, which few need

    root, output = session.project.root, entry.output
    near = [LocalBlobs(session.project.blobs).file(take.sha256), None if output is None else root / output.path]
    return next((path for path in near if path is not None and digest(path) == take.sha256), None)


def is_listening_installed() -> bool:
    """Say whether the extra `listen` is here; it is not loaded."""
    return find_spec("librosa") is not None


def refuse_unheard(todo: Plan, *, can_listen: Callable[[], bool] = is_listening_installed) -> None:
    """Raise PolicyError for a plan that pays for a take whose tempo or key nobody here could measure."""
    unheard = [item.request.job for item in todo.actions if item.verb.asks and item.request.expect.need_listening]
    if unheard and not can_listen():
        more = f" and {len(unheard) - 1} more" if len(unheard) > 1 else ""
        raise PolicyError(
            f"{unheard[0]}{more}: a tempo or key is expected, and librosa, which measures it, is not installed",
            help="install it: pip install 'scorefile[listen]'; or remove bpm and key from `expect`",
        )


def without_expectations(todo: Plan) -> Plan:
    """Return a plan of which nothing is expected: nobody listens to placeholder audio."""
    plain = ((item, replace(item.request, expect=NOTHING_EXPECTED, rerolls=0)) for item in todo.actions)
    return replace(todo, actions=tuple(replace(item, request=request) for item, request in plain))
