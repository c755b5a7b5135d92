"""The tables of tests/cases/faults, as pytest takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

_FOLDER = Path(__file__).parents[1] / "cases" / "faults"


def scripts(table: str, outcome: str) -> list[ParameterSet]:
    """Return the scripts of one outcome."""
    rows: list[str] = json.loads((_FOLDER / f"{table}.json").read_text())[outcome]
    return [pytest.param(row, id=row) for row in rows]
