"""What is true after a kill, read from the vendor's ledger and the files alone: nothing here asks the runner."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.vendor.audio import song
from tests.support.vendor.book import LEDGER
from tests.torture.pieces import fade_of

if TYPE_CHECKING:
    from collections.abc import Iterable

IN_DOUBT = frozenset({"intent", "unknown"})
CLOSED = frozenset({"rejected", "not_sent", "planned"})
ENDED = CLOSED | {"done", "failed", "lost", "expired", "bad_content"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt as the journal tells it."""

    name: str
    job: str
    phase: str
    ids: frozenset[str]
    """Every id that the journal holds for it, in a row or in a raw answer."""

    @property
    def in_doubt(self) -> bool:
        """Say whether it may have been charged without a receipt."""
        return self.phase in IN_DOUBT and not self.ids

    @property
    def is_open(self) -> bool:
        """Say whether the next run has something to finish."""
        return self.phase not in ENDED


class Ledger:
    """The vendor's ledger, read on from where it was read last."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER
        self._place = 0
        self._ids: dict[str, list[str]] = {}

    def ids(self, name: str) -> list[str]:
        """Return the ids of the charges for this name, in order."""
        with self._path.open("rb") as file:
            file.seek(self._place)
            for line in file:
                row = json.loads(line)
                self._ids.setdefault(row["name"], []).append(row["id"])
            self._place = file.tell()
        return self._ids.get(name, [])


def read_attempts(journal: Path) -> list[Attempt]:
    """Read a copy of a journal: to open the journal itself would mend it."""
    if not journal.exists():
        return []
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            source = journal.with_name(journal.name + suffix)
            if source.exists():
                shutil.copy(source, Path(folder) / source.name)
        connection = sqlite3.connect(Path(folder) / journal.name)
        try:
            rows = connection.execute("SELECT job, attempt, phase, data FROM events ORDER BY seq").fetchall()
        except sqlite3.OperationalError:
            rows = []
        finally:
            connection.close()
    attempts: dict[str, Attempt] = {}
    for job, attempt, phase, data in rows:
        before = attempts.get(attempt)
        ids = (before.ids if before else frozenset()) | _ids(json.loads(data))
        attempts[attempt] = Attempt(name=attempt, job=job, phase=phase, ids=ids)
    return list(attempts.values())


def _ids(data: dict[str, Any]) -> frozenset[str]:
    found = {data["request_id"]} if data.get("request_id") else set()
    if "reply" in data:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found.add(str(json.loads(base64.b64decode(data["reply"]["body"]))["request_id"]))
    return frozenset(found)


@dataclass(kw_only=True)
class Findings:
    """What must not be, counted; each with the words for a person."""

    double: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        """Return every finding, the kind in front."""
        return [f"{kind}: {text}" for kind, texts in vars(self).items() for text in texts]

    def add(self, other: Findings) -> None:
        """Take over what another one holds."""
        for kind, texts in vars(other).items():
            getattr(self, kind).extend(texts)


def check_money(
    findings: Findings, job: str, charged: list[str], attempts: Iterable[Attempt], *, allowed: int = 1
) -> None:
    """At most as many charges as people asked for, and a receipt for each or a doubt about it."""
    mine = [attempt for attempt in attempts if attempt.job == job]
    if len(charged) > allowed:
        _once(findings.double, f"{job} was charged more than {allowed} times: {charged[: allowed + 1]}")
    known = {receipt for attempt in mine for receipt in attempt.ids}
    doubts = sum(attempt.in_doubt for attempt in mine)
    missing = [receipt for receipt in charged if receipt not in known]
    if len(missing) > doubts:
        _once(findings.lost, f"{job}: {missing[0]} stands in no row, and {doubts} attempts are in doubt")


def _once(findings: list[str], text: str) -> None:
    if text not in findings:
        findings.append(text)


def check_files(findings: Findings, folder: Path, charged: dict[str, list[str]], finished: frozenset[str]) -> None:
    """Whatever stands at an output path is exactly what the vendor made for one of the job's charges, or is made of it."""
    for path in sorted((folder / "audio").glob("*")):
        if path.name.startswith("."):
            continue
        data, ids = path.read_bytes(), charged.get(path.stem, [])
        songs = map(song, ids)
        if not (any(fade_of(data, one) for one in songs) if path.stem in finished else data in songs):
            findings.bad.append(f"{path.name} ({path.stat().st_size} bytes) is not what was made for {ids}")


def check_takes(findings: Findings, exported: Path, charged: dict[str, list[str]]) -> None:
    """Every charge is one take of its job, with a number of its own."""
    for job, ids in charged.items():
        found = sorted(path.read_bytes() for path in exported.glob(f"{job}.take*"))
        if found != sorted(map(song, ids)):
            findings.lost.append(f"{job} was charged {len(ids)} times, and has {len(found)} takes, or other ones")


def check_lock(findings: Findings, lock: Path) -> None:
    """The lock is whole JSON, whenever it is looked at."""
    try:
        json.loads(lock.read_bytes())
    except FileNotFoundError:
        pass
    except ValueError as error:
        findings.bad.append(f"{lock.name} is not whole: {error}")
