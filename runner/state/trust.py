"""What the person at this machine has agreed to: one file for each binding, in the user's configuration folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import NotWritableError, UsageError
from runner.state.files.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class TrustStore:
    """The digests that a person has agreed to, of bindings of the project in `folder`.

    A store inside the project, or inside the git work tree that it is part of, could be a part of the repository: it
    counts for nothing.
    """

    def __init__(self, folder: Path) -> None:
        from platformdirs import user_config_path

        self.folder = user_config_path("scorefile", appauthor=False) / "trust"
        self._is_foreign = self.folder.resolve().is_relative_to(_work_tree(folder.resolve()))

    def __contains__(self, digest: str) -> bool:
        return not self._is_foreign and (self.folder / digest).is_file()

    def keep(self, agreed: Iterable[tuple[str, str]]) -> None:
        """Keep each (digest, what it stands for). Raises UsageError or NotWritableError."""
        if self._is_foreign:
            raise UsageError(
                f"{self.folder} lies inside the project, so it cannot say what a person has agreed to",
                help="set XDG_CONFIG_HOME or HOME to a folder outside of it, or name the hosts in SCOREFILE_TRUST",
            )
        try:
            for digest, text in agreed:
                write_atomic(self.folder / digest, f"{text}\n".encode("utf-8", "surrogatepass"), mode=0o600)
        except OSError as error:
            raise NotWritableError(
                f"{self.folder} cannot be written: {error.strerror}", help="make it writable, then run again"
            ) from error


def _work_tree(folder: Path) -> Path:
    """Return the git work tree around a folder, else the folder itself."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
