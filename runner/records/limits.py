"""Every bound of a run that a test may want to set."""

from __future__ import annotations

from runner.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one run on time, tries and size. Times are in seconds."""

    connect_timeout_s: float = 10.0
    poll_timeout_s: float = 30.0
    """How long a call that is free to repeat may take from its first to its last byte."""
    max_retry_after_s: float = 300.0
    """The longest pause between requests that a provider may demand."""
    wait_scale: float = 1.0
    """Random waits between tries are multiplied by this; the number of tries is not."""

    not_sent_tries: int = 3
    rate_limited_tries: int = 6
    busy_tries: int = 60
    """A slot becomes free when a job ends, which takes minutes: 10 to 30 s between these tries."""
    max_busy_s: float = 1800.0
    """A provider that has accepted nothing for this long, when a job has no try left, gets no more submissions in this run."""
    max_unknown_payments: int = 3
    """This many submissions with unknown payment status stop further ones to their provider in this run."""
    max_bad_content: int = 3
    """This many pieces that cannot be played stop further submissions to their provider in this run."""
    max_journal_answer_bytes: int = 64 << 10
    """A longer raw answer is kept in the store; the journal names it."""

    missing_is_lost_after_s: float = 120.0
    """A provider that does not know an id is polled again until the submission is this old."""
    empty_is_stalled_after_s: float = 120.0
    """A job that its provider calls finished without naming audio is polled for this long, then stalled."""
    max_poll_wait_s: float = 30.0
    """The longest interval between polls, unless the provider's own interval is longer."""
    polls_per_s: float = 250.0
    """So many polls a second one provider gets at most; with more jobs the interval grows."""
    max_fetch_wait_s: float = 60.0
    """A finished job that waits longer for its download stops new submissions: its link may expire."""
    stop_check_s: float = 0.5
    """How often an idle run checks whether it has to stop."""

    min_download_timeout_s: float = 120.0
    """The least time that all tries of a download have, however late its job was finished."""
    read_timeout_s: float = 30.0
    """The longest pause in a download."""
    download_tries: int = 8
    bad_content_tries: int = 3
    max_media_bytes: int = 1 << 30

    callback_timeout_s: float = 5.0
    """How long the body of a callback may take."""


DEFAULT_LIMITS = Limits()
