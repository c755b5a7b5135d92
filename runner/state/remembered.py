"""The answer "nothing to do" of a run, kept with all that it follows from: while that is the same, the next run gives it again.

What it follows from is in two digests. `asked`: the words of the command line, the current folder, the environment, the
interpreter, and the pipeline file as the system sees it. `found`: what the system says of the program's own files, of
all files that people wrote, of lock, journal and outputs; which files are not there; and the answer itself. Both are
salted and kept in a file that only its owner may read, because the environment holds keys.

An answer is kept only when every file was older than the look at it (see `files.unchanged`), so a later change shows. Where
anything is uncertain there is no answer, and the run plans as always. Four changes do not show: a package that is edited in its folder without
being installed again, a module that appears in a folder of PYTHONPATH before another one of its name, what a program goes on
writing into a file that it has mapped into memory, and what is written to a disk past its file system.

This is on the way of every `scorefile run`, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sys
import time
from array import array
from hashlib import blake2b

from runner.state.files.seen import can_prove, entries, read_whole, seen, seen_in

TYPE_CHECKING = False  # `typing` takes longer to load than all this
if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "nothing-to-do"
"""The file in a state folder."""
MAX_BYTES = 64 << 20
PASSING = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "WINDOWID"})
"""Variables that differ between two commands of one terminal, or two sizes of its window."""
DEFAULT_FILES = ("scorefile.yaml", "scorefile.yml")

_MAGIC = b"scorefile: nothing to do, 1\n"
_SALT, _DIGEST = 16, 32
HEAD = len(_MAGIC) + _SALT + 2 * _DIGEST
"""How many bytes are before the sections."""
_JOURNAL, _PASSING_JOURNAL = b"journal.", b"-shm"


def answer(words: list[str], env: Mapping[str, str]) -> bytes | None:
    """Return what the last run of this command line printed, if it would be printed again; None when that is not certain."""
    try:
        place = _place(words, env) if can_prove() else None
        return None if place is None else _answer(words, env, *place)
    except (OSError, ValueError, LookupError, OverflowError, MemoryError):
        return None


def compose(
    words: list[str], env: Mapping[str, str], sections: list[list[bytes]], found: array[int], *, pipeline: bytes
) -> bytes:
    """Return the content of the file that keeps an answer; `found` is what `numbers` returned.

    `sections` are [the answer, the moment before anything was looked at, in ns], files, paths that may be there, folders
    of which no entry is a link, [state folder, names of the journal], [root of the outputs], and for each folder of
    outputs [its path below the root, names].
    """
    salt, rest = os.urandom(_SALT), b"\0\0".join(b"\0".join(section) for section in sections)
    asked = _digest(salt, _question(words, env, pipeline))
    return _MAGIC + salt + asked + _digest(salt, rest, found.tobytes()) + rest


def numbers(sections: list[list[bytes]]) -> array[int]:
    """Return what the system says of all that an answer follows from. Raises OSError or ValueError when it is no more as it was.

    Of each file `files.seen.NUMBERS` numbers, then one for each path that may be there.
    """
    _, files, maybe, plain, (state, *journal), (root,), *outputs = sections
    found = array("Q")
    for path in files:
        found.extend(seen(path))
    for name in journal:
        found.extend(seen(os.path.join(state, name)))  # noqa: PTH118 - pathlib takes longer to load than all this
    for folder, *names in outputs:
        found.extend(seen_in(root, folder, names))
    for folder in plain:
        entries(folder)
    if journal_in(state) != journal:
        raise ValueError("the journal has another file")
    found.extend(os.path.exists(path) for path in maybe)  # noqa: PTH110 - the same
    return found


def journal_in(state: bytes) -> list[bytes]:
    """Return the names of the files of the journal in a state folder, but for what SQLite shares between processes."""
    return [name for name in entries(state) if name.startswith(_JOURNAL) and not name.endswith(_PASSING_JOURNAL)]


def _answer(words: list[str], env: Mapping[str, str], pipeline: bytes, file: bytes) -> bytes | None:
    data = read_whole(file, limit=MAX_BYTES)
    if not data.startswith(_MAGIC) or len(data) <= HEAD:
        return None
    head, rest = data[len(_MAGIC) : HEAD], data[HEAD:]
    salt, asked, found = head[:_SALT], head[_SALT:-_DIGEST], head[-_DIGEST:]
    # First what nobody else can know: a file that came with a repository never leads to a look at other paths.
    if _digest(salt, _question(words, env, pipeline)) != asked:
        return None
    sections = [section.split(b"\0") for section in rest.split(b"\0\0")]
    text, moment = sections[0]
    if time.time_ns() < int(moment):
        return None  # the clock was set back
    return text if _digest(salt, rest, numbers(sections).tobytes()) == found else None


def _place(words: list[str], env: Mapping[str, str]) -> tuple[bytes, bytes] | None:
    """Return the pipeline that seems to be meant and the file of its answer: a guess, which the answer itself confirms."""
    if words[:1] != ["run"] or "SCOREFILE_STATE_DIR" in env:
        return None
    kind = "rehearsal" if "--rehearse" in words or env.get("SCOREFILE_REHEARSE") else "pipelines"
    named = [word for word in words[1:] if word.endswith((".yaml", ".yml")) and not word.startswith("-")]
    for word in (*named, _default()):
        path = os.path.join(os.getcwd(), word)  # noqa: PTH109, PTH118 - the same
        folder, _, name = path.rpartition("/")
        file = f"{folder}/.scorefile/{kind}/{name.rpartition('.')[0]}/{NAME}"
        if os.path.exists(file):  # noqa: PTH110 - the same
            return os.fsencode(path), os.fsencode(file)
    return None


def _default() -> str:
    """Return the nearest pipeline of this folder and those above it, as if none were named."""
    above = ""
    for _ in range(os.getcwd().count("/") + 1):  # noqa: PTH109 - the same
        for name in DEFAULT_FILES:
            if os.path.exists(above + name):  # noqa: PTH110 - the same
                return above + name
        above += "../"
    return DEFAULT_FILES[0]


def _question(words: list[str], env: Mapping[str, str], pipeline: bytes) -> bytes:
    lasting = sorted((name, value) for name, value in env.items() if name not in PASSING)
    are_files = [os.path.isfile(word) for word in words]  # noqa: PTH113 - the same
    here = os.getcwd()  # noqa: PTH109 - the same
    return ascii((words, are_files, here, lasting, sys.version, sys.path, seen(pipeline))).encode()


def _digest(salt: bytes, *parts: bytes) -> bytes:
    digest = blake2b(key=salt, digest_size=_DIGEST)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
