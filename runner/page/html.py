"""The page as one file: template, style, modules and data, under a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Json

ENTRY = "app.js"
STYLE = "page.css"
MARK = '<meta name="generator" content="Scorefile">'
"""By this a file is told to be one of ours, which may be written again."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let) )", re.MULTILINE)
_NAME = re.compile(r"^(?:async function|function|class|const|let) (\w+)", re.MULTILINE)
_ESCAPED = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"})


def page(assets: Mapping[str, str], data: Mapping[str, Json], *, title: str, is_live: bool = False) -> str:
    """Return the whole page: it needs no other file but the audio. `assets` is name → text.

    It asks no network; one that `is_live` asks the server that it came from.
    """
    script, style = joined(assets), assets[STYLE]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{MARK}
<meta http-equiv="Content-Security-Policy" content="{policy(script, style, is_live=is_live)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{html.escape(title)}</title>
<style>{style}</style>
</head>
<body>
<noscript>This page shows its takes with JavaScript, which is off in this browser.</noscript>
<script type="application/json" id="data">{data_text(data)}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def policy(script: str, style: str, *, is_live: bool = False) -> str:
    """Return the Content-Security-Policy: this script, this style, pictures of the page itself, audio beside it."""
    asks = "connect-src 'self'; " if is_live else ""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; img-src data:; "
        f"media-src 'self' data:; {asks}base-uri 'none'; form-action 'none'"
    )


def data_text(data: Mapping[str, Json]) -> str:
    """Return JSON that no HTML parser takes for markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()
    return text.translate(_ESCAPED)


def joined(assets: Mapping[str, str]) -> str:
    """Return the modules as one script, each behind those that it imports.

    Raises ValueError when two of them have the same name for something, or a text that would end the script.
    """
    order: list[str] = []
    _visit(ENTRY, assets, order)
    text = "\n".join(_EXPORT.sub("", _IMPORT.sub("", assets[name])) for name in order)
    names = _NAME.findall(text)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or re.search(r"</script|<!--", text, re.IGNORECASE) or "\r" in text:
        raise ValueError(f"the modules of the page cannot be joined: {twice}")
    return text


def _visit(name: str, assets: Mapping[str, str], order: list[str]) -> None:
    for needed in _IMPORT.findall(assets[name]):
        if needed not in order:
            _visit(needed, assets, order)
    order.append(name)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
