"""Outputs that change hands while two jobs of a run are brought at once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from runner.state import outputs as module
from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import save_bytes
from runner.state.files.folder import digest
from runner.state.outputs import Outputs

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = b"the music of one", b"the music of two"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("moment", ["before its output is looked at", "after its output is looked at"])
def test_a_take_whose_output_another_job_replaces_meanwhile_is_placed(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody replaces an output whose bytes the store does not hold, so the take is there then."""
    (tmp_path / "one").write_bytes(ONE)
    (tmp_path / "two").write_bytes(TWO)
    files = Outputs(tmp_path, LocalBlobs(tmp_path / "blobs"))

    def replaced(path: Path) -> str | None:
        monkeypatch.setattr(module, "digest", digest)
        found = digest(path) if moment.startswith("after") else None
        files.put(sha256(TWO), "one", previous="two", mine=frozenset({sha256(ONE)}))
        return found or digest(path)

    monkeypatch.setattr(module, "digest", replaced)
    files.put(sha256(ONE), "two", previous="one", mine=frozenset({sha256(TWO)}))
    assert ((tmp_path / "one").read_bytes(), (tmp_path / "two").read_bytes()) == (TWO, ONE)


class _SavedMeanwhile(LocalBlobs):
    """A store into which another thread saves a take just after it was found not to be there."""

    def check(self, sha256: str) -> bool:
        found = super().check(sha256)
        if not found:
            save_bytes(self, ONE)
        return found


def test_a_take_that_is_saved_while_it_is_looked_for_is_not_taken_for_a_corrupted_one(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(ONE)
    blobs = _SavedMeanwhile(tmp_path / "blobs")
    Outputs(tmp_path, blobs).copy(sha256(ONE), ["one"], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == ONE
    assert not [*tmp_path.rglob("*.damaged")]
