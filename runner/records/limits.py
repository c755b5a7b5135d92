"""How long, how often and how much: every bound of a run that a test may want to set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one run on time, tries and size. Times are in seconds."""

    connect_timeout_s: float = 10.0
    poll_timeout_s: float = 30.0
    """How long a call that is free to repeat may take from its first to its last byte."""
    max_retry_after_s: float = 300.0
    """How long a provider may ask for a pause."""
    wait_scale: float = 1.0
    """What random waits between tries are multiplied with; how many tries there are stays as it is."""

    not_sent_tries: int = 3
    rate_limited_tries: int = 6
    busy_tries: int = 60
    """A slot is free when a song is done, which takes minutes: 10 to 30 s between these tries."""
    max_unknown_payments: int = 3
    """So many submissions with unknown payment status stop further ones to their provider in this run."""
    max_journal_answer_bytes: int = 64 << 10
    """A longer raw answer is kept in the store; the journal names it."""

    missing_is_lost_after_s: float = 120.0
    """A provider that does not know an id is polled again until the submission is this old."""
    max_poll_wait_s: float = 30.0
    """Polls slow down until this much time is between them, or the provider's own interval where that is longer."""
    stop_check_s: float = 0.5
    """How often a run looks whether it is to stop while nothing happens."""

    min_download_timeout_s: float = 120.0
    """How long all tries of a download may take at least, however late its job was finished."""
    read_timeout_s: float = 30.0
    """How long a download may be silent."""
    download_tries: int = 8
    bad_content_tries: int = 3
    max_media_bytes: int = 1 << 30

    callback_timeout_s: float = 5.0
    """How long the body of a callback may take."""


DEFAULT_LIMITS = Limits()
