"""`init`: a first pipeline that runs at once, and the files beside it."""

from __future__ import annotations

import shlex
from pathlib import Path

from runner.commands.schema import schema_text
from runner.errors import UsageError
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state.files.atomic import append_line, write_atomic
from runner.state.finding import DEFAULT_FILE, DEFAULT_FILES
from runner.state.git import install_driver

PIPELINE = """\
# yaml-language-server: $schema={schema}
version: 1
name: {name}
vars: {{game: {title}, base_bpm: 96}}
defaults:
  model: local/sketch            # free placeholder music; `scorefile models` lists the others
  params: {{duration: 20}}
  output: "audio/{{{{ job.id }}}}"
jobs:
  title:
    prompt: "Calm title theme of {{{{ game }}}}, piano and soft strings"
    params: {{bpm: "{{{{ base_bpm }}}}", key: D minor}}
  battle:
    matrix:
      heat: {{calm: 100, hot: 150}}
    prompt: "Epic battle drums, low brass, tense"
    params: {{bpm: "{{{{ heat }}}}", key: D minor}}
"""
ATTRIBUTES = "*.lock text eol=lf linguist-generated"
IGNORE = ".scorefile/"
NOT_TEXT = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
SCHEMA = "scorefile.schema.json"


def init(folder: str) -> PlainReport:
    """Write a first pipeline, the editor's schema, .gitignore and .gitattributes; in a repository, install the merge driver.

    Raises UsageError when a pipeline exists.
    """
    root = Path(folder)
    target = root / DEFAULT_FILE
    there = next((name for name in DEFAULT_FILES if (root / name).exists()), None)
    if there is not None:
        raise UsageError(f"{root / there} exists already", help="name another folder: scorefile init NAME")
    name = _slug(root.resolve().name)
    root.mkdir(parents=True, exist_ok=True)
    write_atomic(root / SCHEMA, schema_text(root).encode())
    title = name.replace("-", " ").title()
    text = PIPELINE.format(schema=SCHEMA, name=_scalar(name), title=_scalar(title))
    write_atomic(target, text.encode())
    append_line(root / ".gitignore", IGNORE)
    append_line(root / ".gitattributes", ATTRIBUTES)
    install_driver(root, (target.with_suffix(".lock").name,))
    prefix = "" if folder == "." else f"cd {shlex.quote(folder)} && "
    written = [str(root / name) for name in (DEFAULT_FILE, SCHEMA, ".gitignore", ".gitattributes")]
    return PlainReport(
        verb="init",
        content={"written": [*written], "next": f"{prefix}scorefile run"},
        write=lambda _style: f"wrote {clean(str(target))}; now: {clean(prefix)}scorefile run",
    )


def _scalar(text: str) -> str:
    """Write a text so that YAML reads it as text: in quotes when a reader could take it for anything else."""
    is_plain = text[0].isalpha() and text.lower() not in NOT_TEXT
    return text if is_plain else f'"{text}"'


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower()).strip("-")
    return kept or "soundtrack"
