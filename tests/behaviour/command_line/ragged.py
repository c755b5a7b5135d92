"""Any YAML document that this program reads, written the way ten people would between them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(alphabet="abyYnoé 1.5:#{}[],'\"\\%-?&*!|>=@\n", max_size=12)
SCALAR = st.one_of(
    TEXT, st.integers(-99, 99), st.booleans(), st.none(), st.sampled_from(["{{ bpm }}", "on", "1e3", "~"])
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
DOCUMENT = st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=3), VALUE, min_size=1, max_size=5)


class Ragged:
    """Write data as block and flow, in any indentation and quotes, with a numbered comment wherever one may stand."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.comments = 0
        self.is_after_block = False
        """A comment further in would belong to the text."""

    def write(self, data: dict[str, Any]) -> str:
        """Return the document's text."""
        return self._gap(0) + self._mapping(data, 0) + self._gap(0)

    def _comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments}: 'it' {{x}}"

    def _gap(self, column: int) -> str:
        lines = []
        while self.chance.random() < 0.3:
            lines.append(
                " " * self.chance.choice([column, column, 0, *([] if self.is_after_block else [7])]) + self._comment()
            )
        if self.chance.random() < 0.1:
            lines.append("")
        self.is_after_block = False
        return "".join(f"{line}\n" for line in lines)

    def _tail(self) -> str:
        return (" " * self.chance.randint(1, 5) + self._comment() if self.chance.random() < 0.2 else "") + "\n"

    def _mapping(self, data: dict[str, Any], column: int) -> str:
        text = ""
        for key, value in data.items():
            head = f"{self._scalar(key, is_key=True)}{' ' * self.chance.choice([0, 0, 1])}:"
            text += self._gap(column) + " " * column + head + self._value(value, column, in_list=False)
        return text

    def _list(self, items: list[Any], column: int) -> str:
        return "".join(
            self._gap(column) + " " * column + "-" + self._value(item, column, in_list=True) for item in items
        )

    def _value(self, value: Any, column: int, *, in_list: bool) -> str:
        if value and isinstance(value, dict | list) and self.chance.random() < 0.6:
            loose = isinstance(value, list) and not in_list and self.chance.random() < 0.5
            inner = column if loose else column + self.chance.randint(1, 6)
            written = self._mapping(value, inner) if isinstance(value, dict) else self._list(value, inner)
            return self._tail() + written
        if isinstance(value, str) and self._fits_block(value) and self.chance.random() < 0.5:
            return " " + self._block(value, column + self.chance.randint(1, 5))
        space = " " * self.chance.randint(1, 3)
        return space + self._flow(value, column + 1) + self._tail()

    def _flow(self, value: Any, column: int) -> str:
        if isinstance(value, dict):
            pairs = [f"{self._scalar(key, is_key=True)}: {self._flow(item, column)}" for key, item in value.items()]
            return "{" + self._joined(pairs, column) + "}"
        if isinstance(value, list):
            return "[" + self._joined([self._flow(item, column) for item in value], column) + "]"
        return self._scalar(value)

    def _joined(self, pieces: list[str], column: int) -> str:
        def gap() -> str:
            if self.chance.random() < 0.2:
                comment = " " + self._comment() if self.chance.random() < 0.5 else ""
                return comment + "\n" + " " * (column + self.chance.randint(0, 6))
            return " " * self.chance.randint(0, 2)

        return gap() + "".join(
            piece + gap() + ("," if number < len(pieces) else "") + gap() for number, piece in enumerate(pieces, 1)
        )

    def _scalar(self, value: Any, *, is_key: bool = False) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        if value.isalpha() and value.casefold() not in ("true", "false", "null") and self.chance.random() < 0.5:
            return value
        if "\n" not in value and self.chance.random() < 0.5:
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=is_key)

    def _fits_block(self, value: str) -> bool:
        lines = value.split("\n")
        return (
            bool(value.strip())
            and bool(lines[0].strip())
            and not lines[0].startswith(" ")
            and not value.endswith("\n\n")
        )

    def _block(self, value: str, column: int) -> str:
        self.is_after_block = True
        chomp = "" if value.endswith("\n") else "-"
        body = "".join(" " * column + line + "\n" for line in value.removesuffix("\n").split("\n"))
        return f"|{chomp}{' ' + self._comment() if self.chance.random() < 0.2 else ''}\n{body}"


@st.composite
def ragged(draw: st.DrawFn) -> tuple[dict[str, Any], str, int]:
    """Return data, a text that says it, and how many comments that has."""
    data = draw(DOCUMENT)
    writer = Ragged(Random(draw(st.integers(0, 2**32))))
    text = writer.write(data)
    return data, text, writer.comments
