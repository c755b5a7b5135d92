"""Which texts a pipeline may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.state.texts import read_text
from tests.support.desks import posix_only

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "texts").mkdir(parents=True)
    (folder / "texts" / "mood.txt").write_text("low brass")
    (tmp_path / "secret.txt").write_text("a secret")
    return folder


def test_a_text_in_the_folder_is_read(folder: Path) -> None:
    assert read_text(folder, "texts/mood.txt") == "low brass"


@pytest.mark.parametrize("path", ["../secret.txt", "texts/../../secret.txt"])
def test_a_path_out_of_the_folder_is_not_read(folder: Path, path: str) -> None:
    with pytest.raises(ValueError, match="it leads out of the pipeline's folder"):
        read_text(folder, path)


@posix_only("links are made here")
@pytest.mark.parametrize("path", ["texts/linked.txt", "linked/secret.txt"])
def test_a_link_in_the_folder_to_a_file_outside_is_not_read(folder: Path, tmp_path: Path, path: str) -> None:
    (folder / "texts" / "linked.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "linked").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="it leads out of the pipeline's folder"):
        read_text(folder, path)


@posix_only("links are made here")
def test_a_link_that_stays_in_the_folder_is_read(folder: Path) -> None:
    (folder / "same.txt").symlink_to(folder / "texts" / "mood.txt")
    assert read_text(folder, "same.txt") == "low brass"
