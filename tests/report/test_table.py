"""Tables on a terminal: columns below each other, as wide as there is room, cells of a matrix that say the same in one row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.records import Style
from runner.report.table import aligned, folded, folded_name, folded_text, table
from runner.report.width import columns, cut

HEAD = ("MODEL", "PRICE", "FORMAT")
ROWS = (
    ("pixazo/tracks", "free", "wav"),
    ("pixazo/lyria-3", "$0.04 a request", "mpeg"),
    ("verbatik/text-to-music", "$0.20 a minute of each take", "wav, flac, mpeg, ogg, mp4"),
)
TEXT = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40)


def test_off_a_terminal_nothing_is_cut() -> None:
    assert table(HEAD, ROWS, Style()) == (
        "MODEL                   PRICE                        FORMAT",
        "pixazo/tracks           free                         wav",
        "pixazo/lyria-3          $0.04 a request              mpeg",
        "verbatik/text-to-music  $0.20 a minute of each take  wav, flac, mpeg, ogg, mp4",
    )


def test_on_a_narrow_terminal_the_names_stay_whole_and_few_cells_are_cut_after_a_word() -> None:
    assert table(HEAD, ROWS, Style(width=60)) == (
        "MODEL                   PRICE                       FORMAT",
        "pixazo/tracks           free                        wav",
        "pixazo/lyria-3          $0.04 a request             mpeg",
        "verbatik/text-to-music  $0.20 a minute of each…     wav,…",
    )


def test_wide_cuts_nothing() -> None:
    assert table(HEAD, ROWS, Style(width=60, wide=True)) == table(HEAD, ROWS, Style())


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=8), st.integers(40, 120))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, ...]], width: int) -> None:
    assert all(columns(line) <= width for line in aligned(rows, Style(width=width)))


@given(TEXT, st.integers(1, 40))
def test_a_cut_text_fits_and_ends_in_an_ellipsis(text: str, width: int) -> None:
    shown = cut(text, width)
    assert columns(shown) <= width
    assert shown == text or (shown.endswith("…") and text.startswith(shown.rstrip("…")))


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("up to 600 s", 11, "up to 600 s"),
        ("up to 600 s", 10, "up to 600…"),
        ("up to 600 s", 8, "up to…"),
        ("audio/title.wav", 10, "audio/tit…"),
        ("battle@… (12 cells)", 12, "battle@…"),
        ("神の音楽の歌", 6, "神の…"),
    ],
)
def test_a_text_is_cut_between_words_where_it_has_several(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


def rows_of(jobs: list[tuple[str, str]], style: Style) -> list[str]:
    found = folded(jobs, lambda item: item[0], lambda item: item[1], style=style)
    return [f"{folded_name([job for job, _ in cells])}: {cells[0][1]}" for cells in found]


def test_many_cells_that_say_the_same_are_one_row() -> None:
    cells = [(f"battle@{number}", "made") for number in range(6)]
    others = [("battle@6", "failed"), ("title", "made"), *((f"walk@{number}", "made") for number in range(4))]
    assert rows_of([*cells, *others], Style()) == [
        "battle@… (6 cells): made",
        "battle@6: failed",
        "title: made",
        *(f"walk@{number}: made" for number in range(4)),
    ]


@pytest.mark.parametrize("style", [Style(wide=True), Style(verbose=1)])
def test_each_cell_has_its_row_when_that_is_wanted(style: Style) -> None:
    assert len(rows_of([(f"battle@{number}", "made") for number in range(6)], style)) == 6


def test_the_texts_of_one_row_are_what_they_begin_with() -> None:
    assert folded_text([]) == ""
    assert folded_text(["audio/title.wav"]) == "audio/title.wav"
    assert folded_text(["audio/battle@ice.wav", "audio/battle@ash.wav"]) == "audio/battle@…"
