"""`scorefile init` writes a valid pipeline whatever its folder is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.main import call


@pytest.mark.parametrize(
    ("folder", "name"),
    [("2024", '"2024"'), ("true", '"true"'), ("on", '"on"'), ("1e3", '"1e3"'), ("ember-fall", "ember-fall")],
)
def test_a_name_that_is_no_text_to_yaml_stands_in_quotes(
    folder: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(["init", folder]) == 0
    file = Path(folder) / "scorefile.yaml"
    assert f"\nname: {name}\n" in file.read_text(encoding="utf-8")
    assert call(["validate", str(file)]) == 0
