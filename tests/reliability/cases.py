"""The tables of tests/cases/faults, as pytest takes them."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

_FOLDER = Path(__file__).parents[1] / "cases" / "faults"


def scripts(table: str, outcome: str) -> list[pytest.param]:  # type: ignore[valid-type]
    """Return the scripts of one outcome; in a file %20 stands for what would end a word of a script."""
    rows: list[str] = json.loads((_FOLDER / f"{table}.json").read_text())[outcome]
    return [pytest.param(row, id=unquote(row)) for row in rows]
