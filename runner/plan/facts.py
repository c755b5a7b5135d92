"""What a plan follows from beside the requests: what is there, and what the command line selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from runner.plan.rolls import Rerolls
    from runner.records.catalog import Model
    from runner.records.lock import Lock
    from runner.records.submission import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the world before anything is done.

    `lock` has all that lock and journal know together, and `submissions` the submission of each attempt in it that was
    sent. `outputs` maps a path relative to the pipeline's folder to the SHA-256 of the file there; a path without a
    regular file maps to None. `blobs` are the hashes in the store.
    """

    models: Mapping[str, Model]
    lock: Lock
    submissions: Mapping[str, Submission]
    outputs: Mapping[str, str | None]
    blobs: Container[str]
    pollable: Container[str]
    """Models whose provider can be polled for a job again."""
    profile: str | None = None
    """The profile of this run."""
    pointers: Container[str] = frozenset()
    """The paths at which Git LFS has left a pointer in place of the audio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The jobs that the command line selects and forces."""

    jobs: frozenset[str] | None = None
    """Cell ids that were named; None means all."""
    forced: frozenset[str] = frozenset()
    """Cell ids that are made again, even if they are up to date; what they need is not among them."""
    rerolls: Rerolls | None = None
    """What is asked for again with another seed."""
