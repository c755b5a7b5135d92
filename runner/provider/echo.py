"""What a provider's answer says a job was made from, held against the request of a submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.provider.responses import BadJsonError, clean, find, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.exchange import Reply
    from runner.records.provider import Provider
    from runner.records.source import Json

_SHOWN = 60
_CUT = ("…", "...")


def another_request(provider: Provider, model: Model, params: Mapping[str, Json], reply: Reply) -> str:
    """Return what an answer says that does not fit a request; empty when it names nothing, or nothing else.

    Where a person told the id of a job, this finds the id of another one.
    """
    rules = provider.echo
    if rules is None:
        return ""
    try:
        document = read_json(reply.body)
    except BadJsonError:
        return ""
    made_by, made_from = find(rules.model, document), find(rules.prompt, document)
    if isinstance(made_by, str) and made_by and made_by.casefold() not in _names(model):
        return f"its model is {clean(made_by)}, not {model.id.partition('/')[2]}"
    if isinstance(made_from, str) and not _is_same_text(made_from, params.get("prompt")):
        return f"its prompt is {_start(made_from)!r}"
    return ""


def _names(model: Model) -> set[str]:
    """Return what the provider may call a model: its name, a part of its path, or what its requests say."""
    fixed = (value for value in model.body.values() if isinstance(value, str))
    return {name.casefold() for name in (model.id.partition("/")[2], *model.path.split("/"), *fixed)}


def _is_same_text(made_from: str, prompt: Json) -> bool:
    """Say whether a prompt may be the one that was sent: providers change blanks, and cut long ones."""
    if not isinstance(prompt, str):
        return True
    one, other = (" ".join(text.split()) for text in (made_from, prompt))
    for mark in _CUT:
        one = one.removesuffix(mark).rstrip()
    return other.startswith(one)


def _start(text: str) -> str:
    line = clean(text)
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
