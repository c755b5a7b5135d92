"""When two documents hold the same data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.pipeline.yaml.document import Document


def same_data(one: Document, other: Document, *, in_order: bool = True) -> bool:
    """Say whether two documents are free of problems and hold the same data, `1` not `1.0` and not true."""
    if one.problems or other.problems:
        return False
    return json.dumps(one.data, sort_keys=not in_order) == json.dumps(other.data, sort_keys=not in_order)
