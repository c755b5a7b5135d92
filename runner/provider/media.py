"""Find the audio in an answer: links, or the bytes themselves. Anything else is left out."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, assert_never
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from runner.provider.responses import MAX_INLINE_AUDIO, BadJsonError, find, read_json
from runner.records.exchange import Media
from runner.records.provider import Transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.records.provider import ResultRules
    from runner.records.source import Json

MAX_TAKES = 16
MAX_URL = 8192
LINK_KEYS = ("url", "audio_url", "file")
"""Where an object among the results may hold its link; the first that is there counts."""


def read_media(rules: ResultRules, document: Json, *, base_url: str) -> tuple[Media, ...]:
    """Collect at most 16 takes from an answer, in the provider's order; `base_url` completes relative links."""
    items = list(_items(rules, find(rules.media, document), base_url))[:MAX_TAKES]
    types = _each(find(rules.media_type, document), len(items))
    seeds = _each(find(rules.seeds, document), len(items))
    return tuple(
        Media(
            url=item.url,
            data=item.data,
            media_type=item.media_type or _media_type(kind),
            seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
        )
        for item, kind, seed in zip(items, types, seeds, strict=True)
    )


def _each(value: Json, count: int) -> list[Json]:
    """Return one value for each take: a single value for all, or a list of the same length; else None for each."""
    if isinstance(value, list):
        return value if len(value) == count else [None] * count
    return [value] * count


def _media_type(value: Json) -> str | None:
    """Read `Audio/WAV; rate=48000` as `audio/wav`."""
    if not isinstance(value, str):
        return None
    bare = value.partition(";")[0].strip().lower()
    return bare if "/" in bare and bare.isprintable() and " " not in bare else None


def _items(rules: ResultRules, value: Json, base_url: str) -> Iterator[Media]:
    if rules.transform is Transform.JSON_STRING:
        value = _parsed(value)
    for item in value if isinstance(value, list) else [value]:
        text = next((item[key] for key in LINK_KEYS if key in item), None) if isinstance(item, dict) else item
        if isinstance(text, str) and (found := _item(rules, text, base_url)):
            yield found


def _parsed(value: Json) -> Json:
    try:
        return read_json(value.encode()) if isinstance(value, str) else None
    except (BadJsonError, UnicodeEncodeError):
        return None


def _item(rules: ResultRules, text: str, base_url: str) -> Media | None:
    match rules.transform:
        case None:
            return _link(text)
        case Transform.JSON_STRING | Transform.RELATIVE_URL:
            return _link(_joined(base_url, text))
        case Transform.HEX:
            return _bytes(lambda: bytes.fromhex(text))
        case Transform.BASE64:
            return _bytes(lambda: base64.b64decode(text, validate=True))
        case Transform.DATA_URL:
            return _data_url(text)
    assert_never(rules.transform)


def _joined(base_url: str, text: str) -> str:
    try:
        return urljoin(f"{base_url}/", text)
    except ValueError:
        return ""


def _link(url: str) -> Media | None:
    """Accept an http or https link with a host and without a user name; no other is followed."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.username is None
    except ValueError:
        return None
    return Media(url=url) if sound and len(url) <= MAX_URL and url.isprintable() and " " not in url else None


def _bytes(decode: Callable[[], bytes]) -> Media | None:
    try:
        data = decode()
    except (ValueError, binascii.Error):
        return None
    return Media(data=data) if 0 < len(data) <= MAX_INLINE_AUDIO else None


def _data_url(text: str) -> Media | None:
    head, comma, tail = text.partition(",")
    if not comma or not head.startswith("data:"):
        return None
    if head.endswith(";base64"):
        found = _bytes(lambda: base64.b64decode(tail, validate=True))
    else:
        found = _bytes(lambda: unquote_to_bytes(tail))
    kind = _media_type(head.removeprefix("data:").removesuffix(";base64"))
    return Media(data=found.data, media_type=kind) if found else None
