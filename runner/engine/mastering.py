"""The steps that finish a take: read it from the store, have it finished, and save the piece in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.audio.master.failure import MasterFailed
from runner.audio.probe.container_header import BadAudio
from runner.audio.tasks import FileNotSeen, MasterOrder, master_take
from runner.engine.effects import Compute, Lane, Work
from runner.plan.finishing import path_of, stage_of
from runner.records.lock import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.audio.tasks import MasteredFile
    from runner.engine.effects import Effect
    from runner.plan.finishing import Stage
    from runner.records.family import NumberedTake
    from runner.records.request import Request
    from runner.state.store import StateStore

NOT_MASTERED = (MasterFailed, BadAudio)
"""The errors of a take that cannot be finished as its request says."""


def output_of(
    store: StateStore, request: Request, chosen: NumberedTake, profile: str | None, report: Callable[[str], None]
) -> Generator[Effect, Any, Output]:
    """Return the output that a take is to be; where the request finishes it, finish it and save the piece in the store.

    Raises MasterFailed or BadAudio when it cannot be finished, TakeMissing when the take is nowhere.
    """
    stage = stage_of(request, chosen)
    if stage is None:
        path = path_of(request, chosen.take.media_type)
        return Output(path=path, sha256=chosen.take.sha256, profile=profile)
    report("mastering")
    made = yield from _finished(store, request.job, stage)
    return stage.output(made.sha256, made.size, made.sound, profile)


def _finished(store: StateStore, job: str, stage: Stage) -> Generator[Effect, Any, MasteredFile]:
    """Return what the finished piece is. It has no name in the store before it is whole."""
    blobs, copy = store.blobs, store.copying(job, stage.take.sha256)
    source, target = blobs.incoming.part(), blobs.incoming.part()
    order = MasterOrder(media_type=stage.take.media_type, mastering=stage.mastering, tags=stage.tags)
    try:
        yield Work(lane=Lane.FETCH, call=lambda _gate: copy(source))
        target.touch(exist_ok=False)
        made: MasteredFile
        try:
            made = yield Compute(call=master_take, args=(source, order, target))
        except FileNotSeen:
            data: bytes = yield Work(lane=Lane.FETCH, call=lambda _gate: source.read_bytes())
            made = yield Compute(call=master_take, args=(data, order, target))
        piece = made.data
        if piece is not None:
            yield Work(lane=Lane.FETCH, call=lambda _gate: target.write_bytes(piece))
        blobs.incoming.note_finished(made.sha256)
        yield Work(lane=Lane.FETCH, call=lambda _gate: blobs.save(target, made.sha256))
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    return made
