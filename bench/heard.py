"""Makes a project whose jobs have their takes: python -m bench.heard FOLDER JOBS SECONDS TYPE.

All takes sound alike, and each is another file: a tag in it is its number.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from bench.measure import ENV, SCOREFILE
from runner.audio.encode import encode
from runner.audio.probe.measure import inspect
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose
from runner.plan.fingerprint import fingerprint
from runner.records.lock import Entry, Lock, Output, State, Take
from runner.records.media_types import EXTENSIONS
from runner.state.lock_copies import write_lock

RATE_HZ = 44_100
TAKES = 3
MADE_S = 10
PIPELINE = """\
version: 1
name: heard
defaults: {{model: local/sketch, params: {{duration: {seconds}, batch_size: {takes}}}, output: "audio/{{{{ job.id }}}}"}}
jobs:
{jobs}
"""


def main() -> None:
    """Write pipeline, lock and store."""
    place, jobs, seconds, media_type = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    lines = (
        f"  cue{number:04}: {{prompt: calm strings {number}, labels: [act{number % 5}]}}" for number in range(jobs)
    )
    (place / "scorefile.yaml").write_text(PIPELINE.format(seconds=seconds, takes=TAKES, jobs="\n".join(lines)))
    command = (*SCOREFILE, "render", "--format", "json")
    rendered = subprocess.run(command, cwd=place, env=ENV, capture_output=True, text=True, check=True).stdout
    piece = compose(Brief(prompt="calm strings", duration_s=min(seconds, MADE_S), seed=1), rate_hz=RATE_HZ)
    pcm = np.tile(piece, (int(-(-seconds * RATE_HZ // len(piece))), 1))[: int(seconds * RATE_HZ)]
    model = encode(pcm, RATE_HZ, media_type, tags={"title": "T" * 8})
    probe = inspect(model)
    (place / ".scorefile" / "pipelines" / "scorefile").mkdir(parents=True)  # as a run leaves it: hashes are kept there
    entries = {}
    for number, request in enumerate(json.loads(rendered)["requests"]):
        takes = []
        for take in range(1, TAKES + 1):
            data = model.replace(b"T" * 8, f"{number:06}{take:02}".encode(), 1)
            sha256 = hashlib.sha256(data).hexdigest()
            blob = place / ".scorefile" / "blobs" / sha256[:2] / sha256
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(data)
            takes.append(
                Take(
                    sha256=sha256, bytes=len(data), media_type=media_type, seconds=probe.seconds, rate_hz=probe.rate_hz,
                    channels=probe.channels, number=take, measured=probe.measured,
                )
            )  # fmt: skip
        job = request["job"]
        output = place / f"audio/{job}{EXTENSIONS[media_type]}"
        output.parent.mkdir(exist_ok=True)
        first = place / ".scorefile" / "blobs" / takes[0].sha256[:2] / takes[0].sha256
        output.hardlink_to(first)
        entries[f"{number:032x}"] = Entry(
            attempt=f"{number:032x}", job=job, revision=number + 1, model=request["model"], request=request["params"],
            fingerprint=fingerprint(request["model"], request["params"]), state=State.DONE, receipt=None, seed_param="seed",
            takes=tuple(takes), output=Output(path=f"audio/{output.name}", sha256=takes[0].sha256),
        )  # fmt: skip
    write_lock(place / "scorefile.lock", Lock(entries=entries))


if __name__ == "__main__":
    main()
