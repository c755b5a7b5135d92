"""Whatever a command raises, as an error with exit code, rule word and remedy."""

from __future__ import annotations

import errno
import os

import click

from runner.errors import NotWritableError, ScorefileError, SystemRefusedError

PASSED_ON = (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError)
"""What `call` has an answer to that is no report."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_KEPT = "nothing that was paid for is lost"


def as_error(error: Exception) -> ScorefileError:
    """Return an exception as an error of this program; with SCOREFILE_DEBUG raise it again, to show its place."""
    if isinstance(error, ScorefileError):
        return error
    if isinstance(error, PASSED_ON) or os.environ.get("SCOREFILE_DEBUG"):
        raise error
    if isinstance(error, OSError):
        return _refused(error)
    return ScorefileError(
        f"unexpected {type(error).__name__}: {error}",
        help=f"this is a fault of Scorefile, not of your files; {_KEPT}; SCOREFILE_DEBUG=1 shows where it happened",
    )


def _refused(error: OSError) -> ScorefileError:
    """Return what this machine refuses: a full disk, a read-only folder, a missing permission."""
    message = f"{error.filename or 'the disk'}: {error.strerror or error}"
    if error.errno in _FULL:
        return NotWritableError(message, help=f"free some disk space, then run again; {_KEPT}")
    if error.errno == errno.EROFS:
        return NotWritableError(message, help=f"make the file system writable, then run again; {_KEPT}")
    if error.errno in (errno.EACCES, errno.EPERM):
        return SystemRefusedError(message, help=f"correct the permissions, then run again; {_KEPT}")
    return SystemRefusedError(message, help=f"correct this, then run again; {_KEPT}")
