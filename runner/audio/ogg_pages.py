"""Give the pages of an Ogg file a number of our own in place of a random one, so that the same audio has the same bytes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_SERIAL = (0x5C0FE).to_bytes(4, "little")
_HEAD, _SERIAL_AT, _CHECKSUM_AT, _COUNT_AT = 27, 14, 22, 26
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def renumber(source: BinaryIO, target: BinaryIO) -> None:
    """Copy an Ogg file of one stream; its pages, packets and times stay as they are."""
    while head := source.read(_HEAD):
        sizes = source.read(head[_COUNT_AT])
        head = head[:_SERIAL_AT] + _SERIAL + head[_SERIAL_AT + 4 : _CHECKSUM_AT] + bytes(4) + head[_COUNT_AT:]
        page = head + sizes + source.read(sum(sizes))
        target.write(page[:_CHECKSUM_AT] + _checksum(page) + page[_COUNT_AT:])


def _checksum(page: bytes) -> bytes:
    """Return Ogg's CRC-32: zlib's polynomial with the bits the other way round, and nothing added."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return mirrored.to_bytes(4, "big").translate(_REVERSED)
