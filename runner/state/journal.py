"""The journal: what was sent, and its receipt, durable before the next step is taken.

SQLite in WAL mode with `synchronous=FULL`: a row is on disk when `append` returns. Rows are only ever added. Each row
carries a SHA-256 over its content and the row before it, so damage is found and refused; it is never read as
"nothing was sent yet".
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.records import Event, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VERSION = 1
"""Layout of the table; kept in SQLite's user_version."""

_GENESIS = "scorefile journal"
_BUSY_MS = 10_000


class Journal:
    """One pipeline's journal. Opened by the run that holds the run lock; others read it with `read_events`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._connection = _connect(path)
        try:
            self._prepare()
            self.events = tuple(_verified(self._connection, path))
            self._chain = self._last_sum()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _damaged(path, str(error)) from error
        except BaseException:
            self._connection.close()
            raise

    def append(self, events: Iterable[Event]) -> None:
        """Add rows in one transaction and return when they are on disk. Raises StateError when they cannot be."""
        chain = self._chain
        rows = []
        for event in events:
            data = json.dumps(event.data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            chain = _checksum(chain, event.at, event.job, event.attempt, event.phase, data)
            rows.append((event.at, event.job, event.attempt, event.phase.value, data, chain))
        try:
            with self._connection:
                self._connection.executemany(
                    "INSERT INTO events (at, job, attempt, phase, data, sum) VALUES (?, ?, ?, ?, ?, ?)", rows
                )
        except sqlite3.Error as error:
            self._resync()
            raise StateError(
                f"cannot write the journal {self.path}: {error}", help="free some disk space, then run again"
            ) from error
        self._chain = chain

    def close(self) -> None:
        """Close the file; everything appended is on disk already."""
        self._connection.close()

    def _prepare(self) -> None:
        version = _layout(self._connection, self.path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        if version == 0:
            with self._connection:
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,"
                    " job TEXT NOT NULL, attempt TEXT NOT NULL, phase TEXT NOT NULL, data TEXT NOT NULL,"
                    " sum TEXT NOT NULL)"
                )
                self._connection.execute(f"PRAGMA user_version={VERSION}")

    def _resync(self) -> None:
        """After a failed write, continue the chain from what is really there."""
        with contextlib.suppress(sqlite3.Error):
            self._chain = self._last_sum()

    def _last_sum(self) -> str:
        row = self._connection.execute("SELECT sum FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return str(row[0]) if row else _GENESIS


def read_events(path: Path) -> tuple[Event, ...]:
    """Return all rows of a journal, verified; none when there is no journal. Raises StateError when it is damaged."""
    if not path.exists():
        return ()
    connection = _connect(path)
    try:
        _layout(connection, path)
        return () if _is_blank(connection) else tuple(_verified(connection, path))
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from error
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000)
    except sqlite3.Error as error:
        raise StateError(
            f"cannot open the journal {path}: {error}", help="check that its folder is writable"
        ) from error
    return connection


def _layout(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version not in (0, VERSION):
        raise StateError(
            f"{path} was written by another version of Scorefile (layout {version}, this one reads {VERSION})",
            help="use the version that wrote it",
        )
    return version


def _is_blank(connection: sqlite3.Connection) -> bool:
    """Say whether a run was killed before it could create the table."""
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _verified(connection: sqlite3.Connection, path: Path) -> Iterable[Event]:
    chain, expected = _GENESIS, 1
    for seq, at, job, attempt, phase, data, found in connection.execute(
        "SELECT seq, at, job, attempt, phase, data, sum FROM events ORDER BY seq"
    ):
        chain = _checksum(chain, at, job, attempt, phase, data)
        if seq != expected or chain != found:
            raise _damaged(path, f"row {seq} is not what was written")
        expected += 1
        yield Event(at=at, job=job, attempt=attempt, phase=Phase(phase), data=json.loads(data))
    ever = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    if ever is not None and ever[0] != expected - 1:
        raise _damaged(path, f"rows after {expected - 1} are gone")


def _checksum(previous: str, *fields: str) -> str:
    """Chain a row to the one before it."""
    return hashlib.sha256("\n".join((previous, *fields)).encode()).hexdigest()


def _damaged(path: Path, why: str) -> StateError:
    return StateError(
        f"the journal {path} is damaged: {why}",
        help="it holds receipts of paid jobs, so nothing is submitted; restore it from a backup, or move it away "
        "if you know that no submission was under way",
    )
