"""The shipped schemas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.state.schemas import read_catalog

if TYPE_CHECKING:
    from runner.catalog.models import Catalog

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"


def shipped_catalog() -> Catalog:
    """Return every shipped model and provider; read once."""
    return read_catalog((SCHEMAS,))
