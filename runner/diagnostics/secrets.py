"""Find what looks like an API key in a text, and mask it before it is printed."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from runner.diagnostics.sensitive import hide_assigned
from runner.frozen import replace
from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN: Final = 4
MOST: Final = 100
"""More places of one file that look like keys are not reported."""
ALLOWED: Final = "keys come only from the environment"
KNOWN: Final = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        sk-[A-Za-z0-9_-]{20,} | (?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,}
      | gh[opsur]_[A-Za-z0-9]{30,} | github_pat_[A-Za-z0-9_]{30,} | glpat-[A-Za-z0-9_-]{20,}
      | xox[abprs]-[A-Za-z0-9-]{12,} | (?:AKIA|ASIA)[0-9A-Z]{16} | AIza[0-9A-Za-z_-]{35}
      | hf_[A-Za-z0-9]{30,} | r8_[A-Za-z0-9]{30,} | user:\d+-[A-Za-z0-9]{16,}
      | eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,}
      | Bearer\s+[A-Za-z0-9_.~+/=-]{16,}
    )""",
    re.VERBOSE,
)
RANDOM: Final = re.compile(r"(?<![\w/.:+=-])[A-Za-z0-9_+=-]{32,}(?![\w/.])")
RUN: Final = re.compile(r"[A-Za-z0-9]+")
CHANGE: Final = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
COMMENT: Final = re.compile(r"\A#|(?<=[^\S\n])#")
LONG_RUN: Final = 24
MIN_CHANGES: Final = 5
MIN_BITS: Final = 3.0
DIGITS: Final = frozenset("0123456789")


def find_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each thing that looks like a key: known prefixes, and long random words outside comments."""
    end = 0
    for start, stop in sorted(_found(text)):
        if start >= end:
            yield start, stop
            end = stop


def _found(text: str) -> Iterator[tuple[int, int]]:
    for match in KNOWN.finditer(text):
        yield match.span()
    at, in_comment = 0, False
    for match in RANDOM.finditer(text):
        newline = text.rfind("\n", at, match.start())
        if newline >= 0:
            at, in_comment = newline + 1, False
        in_comment = in_comment or COMMENT.search(text, at, match.start()) is not None
        at = match.start()
        if not in_comment and _is_random(match[0]):
            yield match.span()


def _is_random(word: str) -> bool:
    """Tell whether a word is a key, not a name: letters and digits alternate often, and few repeat."""
    run = max(RUN.findall(word), key=len, default="")
    if len(run) < LONG_RUN or len(CHANGE.findall(run)) < MIN_CHANGES or DIGITS.isdisjoint(run):
        return False
    counts = Counter(run)
    return -sum(count / len(run) * math.log2(count / len(run)) for count in counts.values()) >= MIN_BITS


@lru_cache(maxsize=8)
def mask(text: str) -> str:
    """Return `text`, of the same length, without sensitive values, and with the first four characters of other keys."""
    text, end = hide_assigned(text), 0
    parts: list[str] = []
    for start, stop in find_secrets(text):
        parts += [text[end : start + SHOWN], "*" * (stop - start - SHOWN)]
        end = stop
    return "".join([*parts, text[end:]])


def without_keys(problem: Problem) -> Problem:
    """Return a problem with every key in its texts masked."""
    return replace(
        problem,
        message=mask(problem.message),
        path=tuple(mask(part) if isinstance(part, str) else part for part in problem.path),
        allowed=problem.allowed and mask(problem.allowed),
        help=problem.help and mask(problem.help),
        origin=tuple(replace(step, text=mask(step.text)) for step in problem.origin),
    )


def key_problems(source: str, file: str) -> tuple[Problem, ...]:
    """Report the first places of a file that look like a key, at most MOST; only their first four characters are shown."""
    problems: list[Problem] = []
    line = 1
    at = begin = 0
    for start, end in islice(find_secrets(source), MOST):
        line += source.count("\n", at, start)
        begin = max(begin, source.rfind("\n", at, start) + 1)
        at = start
        column = start - begin + 1
        mark = Mark(file=file, line=line, column=column, end_column=column + end - start)
        problems.append(_problem(source[start : start + SHOWN], mark))
    return tuple(problems)


def key_given(name: str, value: str) -> Problem:
    """Report a --var with a value that looks like a key: it would be in a prompt and in the shell's history."""
    (start, _), *_ = find_secrets(value)
    return Problem(
        code="SF110",
        message=f"--var {name}: {value[start : start + SHOWN]}… looks like an API key",
        allowed=ALLOWED,
        help="remove it from the command line, and revoke it if anyone else has seen it",
    )


def _problem(shown: str, mark: Mark) -> Problem:
    return Problem(
        code="SF110",
        message=f"{shown}… looks like an API key",
        mark=mark,
        allowed=ALLOWED,
        help="remove it from the file, and revoke it if anyone else has seen the file",
    )
