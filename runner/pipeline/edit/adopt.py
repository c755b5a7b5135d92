"""A job's block rewritten so that it imports a file: what asked for its audio goes, all else stays as it is written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from runner.frozen import dataclass
from runner.pipeline.edit import EditRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

IMPORT: Final = "local/import"
ASKING: Final = frozenset(
    {"model", "prompt", "lyrics", "negative_prompt", "inputs", "params", "take", "retries", "timeout_s", "on_unknown"}
    | {"on_fail", "webhook", "master"}
)
"""The keys of a job that say how its audio is asked for and finished."""
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*[A-Za-z0-9_]")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What is written in place of what asked for the audio. `unfinished`: the file is finished already."""

    file: str
    rights: str
    unfinished: bool

    def keys(self) -> Mapping[str, str]:
        """Return the keys that are written, with their values as YAML."""
        params = f"{{file: {quoted(self.file)}, rights: {json.dumps(self.rights, ensure_ascii=False)}}}"
        master = {"master": "false"} if self.unfinished else {}
        return {"model": IMPORT, "params": params, **master}


def adopt(text: str, file: str, job: str, adoption: Adoption) -> str:
    """Return a pipeline's text in which a job imports a file; comments and layout around what changes are kept.

    Raises EditRefusedError when the job is not written in a way that can be changed without loss.
    """
    from runner.pipeline.yaml.document import parse

    key, value = _block(text, job)
    if key is None or value is None:
        raise _refused(file, job, "it is not written there as a mapping")
    if isinstance(value, yaml.MappingNode) and text[value.start_mark.index : value.start_mark.index + 1] == "{":
        result = _in_flow(text, value, adoption)
    elif isinstance(value, yaml.MappingNode):
        result = _in_block(text, value, adoption)
    else:
        result = _in_place_of_nothing(text, key, value, adoption)
    before, after = parse(text, file), parse(result, file) if result is not None else None
    if result is None or after is None or after.problems or after.data != _expected(before.data, job, adoption):
        raise _refused(file, job, "its keys cannot be told from what is around them")
    return result


def _block(text: str, job: str) -> tuple[Any, Any]:
    """Return the nodes of a job's key and of its block; None where there are none."""
    root = yaml.compose(text, Loader=_LOADER)
    jobs = _child(root, "jobs")[1]
    return _child(jobs, job)


def _child(node: Any, name: str) -> tuple[Any, Any]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next(((key, value) for key, value in pairs if key.value == name), (None, None))


def _in_block(text: str, value: yaml.MappingNode, adoption: Adoption) -> str:
    """Cut out the lines of keys that ask for audio; the first of them makes room for the new ones."""
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * value.start_mark.column
    written = "".join(f"{indent}{key}: {said}{newline}" for key, said in adoption.keys().items())
    cuts = [
        (_line_start(text, key), _line_end(text, _end(text, item))) for key, item in value.value if key.value in ASKING
    ]
    first = cuts[0][0] if cuts else _line_start(text, value.value[0][0])
    parts, at = [text[:first], written], first
    for start, end in cuts:
        parts.append(text[at:start])
        at = end
    return "".join([*parts, text[at:]])


def _in_flow(text: str, value: yaml.MappingNode, adoption: Adoption) -> str | None:
    """Write a flow mapping again, what is kept word for word; None where it has comments."""
    start, end = value.start_mark.index, value.end_mark.index
    kept = [text[key.start_mark.index : item.end_mark.index] for key, item in value.value if key.value not in ASKING]
    if re.search(r"(^|\s)#", text[start:end]):
        return None
    pairs = [f"{key}: {said}" for key, said in adoption.keys().items()]
    return f"{text[:start]}{{{', '.join([*pairs, *kept])}}}{text[end:]}"


def _in_place_of_nothing(text: str, key: yaml.Node, value: yaml.Node, adoption: Adoption) -> str | None:
    """Give a job its keys that is written without any; None where it is written otherwise."""
    if not isinstance(value, yaml.ScalarNode) or text[value.start_mark.index : value.end_mark.index].strip():
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    indent, at = " " * (key.start_mark.column + 2), _line_end(text, key.end_mark.index)
    written = "".join(f"{indent}{name}: {said}{newline}" for name, said in adoption.keys().items())
    head = text[:at] if text[:at].endswith("\n") else text[:at] + newline
    return head + written + text[at:]


def _end(text: str, node: yaml.Node) -> int:
    """Return where a node's own text ends: a block's end mark is behind the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and node.value and text[node.start_mark.index] not in "{[":
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end = node.end_mark.index
    return len(text[:end].rstrip()) if isinstance(node, yaml.ScalarNode) and end > node.start_mark.index else end


def _line_start(text: str, node: yaml.Node) -> int:
    return text.rfind("\n", 0, node.start_mark.index) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _expected(data: Any, job: str, adoption: Adoption) -> Any:
    """Return the data that the file has to have after the edit."""
    kept = {key: value for key, value in (data["jobs"][job] or {}).items() if key not in ASKING}
    params = {"file": adoption.file, "rights": adoption.rights}
    master = {"master": False} if adoption.unfinished else {}
    return {**data, "jobs": {**data["jobs"], job: {**kept, "model": IMPORT, "params": params, **master}}}


def quoted(path: str) -> str:
    """Return a text as YAML, in quotes where it needs them."""
    return path if _PLAIN.fullmatch(path) else json.dumps(path, ensure_ascii=False)


def _refused(file: str, job: str, why: str) -> EditRefusedError:
    return EditRefusedError(f"{job} cannot be changed in {file}: {why}")
