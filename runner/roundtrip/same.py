"""When two documents hold the same data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.spec.document import Document


def same_data(one: Document, other: Document) -> bool:
    """Say whether two documents are free of problems and hold the same data: same order, `1` not `1.0` and not true."""
    return not one.problems and not other.problems and json.dumps(one.data) == json.dumps(other.data)
