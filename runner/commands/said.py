"""What people say of takes, approvals and ratings alike: who says it, and whether the lock can hold it."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, TypeVar

from runner.errors import UsageError
from runner.state.git import user_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.commands.session import Session
    from runner.records.approval import Approval
    from runner.records.rating import Rating

Word = TypeVar("Word", bound="Approval | Rating")


def speaker(session: Session, named: str | None) -> str:
    """Return who says it: the name that was given, else git's user.name, else the login. Raises UsageError without any."""
    try:
        return named or user_name(session.project.folder) or getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("nobody knows who says this", help="say it: --by NAME") from error


def sayable(word: Word, check: Callable[[Word], Word]) -> Word:
    """Return a word that the lock can hold. Raises UsageError."""
    try:
        return check(word)
    except ValueError as error:
        option = "--note" if ".note" in str(error) else "--by"
        why = str(error).partition(": ")[2]
        raise UsageError(f"{option}: {why}", help="write one short line of text") from error
