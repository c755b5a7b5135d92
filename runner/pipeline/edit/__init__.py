"""Formatting of a pipeline's text that keeps its data, its comments, its anchors and its order. PURE.

It changes the text between YAML's tokens and never writes the document from its data. So a comment inside a flow
mapping, which round-trip emitters drop, stays in place.
"""

from __future__ import annotations

from runner.errors import ScorefileError
from runner.pipeline.edit.layout import lay_out


class EditRefusedError(ScorefileError):
    """A text that would not mean the same after the edit; nothing was written."""

    exit_code = 3


def reformat(text: str, file: str) -> str:
    """Return a pipeline's text with uniform indentation, spacing and quotes; its data and comments are the same.

    Raises InvalidFilesError when the text cannot be read, EditRefusedError when the result would not mean the same.
    """
    from runner.errors import InvalidFilesError
    from runner.pipeline.yaml.document import parse, same_data
    from runner.pipeline.yaml.events import clean

    before = parse(text, file)
    if before.problems:
        raise InvalidFilesError(before.problems)
    result, comments = lay_out(clean(text, file))
    if not same_data(parse(result, file), before) or lay_out(result)[1] != comments:
        raise EditRefusedError(f"{file} would not mean the same after formatting")
    return result
