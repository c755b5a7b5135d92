"""Files that a command line names to be written: never over something that is not of their kind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = (".yaml", ".yml", ".lock")
"""Endings that only pipelines and locks have: even where there is none yet, nothing else is called so."""


def refuse_target(flag: str, name: str, *, kind: str, is_kind: Callable[[str], bool]) -> None:
    """Raise UsageError unless `name` is free, a device, empty, or holds what `is_kind` says is a `kind` already."""
    path = Path(name).resolve()
    if path.suffix in OURS:
        raise UsageError(f"{flag} {name} has the name of a pipeline or a lock", help="name another file")
    if _is_state(path):
        raise UsageError(f"{flag} {name} is among what Scorefile keeps for itself", help="name another file")
    if not path.is_file():
        return
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        text = "not text"
    except OSError as error:
        raise UsageError(f"{flag} {name} cannot be read: {error.strerror}", help="name another file") from error
    if text and not is_kind(text):
        raise UsageError(f"{flag} {name} is there already and is no {kind}", help="name another file")


def _is_state(path: Path) -> bool:
    if ".scorefile" in path.parts:
        return True
    moved = os.environ.get("SCOREFILE_STATE_DIR")
    if not moved:
        return False
    # A relative one is beside the pipeline, wherever that is.
    return path.is_relative_to(Path(moved).resolve()) or (
        not Path(moved).is_absolute() and Path(moved).name in path.parts
    )
