"""Every format of every report, to the character. `python -m tests.report.scenes` writes them anew."""

from __future__ import annotations

import json

import pytest

from tests.report.scenes import CASES, snapshots

MADE = snapshots()


@pytest.mark.parametrize("name", MADE)
def test_a_report_reads_as_its_snapshot(name: str) -> None:
    assert MADE[name] == (CASES / name).read_text(encoding="utf-8")


def test_no_snapshot_is_left_over() -> None:
    kept = {path.name for path in CASES.iterdir() if "xsd" not in path.name and "schema" not in path.name}
    assert kept == set(MADE)


def test_nothing_that_steers_a_terminal_gets_out() -> None:
    for name, text in MADE.items():
        inner = json.loads(text)["problems"] if name == "validate.json" else ()
        assert "\x1b[31mred" not in text, name
        assert "\u202e" not in text, name
        assert "\x1b" not in text or name == "validate.color.txt", name
        assert len(inner) == (11 if name == "validate.json" else 0)


def test_no_literal_key_is_shown_with_its_line() -> None:
    assert not any("sk-abcdefghij" in text for text in MADE.values())
