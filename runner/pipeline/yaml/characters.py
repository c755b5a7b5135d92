"""Characters that are invisible, or look like others."""

from __future__ import annotations

import re
from typing import Final

INVISIBLE: Final = re.compile(
    "[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|(?<=[ -~])[\u200c\u200d](?=[ -~])"
)
"""Zero-width and bidirectional signs; the joiners U+200C and U+200D belong to several scripts and to emoji."""
KEY_WITH_WIDE_COLON: Final = re.compile(r"^\s*(?:- +)?([A-Za-z][\w-]*)\s*([\uff1a\ufe55\ufe13])\s*(.*)$")
