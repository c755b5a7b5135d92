"""Say what is wrong with a model file or a provider file, in codes that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from runner.records.source import DocPath

CODES = {
    "SF301": "A model file or provider file does not have the shape that its meta-schema asks for.",
    "SF302": "A model names a provider that has no file.",
    "SF303": "A file's place and its content disagree, or the catalogue reads no file in that place.",
    "SF304": "x-scorefile names a parameter that the model does not have.",
    "SF305": "A parameter's default breaks the parameter's own rules.",
    "SF306": "A path in a provider file is not JMESPath.",
    "SF307": "A field is both fixed in body and a parameter.",
}
"""Every code of the catalogue, with what it means."""


def problem(code: str, message: str, file: str, path: DocPath = (), help: str | None = None) -> Problem:
    """Build a Problem of the catalogue; JSON keeps no places, so the mark is the head of the file."""
    return Problem(code=code, message=message, mark=Mark(file=file, line=1, column=1), path=path, help=help)
