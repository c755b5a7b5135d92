"""Which file systems are this machine's own: there a change shows at once in what the system says of a file."""

from __future__ import annotations

from pathlib import Path

LOCAL = frozenset(
    {"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "nilfs2", "overlay", "ramfs", "tmpfs", "xfs", "zfs"}
)
"""File systems of Linux without another machine, or another program, behind them that answers late."""
_MOUNTS = Path("/proc/self/mountinfo")
_OWN_DISKS = ("/", "/System/Volumes/Data")
"""Where systems other than Linux have their own disk; the second is that of macOS."""


def is_local(path: Path) -> bool:
    """Say whether the file system that holds `path` is this machine's own. False where that is unknown."""
    try:
        if _MOUNTS.exists():
            return kind_of(path.resolve(), _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")) in LOCAL
        return path.stat().st_dev in {Path(disk).stat().st_dev for disk in _OWN_DISKS if Path(disk).exists()}
    except OSError:
        return False


def kind_of(path: Path, mounts: str) -> str | None:
    """Return the kind of the file system that holds an absolute path, by the lines of /proc/self/mountinfo."""
    found: dict[Path, str] = {}
    for line in mounts.splitlines():
        place, _, system = line.partition(" - ")
        point = place.split(" ")[4].encode("utf-8", "surrogateescape").decode("unicode_escape")
        found[Path(point.encode("latin-1").decode("utf-8", "surrogateescape"))] = system.split(" ")[0]
    return next((found[folder] for folder in (path, *path.parents) if folder in found), None)
