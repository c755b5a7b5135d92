"""The audio files that a pipeline names as inputs, by their content: read once, and again only when one changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from runner.errors import ScorefileError, StateError
from runner.state.hashes import HashMemory
from runner.state.outputs import is_lfs_pointer
from runner.state.texts import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

NAME = "input-hashes"
"""The file in a state folder."""
MAX_AUDIO_BYTES = 1 << 30


def hash_inputs(
    folder: Path, names: Collection[str], *, state: Path, check: Callable[[Path], None]
) -> dict[str, str | OSError | ValueError]:
    """Return name → SHA-256 of each file that a pipeline in `folder` names, or the error that says why it is no input.

    `check` raises ScorefileError for a file that is no audio. Hashes of files that passed are kept in the state folder, `state`,
    where there is one.
    """
    root, found = folder.resolve(), dict[str, str | OSError | ValueError]()
    places: dict[str, str] = {}
    for name in names:
        try:
            places[name] = _found(folder, name).relative_to(root).as_posix()
        except (OSError, ValueError) as error:
            found[name] = error
    wrong: dict[str, ValueError] = {}

    def is_audio(place: str) -> bool:
        try:
            check(root / place)
        except (ScorefileError, OSError) as error:
            wrong[place] = ValueError(error.message if isinstance(error, ScorefileError) else str(error))
            if is_lfs_pointer(root / place):
                wrong[place] = ValueError("Git LFS left a pointer there in place of the audio")
        return place not in wrong

    hashes = HashMemory(root, state, name=NAME).digests({*places.values()}, keep=is_audio)
    for name, place in places.items():
        found[name] = wrong.get(place) or hashes[place] or FileNotFoundError("there is no such file")
    return found


def copy_input(folder: Path, path: str, sha256: str, target: Path) -> None:
    """Copy a file that a pipeline in `folder` names as an input. Raises StateError when its content is another one by now."""
    found = hashlib.sha256()
    try:
        with _found(folder, path).open("rb") as reader, target.open("wb") as writer:
            while chunk := reader.read(1 << 20):
                found.update(chunk)
                writer.write(chunk)
    except ValueError as error:
        raise StateError(f"{path} cannot be read: {error}", help="run again") from error
    if found.hexdigest() != sha256:
        raise StateError(f"{path} was changed while the run was at work", help="run again")


def _found(folder: Path, path: str) -> Path:
    target = target_of(folder / path, folder, "the pipeline's folder")
    if target.stat().st_size > MAX_AUDIO_BYTES:
        raise ValueError(f"it is larger than {MAX_AUDIO_BYTES >> 20} MiB")
    return target
