"""Errors for an output that cannot be written because something is in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path


def not_a_folder(place: str) -> StateError:
    """Return the error for a part of a path that nothing is written through."""
    return StateError(
        f"{place} is a link or not a folder, so nothing is written through it",
        help=f"make {place} a real folder, or change `output`",
    )


def not_ours(path: Path) -> StateError:
    """Return the error for a file that this pipeline did not write."""
    return StateError(
        f"{path.name} already exists, and this pipeline did not write it",
        help=f"move {path} away, or change `output`",
    )
