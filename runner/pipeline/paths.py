"""Which paths a pipeline may name, the same on every system: plain ones inside its folder."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from functools import lru_cache
from typing import Final

AUDIO_EXTENSIONS: Final = (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".opus", ".aac")
MAX_COMPONENT_BYTES: Final = 255
EXTENSION_BYTES: Final = 6  # room for the extension that the real format adds
MAX_PATH_BYTES: Final = 1024
DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{name}{digit}" for name in ("com", "lpt") for digit in range(10)}
)
UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
PLAIN: Final = re.compile(r"\w[\w@-]*(?:/\w[\w@-]*)*", re.ASCII)
"""Most paths: what is wrong with another one takes longer to say."""
PORTABLE = re.compile(r'[:*?"<>|]')
VARIABLE = re.compile(r"^\$|%\w+%")


def inside_problem(path: str) -> str | None:
    """Return why `path` is not a plain path inside the folder, or None."""
    if PLAIN.fullmatch(path) and len(path) <= MAX_PATH_BYTES:
        return None
    if not path.strip():
        return "is empty"
    if not path.isprintable() and any(unicodedata.category(sign) in UNSEEN for sign in path):
        return "contains a control or invisible character"
    if "\\" in path:
        return "contains a backslash"
    if path.startswith("/"):
        return "is absolute"
    if path.startswith("~"):
        return "starts with ~, which means a home folder"
    if re.match(r"[A-Za-z]:", path):
        return "starts with a drive letter"
    if ".." in path.split("/"):
        return "leaves the pipeline's folder"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    return None


def without_parents(path: str) -> tuple[int, str]:
    """Return how many folders a path begins above its own, and the path from there."""
    above = 0
    while path.startswith("../"):
        above, path = above + 1, path.removeprefix("../")
    return above, path


def output_problem(path: str, own_files: frozenset[str], below: tuple[str, ...] = ()) -> str | None:
    """Return why nothing may be written at `path`, or None; `own_files` are the pipeline's own files.

    `below` are the folders from the root of the git work tree to the pipeline's: an output may lie anywhere in it.
    """
    above, path = without_parents(path)
    if above > len(below):
        return "leaves the git work tree" if below else "leaves the pipeline's folder"
    wrong = inside_problem(path)
    if wrong is not None:
        return wrong
    if above and fold(normal(path).partition("/")[0]) == fold(below[-above]):
        return "leads back towards the pipeline's folder"
    if path.endswith("/"):
        return "names a folder, not a file"
    folder, _, name = path.rpartition("/")
    if fold(path) in own_files:
        return "is the pipeline's own file"
    return (_folder_problem(folder) if folder else None) or _component_problem(name, EXTENSION_BYTES)


@lru_cache(maxsize=1024)
def _folder_problem(folder: str) -> str | None:
    return next(filter(None, (_component_problem(name, 0) for name in folder.split("/") if name != ".")), None)


def _component_problem(name: str, room: int) -> str | None:
    if name in ("", "."):
        return "has an empty component"
    if PLAIN.fullmatch(name) and len(name) <= MAX_COMPONENT_BYTES - room and name.casefold() not in DEVICES:
        return None
    if name[0] in ".-":
        return f"has a component that starts with {name[0]}"
    if name[-1] in ". ":
        return "has a component that ends with a dot or a blank"
    if name[0] == " ":
        return "has a component that starts with a blank"
    if PORTABLE.search(name):
        return 'contains one of : * ? " < > |'
    if VARIABLE.search(name):
        return "looks like a shell variable, which is not expanded"
    if name.partition(".")[0].rstrip().casefold() in DEVICES:
        return f"uses {name.partition('.')[0]}, which is a device on Windows"
    if len(name.encode()) > MAX_COMPONENT_BYTES - room:
        return f"has a component longer than {MAX_COMPONENT_BYTES - room} bytes"
    return None


def without_audio_extension(path: str) -> str:
    """Remove a known audio extension: the real format decides the extension."""
    stem, extension = posixpath.splitext(path) if "." in path else (path, "")
    return stem if extension.casefold() in AUDIO_EXTENSIONS else path


def normal(path: str) -> str:
    """Drop `./` and doubled slashes."""
    return posixpath.normpath(path)


def fold(path: str) -> str:
    """Return a form that is equal for two paths when some file system treats them as one."""
    if path.isascii():
        return path.casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def own_files(file: str) -> frozenset[str]:
    """Return the folded names that no output may have: the pipeline file and its lock."""
    name = posixpath.basename(file)
    return frozenset({fold(name), fold(f"{posixpath.splitext(name)[0]}.lock")})
