"""When a file may be taken as unchanged without reading it again: the rule, for all that remember what a file held.

Who remembers what a file held keeps with it the stamp of the file and the moment before it was looked at:

1. Take `moment_ns`: the earlier of this machine's clock and the time that the file system gave to a file written just
   now, for these clocks may differ.
2. Look at the file (`system.stamp_of`), read it, and look again: what was read belongs to the stamp when both are equal.
3. The stamp proves what the file holds only if it `is_settled`: a change within the tick of the clock in which we looked
   can leave size and times as they were. Git calls such a file racily clean, and reads it again, as we do.
4. When the clock is now before `moment_ns`, it was set back: what was remembered proves nothing.

Any program can restore size and mtime; none can restore ctime. So a file system without ctime, or with a coarse one, has
no stamp that proves anything.
"""

from __future__ import annotations

from typing import NamedTuple

_COARSE_NS = 10_000_000
"""Times that are multiples of this may be coarse: of 10 ms (exFAT), 1 s (ext3, HFS+) or 2 s (FAT)."""
_TICK_NS = 2 * _COARSE_NS
"""More than the longest tick of the clocks that file systems with finer times use."""


class FileStamp(NamedTuple):
    """What the system says of a regular file. A plain tuple: it is made, compared and written as JSON at once."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    def is_settled(self, moment_ns: int) -> bool:
        """Say whether every change after `moment_ns`, when the file had this stamp, gives it another one."""
        if self.ctime_ns % _COARSE_NS == 0:
            return False
        return max(self.mtime_ns, self.ctime_ns) + _TICK_NS < moment_ns
