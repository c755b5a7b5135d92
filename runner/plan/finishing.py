"""What finishing a take means for one request: where the piece belongs, what it says of itself, and when it is the same.

The fingerprint covers the number of its scheme, the settings, the tags and the take. What does not change it is the
version of this program and of FFmpeg: an upgrade finishes nothing again that is at its output.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from runner.frozen import dataclass, replace
from runner.records import reasons as r
from runner.records.lock import Finished, Output
from runner.records.mastering import Tag
from runner.records.measured import Sound
from runner.records.media_types import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.family import NumberedTake
    from runner.records.lock import Entry, Take
    from runner.records.mastering import Mastering
    from runner.records.reasons import Reason
    from runner.records.request import Request

SCHEME = 1
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""IPTC's vocabulary of how a piece came to be."""
TRAINED, ALGORITHMIC = "trainedAlgorithmicMedia", "algorithmicMedia"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How one take becomes the piece at one output. `tags` are by name, all that the file will say of itself."""

    take: Take
    path: str
    mastering: Mastering
    tags: Mapping[str, str] | None
    fingerprint: str

    def output(self, sha256: str, size: int, sound: Sound | None, profile: str | None) -> Output:
        """Return what the lock says of the finished piece; without a `sound` of its own it has that of the take."""
        take = self.take
        same = Sound(seconds=take.seconds, rate_hz=take.rate_hz, channels=take.channels, measured=take.measured)
        finished = Finished(take=take.sha256, master=self.fingerprint, bytes=size, sound=sound or same)
        return Output(path=self.path, sha256=sha256, profile=profile, finished=finished)


def stage_of(request: Request, chosen: NumberedTake) -> Stage | None:
    """Return how the chosen take of a request is finished; None where it is placed as it is."""
    finishing, take = request.finishing, chosen.take
    if finishing is None:
        return None
    tags = None if finishing.tags is None else _tags(request, chosen.entry, take, finishing.tags)
    whole = {"scheme": SCHEME, "master": finishing.mastering.as_json(), "tags": tags, "take": take.sha256}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Stage(
        take=take,
        path=path_of(request, take.media_type),
        mastering=finishing.mastering,
        tags=tags,
        fingerprint="sha256:" + hashlib.sha256(text.encode()).hexdigest(),
    )


def path_of(request: Request, media_type: str) -> str:
    """Return the output of a request whose take has this media type, with the extension that its file will have."""
    assert request.output is not None, "a collected submission has no output"
    finishing = request.finishing
    return request.output + (EXTENSIONS[media_type] if finishing is None else finishing.extension(media_type))


def known_output(request: Request, chosen: NumberedTake) -> Output | None:
    """Return the output that a take is to be; None while nobody has finished it."""
    stage, output, path = stage_of(request, chosen), chosen.entry.output, path_of(request, chosen.take.media_type)
    if stage is None:
        return Output(path=path, sha256=chosen.take.sha256)
    if output is None or output.master != stage.fingerprint:
        return None
    return replace(output, path=path)


def is_as_locked(chosen: NumberedTake, wanted: Output | None) -> bool:
    """Say whether the lock has what a request wants: this take, finished in this way, at this output, as `known_output` says."""
    output = chosen.entry.output
    return output is not None and wanted is not None and output.is_same(wanted)


def why_finished(path: str, chosen: NumberedTake, takes: tuple[NumberedTake, ...], wanted: str | None) -> Reason:
    """Return why a take is finished; `wanted` is the hash of the piece where it was finished in the same way before."""
    if wanted is not None:
        return r.MasterMissing(path=path)
    placed = next((item for item in takes if item.entry.placed is item.take), None)
    if placed is not None and placed.take is not chosen.take:
        return r.TakeChosen(take=chosen.number, placed=placed.number)
    output = chosen.entry.output
    return r.NotMastered() if output is None or output.finished is None else r.MasterChanged()


def _tags(request: Request, entry: Entry, take: Take, written: Mapping[Tag, str]) -> dict[str, str]:
    """Return what a file says of itself: what the pipeline writes, and where the piece comes from."""
    prompt, seed = entry.request.get("prompt"), take.seed
    if seed is None and entry.seed_param is not None:
        seed = entry.request.get(entry.seed_param)
    source = TRAINED if not request.model.runs_here else ALGORITHMIC if request.model.id == "local/sketch" else None
    told = {
        "job": request.job,
        "model": entry.model,
        "seed": None if seed is None else str(seed),
        "prompt_sha256": hashlib.sha256(prompt.encode()).hexdigest() if isinstance(prompt, str) else None,
        "date": None if entry.receipt is None else entry.receipt.submitted_at,
        "take_sha256": take.sha256,
        "source_type": None if source is None else SOURCE_TYPES + source,
    }
    own = {Tag.TITLE.value: request.job, **{tag.value: text for tag, text in written.items()}}
    if source == TRAINED:
        own.setdefault(Tag.COMMENT.value, f"AI-generated with {entry.model}")
    return own | {name: text for name, text in told.items() if text is not None}
