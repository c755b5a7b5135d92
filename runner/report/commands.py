"""The command lines that messages show, quoted as a shell takes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.records.submission import Decision

_PLAIN = re.compile(r"[\w@%+=:,./-][\w@%+=:,./~-]*")


def quoted(text: str, *, always: bool = False) -> str:
    """Return a word as a shell takes it: a foreign name or id may contain any character."""
    if not always and _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"


def command_line(verb: str, *words: str | None, rehearse: bool = False) -> str:
    """Return the command line of a verb with these words; those that are None were not given."""
    given = [quoted(word) for word in words if word is not None]
    return " ".join(["scorefile", verb, *given, *["--rehearse"] * rehearse])


def resolve_command(
    file: str | None, name: str, decision: Decision | None = None, *, id: str = "ID", rehearse: bool = False
) -> str:
    """Return the command line that decides a submission; without a decision, the one that shows what is known of it.

    `file` is the pipeline file as typed, None when none was. `id` is shown as it is.
    """
    words = [command_line("resolve", file or None, name, rehearse=rehearse)]
    match decision:
        case "id":
            words += ["--id", id]
        case "not-charged":
            words.append("--not-charged")
        case "resubmit":
            words.append("--resubmit")
        case None:
            pass
    return " ".join(words)
