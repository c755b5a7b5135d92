"""Which files are at the paths of outputs, whatever the file system takes for one name."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from runner.commands.facts import by_folder, output_hashes
from runner.records.media_types import EXTENSIONS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.sets(st.text("aAbßsSéeE\u0301İ.", min_size=1, max_size=4), max_size=6)
ENDINGS = (*EXTENSIONS.values(), ".WAV", ".txt", "")


def same_to_some(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


@given(
    named=NAMES,
    stems=NAMES,
    listed=st.sets(st.tuples(st.text("aAbßsSéeE\u0301İ.", min_size=1), st.sampled_from(ENDINGS))),
)
def test_each_name_that_a_file_system_may_take_for_a_listed_one_is_found(
    named: set[str], stems: set[str], listed: set[tuple[str, str]]
) -> None:
    there = {"".join(parts) for parts in listed}
    wanted = by_folder(named, without_extension=stems)[""]
    every = named | {stem + extension for stem in stems for extension in EXTENSIONS.values()}
    assert set(wanted) == every
    assert {name for name in there | every if name in wanted} == every
    alike = {same_to_some(name) for name in there}
    found = {name for name in wanted.like(there) if name not in there}
    assert found == {name for name in every - there if same_to_some(name) in alike}


def test_only_what_is_there_has_a_hash(tmp_path: Path) -> None:
    for name in ("title.wav", "Menu.ogg", "notes.txt", "other.wav"):
        (tmp_path / name).write_text(name)
    (tmp_path / "folder.mp3").mkdir()
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "title.opus").write_text("x")
    wanted = by_folder(
        ["audio/title.opus", "gone/title.wav"], without_extension=["title", "Menu", "folder", "audio/title", "a/b"]
    )
    assert output_hashes(tmp_path, wanted, tmp_path / "state") == {
        "title.wav": sha256(b"title.wav").hexdigest(),
        "Menu.ogg": sha256(b"Menu.ogg").hexdigest(),
        "folder.mp3": None,
        "audio/title.opus": sha256(b"x").hexdigest(),
    }


def test_every_possible_path_behind_a_link_is_taken_and_unknown(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "audio").symlink_to(tmp_path / "elsewhere")
    found = output_hashes(tmp_path, by_folder([], without_extension=["audio/title"]), tmp_path / "state")
    assert found == {f"audio/title{extension}": None for extension in EXTENSIONS.values()}
