"""The reason of an action as a name for programs and a sentence for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from runner.records import reasons as r
from runner.report.numbers import listed

if TYPE_CHECKING:
    from runner.records.reasons import Reason


def name_of(member: object) -> str:
    """Return the name of a reason or an ending in kebab case: `output-missing`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(member).__name__).lower()


def why(reason: Reason) -> str:
    """Return a reason as one clause. Paths and names in it are as the user wrote them, not cleaned."""
    match reason:
        case r.UpToDate():
            return "up to date"
        case r.NotMade():
            return "not made yet"
        case r.Changed():
            return f"{', '.join(change.field for change in reason.changes)} changed"
        case r.Forced(is_same=False):
            return "forced by --force"
        case r.Forced():
            seed = "" if reason.seed is None else f" with seed {reason.seed}"
            piece = "" if reason.seed is None else "; expect the same piece"
            return (
                f"forced by --force: the identical request{seed} is sent again{piece}; --reroll asks for another take"
            )
        case r.Rerolled(is_drawn=True):
            return "asked again by --reroll, with a seed that is drawn"
        case r.Rerolled(seed=None):
            return "asked again by --reroll; the request has no seed, so it is the same one"
        case r.Rerolled():
            return f"asked again by --reroll, with seed {reason.seed}"
        case r.InputsComing():
            return f"after {listed(reason.jobs)}"
        case r.NotAsExpected():
            seed = "" if reason.seed is None else f", with seed {reason.seed}"
            return f"not as expected: asked again by on_fail{seed}; at most {reason.left} more"
        case r.Renamed():
            return f"renamed from {reason.job}"
        case r.Moved():
            return f"moved from {reason.path}"
        case r.TakeChosen():
            return f"take {reason.take} is chosen; take {reason.placed} is in place"
        case r.TakeInPlace():
            return f"take {reason.take} is in place; the lock does not say so yet"
        case r.OtherVersion():
            return f"{reason.path} is of another version of this job"
        case r.OutputMissing():
            return f"{reason.path} is missing"
        case r.MadeBefore(in_store=True):
            return "made before; its audio is in the store"
        case r.MadeBefore():
            return "made before; not on this machine, will be downloaded from the provider again, free"
        case r.AudioMissing():
            return f"{reason.path} is not on this machine; will be downloaded from the provider again, free"
        case r.FreeAudioMissing():
            return f"{reason.path} is not on this machine; the model is free"
        case r.AudioLost():
            return (
                f"{reason.path} is missing and its provider cannot be asked for it again; "
                "name the job with --force to pay for a new one"
            )
        case r.NotFinished():
            return f"{_submitted(reason.submitted_at)}not finished"
        case r.EndedBadly():
            return f"{_submitted(reason.submitted_at)}ended without its audio; will ask the provider again, free"
        case r.NotWanted():
            return f"paid for {reason.job} before it was changed; its takes go to the store"
        case r.FreeInterrupted():
            return "the last request has no known outcome; the model is free"
        case r.Resubmitted():
            return "the last request may have been charged; on_unknown: resubmit sends it again"
        case r.PaymentUnknown():
            return "payment status unknown: the last request may have been charged"
        case r.NotMastered():
            return "its take is here; will be finished as the file says"
        case r.MasterChanged():
            return "master or tags changed; the same take will be finished again"
        case r.MasterMissing():
            return f"{reason.path} is missing; will be finished again from its take"
        case r.EditedOutput():
            return (
                f"{reason.path} was edited since it was made, so it is left alone; "
                "scorefile adopt keeps it, or move or delete it to get the original back"
            )
        case r.ForeignOutput():
            return f"{reason.path} was not made by this pipeline, so it is left alone; scorefile adopt keeps it, or move or delete it"
        case r.LfsPointer():
            return f"{reason.path} is a Git LFS pointer, and its audio is not on this machine; run: git lfs pull"
        case r.Offline():
            return "needs its provider, and the run is offline"
    assert_never(reason)


def _submitted(at: str | None) -> str:
    return f"submitted {at}; " if at else ""
