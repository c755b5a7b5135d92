"""The journal: what was sent and what proves it, durable before the next step is taken.

SQLite in WAL mode: a row is on disk when `append` returns, and one that guards money survives a power failure, too. Rows
are only ever added. Each row carries a SHA-256 over its content and the row before it, and a checkpoint beside the
database records the last one that is safe from a power failure, so damage is found and refused; it is never read as
"nothing was sent yet".
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from runner.errors import NotWritableError, StateError
from runner.records.submission import Event, Phase
from runner.state.checkpoint import Checkpoint
from runner.state.files.processes import without_collecting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")
Row: TypeAlias = tuple[str, str, str, str, str, str]

VERSION = 1
"""Layout of the table; kept in SQLite's user_version."""

_GENESIS = "scorefile journal"
_AT_ONCE = 500
"""Rows of one statement."""
_BUSY_MS = 10_000
_PAUSE_S = 0.01
_ENCODE = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
_LOADS = json.JSONDecoder().decode


class Journal:
    """One pipeline's journal. Opened by the run that holds the run lock; others read it with `read_events`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._checkpoint = _checkpoint(path)
        recorded = _recorded(path, self._checkpoint)
        self._connection = _connect(path)
        self._waits: bool | None = None
        try:
            _retry_while_busy(self._prepare)
            with without_collecting():
                self.events, self._chain = _verified(self._connection, path, recorded)
            self._count = len(self.events)
            self._is_synced = True
            if self._count > recorded[0]:
                self._checkpoint.write(self._count, self._chain)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self._connection.close()
            raise _damaged(path, str(error)) from error
        except BaseException:
            self._connection.close()
            raise

    def append(self, events: Iterable[Event], *, durable: bool = True) -> None:
        """Add rows in one transaction and return when they are on disk. Raises StateError when they cannot be.

        Rows that are not `durable` outlive this process, but not a power failure until a later durable row, or `close`.
        """
        chain = self._chain
        rows: list[Row] = []
        for event in events:
            data = _ENCODE(event.data)
            chain = _checksum(chain, event.at, event.job, event.attempt, event.phase, data)
            rows.append((event.at, event.job, event.attempt, event.phase.value, data, chain))
        try:
            self._sync(durable=durable)
            with self._connection:
                if len(rows) > _AT_ONCE:
                    self._connection.execute("BEGIN")  # a single statement is a transaction of its own
                for some in _batches(rows):
                    # One statement for many rows: after each one this thread waits for its turn among the workers.
                    values = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some))
                    insert = f"INSERT INTO events (at, job, attempt, phase, data, sum) VALUES {values}"  # noqa: S608
                    self._connection.execute(insert, [field for row in some for field in row])
            self._count, self._chain, self._is_synced = self._count + len(rows), chain, durable
            if durable:
                self._checkpoint.write(self._count, self._chain)
        except (sqlite3.Error, OSError) as error:
            self._resync()
            raise NotWritableError(
                f"cannot write the journal {self.path}: {error}", help="free some disk space, then run again"
            ) from error

    def close(self) -> None:
        """Make the last rows safe from a power failure, where the disk allows it, and close the file."""
        with contextlib.suppress(sqlite3.Error, OSError):
            if not self._is_synced:
                self._sync(durable=True)
                is_busy, *_ = self._connection.execute("PRAGMA wal_checkpoint").fetchone()
                if not is_busy:
                    self._checkpoint.write(self._count, self._chain)
        self._checkpoint.close()
        self._connection.close()

    def _prepare(self) -> None:
        version = _layout(self._connection, self.path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._sync(durable=True)
        self._connection.execute("PRAGMA fullfsync=ON")  # macOS: the drive empties its cache, too; no effect elsewhere
        if version == 0:
            with self._connection:
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,"
                    " job TEXT NOT NULL, attempt TEXT NOT NULL, phase TEXT NOT NULL, data TEXT NOT NULL,"
                    " sum TEXT NOT NULL)"
                )
                self._connection.execute(f"PRAGMA user_version={VERSION}")

    def _sync(self, *, durable: bool) -> None:
        """Let the next writes wait for the disk, or not."""
        if durable is not self._waits:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._waits = durable

    def _resync(self) -> None:
        """After a failed write, continue the chain from what is really there."""
        with contextlib.suppress(sqlite3.Error):
            row = self._connection.execute("SELECT seq, sum FROM events ORDER BY seq DESC LIMIT 1").fetchone()
            self._count, self._chain = (row[0], row[1]) if row else (0, _GENESIS)


def read_events(path: Path) -> tuple[Event, ...]:
    """Return all rows of a journal, verified; none when there is no journal. Raises StateError when it is damaged."""
    recorded = _recorded(path, _checkpoint(path))
    if not path.exists():
        return ()
    connection = _connect(path)
    try:
        _retry_while_busy(lambda: _layout(connection, path))
        with without_collecting():
            return _retry_while_busy(lambda: _verified(connection, path, recorded))[0]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
    except sqlite3.Error as error:
        raise StateError(
            f"cannot open the journal {path}: {error}", help="check that its folder is writable"
        ) from error
    return connection


def _retry_while_busy(do: Callable[[], T]) -> T:
    """Do what another process may delay for a moment: SQLite reports some locks at once, whatever its timeout is."""
    end = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            return do()
        except sqlite3.OperationalError as error:
            # Python's own errors, such as a text that is not UTF-8, carry no code of SQLite.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            if code & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            if time.monotonic() > end:
                raise StateError(
                    "another process has locked the journal", help="wait until it ends, then run again"
                ) from error
            time.sleep(_PAUSE_S)


def _layout(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version not in (0, VERSION):
        raise StateError(
            f"{path} was written by another version of Scorefile (layout {version}, this one reads {VERSION})",
            help="use the version that wrote it",
        )
    return version


def _is_blank(connection: sqlite3.Connection) -> bool:
    """Return whether a run was killed before it could create the table."""
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _checkpoint(path: Path) -> Checkpoint:
    return Checkpoint(path.with_suffix(".checkpoint"))


def _recorded(path: Path, checkpoint: Checkpoint) -> tuple[int, str]:
    """Return what the checkpoint recorded; a missing journal that it recorded rows of is damage, not a fresh start."""
    try:
        recorded = checkpoint.read()
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if recorded[0] and not path.exists():
        raise _damaged(path, f"the file is missing, and its checkpoint recorded {recorded[0]} rows")
    return recorded


def _verified(connection: sqlite3.Connection, path: Path, recorded: tuple[int, str]) -> tuple[tuple[Event, ...], str]:
    """Return all rows and the last checksum; each row is checked against its own, and all against the checkpoint."""
    columns = "seq, at, job, attempt, phase, data, sum"
    query = f"SELECT {columns} FROM events ORDER BY seq"  # noqa: S608 - nothing of it comes from outside
    rows = () if _is_blank(connection) else connection.execute(query)
    chain, events = _GENESIS, []
    for expected, (seq, at, job, attempt, phase, data, found) in enumerate(rows, start=1):
        if not (type(at) is type(job) is type(attempt) is type(phase) is type(data) is type(found) is str):
            raise _damaged(path, f"row {expected} was changed after it was written")
        chain = _checksum(chain, at, job, attempt, phase, data)
        if seq != expected or chain != found:
            raise _damaged(path, f"row {seq} was changed after it was written")
        if expected == recorded[0] and chain != recorded[1]:
            raise _damaged(path, f"row {seq} does not match its checkpoint")
        events.append(Event(at=at, job=job, attempt=attempt, phase=Phase(phase), data=_LOADS(data)))
    if len(events) < recorded[0]:
        raise _damaged(path, f"it has {len(events)} rows, and its checkpoint recorded {recorded[0]}")
    return tuple(events), chain


def _checksum(previous: str, *fields: str) -> str:
    """Chain a row to the one before it."""
    return hashlib.sha256("\n".join((previous, *fields)).encode()).hexdigest()


def _batches(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield the rows in their order, as many at once as go into one statement."""
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def _damaged(path: Path, why: str) -> StateError:
    return StateError(
        f"the journal {path} is damaged: {why}",
        help=f"restore it from a backup, or move its folder {path.parent} away: the next run takes up what the lock knows, and "
        "what only this journal knows is lost; until then nothing is submitted, because it holds receipts of paid jobs",
    )
