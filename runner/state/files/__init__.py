"""Files written whole or not at all, and outputs that never leave their folder, on every system.

What differs between systems is in `system`, `posix_folder`, `path_folder` and `processes`, and nowhere else in the program.
"""

from __future__ import annotations

from runner.state.files.atomic import write_atomic
from runner.state.files.folder import digest
from runner.state.files.placing import is_through_link, place, remove_owned

__all__ = ["digest", "is_through_link", "place", "remove_owned", "write_atomic"]
