"""Where a job stands in time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from runner.emulator.play import waiting_words

if TYPE_CHECKING:
    from runner.emulator.jobs import Job

UNKNOWN_WORD = "WARMING_UP"


def word_at(job: Job, step_s: float) -> str | None:
    """Return the waiting word that `job` stands at now, or None when it is over.

    It stands `step_s` at each word and at the last until its audio is ready; the first poll always finds it waiting.
    """
    words = waiting_words(job.provider)
    elapsed_s = time.monotonic() - job.started_s
    endless = job.fault is not None and job.fault.do == "never-ends" and not job.stopped
    if job.polls and job.ready and elapsed_s >= step_s * len(words) and not endless:
        return None
    if job.fault and job.fault.do == "unknown-word":
        return job.fault.word or UNKNOWN_WORD
    return words[min(int(elapsed_s / step_s), len(words) - 1)]
