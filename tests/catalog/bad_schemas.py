"""The broken model and provider files of tests/cases/bad_schemas: each an edit of a good one, with the exact text of `validate`.

A case begins with the file it edits; `-----` starts what is replaced, `+++++` what replaces it, `=====` ends the case.
`python -m tests.catalog.bad_schemas` writes the text beside each case. Read the difference before it is kept.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from runner.catalog.models import build_catalog
from runner.diagnostics.json_document import parse_json
from runner.errors import InvalidFilesError
from runner.report.records import Style
from runner.report.validate import ValidateReport
from tests.catalog.shelf import FILES, META

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Problem

FOLDER = Path(__file__).parents[1] / "cases" / "bad_schemas"
CASES = sorted(FOLDER.glob("*.edit"))
GOOD = {path.relative_to(FOLDER / "good").as_posix(): path.read_text("utf-8") for path in FOLDER.glob("good/**/*.json")}
EDIT = re.compile(r"^-----\n(.*?)\n\+\+\+\+\+\n(.*?)(?=\n-----\n|\n=====\n)", re.DOTALL | re.MULTILINE)


def edited(case: str) -> dict[str, str]:
    """Return the project's schema files with the edit of a case, under their names in schemas/."""
    file = case.partition("\n")[0].removeprefix("# schemas/")
    text = GOOD[file]
    for old, new in EDIT.findall(case):
        assert old in text, f"the good file has no {old}"
        text = text.replace(old, new, 1)
    return {**GOOD, file: text}


def problems_of(files: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return what is wrong with these files of a project."""
    own = {name: parse_json(text, f"schemas/{name}") for name, text in files.items()}
    try:
        build_catalog(FILES, own, META)
    except InvalidFilesError as error:
        return error.problems
    return ()


def shown(files: Mapping[str, str]) -> str:
    """Return all that `scorefile validate` prints for these files, standard output first."""
    lines = {f"schemas/{name}": text.split("\n") for name, text in files.items()}
    style = Style(line_of=lambda file, line: lines[file][line - 1])
    report = ValidateReport(files=("scorefile.yaml",), jobs=0, problems=problems_of(files), exit_code=3)
    return f"{report.text(style)}\n"


if __name__ == "__main__":
    for path in CASES:
        path.with_suffix(".expected").write_text(shown(edited(path.read_text("utf-8"))), encoding="utf-8")
