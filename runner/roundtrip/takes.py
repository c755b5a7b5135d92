"""The smallest edit that sets `take:` of one job: a number replaced, or one line added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from yaml.nodes import MappingNode, ScalarNode

from runner.errors import ScorefileError
from runner.roundtrip.same import same_data
from runner.spec.document import parse
from runner.spec.events import LOADER

if TYPE_CHECKING:
    from yaml.nodes import Node

REMEDY = "write `take: {take}` into the job by hand"


class EditRefusedError(ScorefileError):
    """An edit of a file would change more than was asked for; nothing was written."""

    exit_code = 3


def set_take(text: str, file: str, job: str, take: int) -> str:
    """Return the text of a pipeline, which must be readable and have the job, with `take: TAKE` in it.

    Every other character stays. Raises EditRefusedError where the job's settings are not its own: an alias, or an
    anchor that other jobs take over.
    """
    root = yaml.compose(text, Loader=LOADER)
    key, value = _entry(_entry(root, "jobs")[1], job)
    if not isinstance(value, MappingNode) or value.start_mark.index < key.end_mark.index:
        raise EditRefusedError(f"{job} has no settings of its own in {file}", help=REMEDY.format(take=take))
    result = _with_take(text, value, take)
    wanted = parse(text, file)
    wanted.data["jobs"][job]["take"] = take
    found = parse(result, file)
    wanted.data["jobs"][job] = _in_order(wanted.data["jobs"][job], found.data and found.data["jobs"].get(job))
    if not same_data(found, wanted):
        message = f"other jobs take over the settings of {job}: `take` would change theirs as well"
        raise EditRefusedError(message, help=REMEDY.format(take=take))
    return result


def _with_take(text: str, job: MappingNode, take: int) -> str:
    own = [(key, value) for key, value in job.value if isinstance(key, ScalarNode) and key.value == "take"]
    if own:
        start, end = own[0][1].start_mark.index, own[0][1].end_mark.index
        return f"{text[:start]}{take}{text[end:]}"
    if not job.value:
        start = job.start_mark.index + 1
        return f"{text[:start]}take: {take}{text[start:]}"
    after = next((pair for pair in job.value if pair[0].value == "params"), job.value[-1])
    end = _end(*after)
    if job.flow_style:
        return f"{text[:end]}, take: {take}{text[end:]}"
    indent = " " * job.value[0][0].start_mark.column
    return _with_line(text, end, f"{indent}take: {take}")


def _with_line(text: str, end: int, line: str) -> str:
    """Add a line below the one that holds `text[end]`, with the line end of the file."""
    newline = "\r\n" if "\r\n" in text else "\n"
    if end and text[end - 1] == "\n":
        return f"{text[:end]}{line}{newline}{text[end:]}"
    stop = text.find("\n", end)
    if stop < 0:
        return f"{text}{newline}{line}{newline}"
    return f"{text[: stop + 1]}{line}{newline}{text[stop + 1 :]}"


def _end(key: Node, value: Node) -> int:
    """Return where an entry ends, without the comments and empty lines that follow it."""
    if value.start_mark.index < key.end_mark.index:  # an alias: its node stands at the anchor
        return key.end_mark.index
    if isinstance(value, ScalarNode) or value.flow_style:
        return value.end_mark.index
    last = value.value[-1]
    if isinstance(value, MappingNode):
        return _end(*last)
    return _end(_Dash(last), last)


def _entry(node: Node, name: str) -> tuple[Node, Node]:
    return next((key, value) for key, value in node.value if key.value == name)
