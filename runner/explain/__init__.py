"""A page for each code: what it means, an example that has the problem, and the same example without it.

A page is Markdown. Its first block is marked `wrong` and its second `right`: a `yaml` block is a pipeline, and says so in a
comment in its first line; a `json` block is a file under schemas/, named beside the word. A head between `---` lines says
what an example needs beside itself: `flags` of the command, `env`, `files` by path, a long text as {text, times}.
"""

from __future__ import annotations

import re
from dataclasses import field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGES: Final = files(__package__) / "pages"
HEAD: Final = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
BLOCK: Final = re.compile(
    r"^```(?:yaml\n# (?P<word>wrong|right)\n|json (?P<other>wrong|right) (?P<path>\S+)\n)(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
PIPELINE: Final = "scorefile.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One code's page. `text` is Markdown without the head; examples are (path, content)."""

    code: str
    title: str
    text: str
    wrong: tuple[str, str]
    right: tuple[str, str]
    flags: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


def codes() -> tuple[str, ...]:
    """Return every code that has a page, sorted."""
    return tuple(sorted(page.name.removesuffix(".md") for page in PAGES.iterdir() if page.name.endswith(".md")))


def read_page(code: str) -> Page:
    """Return the page of a code. Raises KeyError when it has none."""
    if code not in codes():
        raise KeyError(code)
    content = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    head = HEAD.match(content)
    settings = _settings(head[1]) if head else {}
    text = content[head.end() :] if head else content
    examples = {
        block["word"] or block["other"]: (block["path"] or PIPELINE, block["text"]) for block in BLOCK.finditer(text)
    }
    return Page(
        code=code,
        title=text.partition("\n")[0].removeprefix(f"# {code}: "),
        text=text,
        wrong=examples["wrong"],
        right=examples["right"],
        flags=settings.get("flags", ""),
        env=settings.get("env", {}),
        files={path: _content(written) for path, written in settings.get("files", {}).items()},
    )


def _settings(text: str) -> dict[str, Any]:
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _content(written: str | Mapping[str, Any]) -> str:
    return written if isinstance(written, str) else str(written["text"]) * int(written["times"])
