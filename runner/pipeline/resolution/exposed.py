"""Secrets that a pipeline would put into a text: refused before anything is rendered, and again before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.diagnostics.sensitive import HIDDEN, held, is_sensitive, secrets_of, speaks_of_secret, texts_in
from runner.frozen import replace
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from runner.records.pipeline import Pipeline
    from runner.records.provider import Provider
    from runner.records.request import Request
    from runner.records.source import Json


class Secrets:
    """The secrets that the environment of one run holds: the keys of its providers, and what is named like one."""

    def __init__(self, pipeline: Pipeline, providers: Mapping[str, Provider], env: Mapping[str, str]) -> None:
        shipped = {item.auth.env: item.title for item in providers.values() if item.auth is not None}
        own = {said.api_key_env: name for name, said in pipeline.providers.items() if said.api_key_env is not None}
        self._pipeline, self._env = pipeline, env
        self._keys = own | shipped
        self._values = secrets_of(env, self._keys)

    def refused(self) -> tuple[Problem, ...]:
        """Return a problem for each variable of `env:` that is a secret, or holds the value of one."""
        marks = self._pipeline.marks
        return tuple(
            Problem(
                code="SF224",
                message=why,
                mark=marks.get(("env", name)),
                path=("env", name),
                allowed="variables that hold no secret",
                help="remove it from env: what a template sees is sent, and kept in the lock",
            )
            for name in self._pipeline.env
            if (why := self._why(name)) is not None
        )

    def _why(self, name: str) -> str | None:
        if name in self._keys:
            return f"{name} holds the key of {self._keys[name]}"
        if speaks_of_secret(name):
            return f"{name} is named like a secret"
        other = held(self._env.get(name, ""), self._values)
        return None if other is None else f"{name} holds the value of {other}"

    def visible(self) -> Mapping[str, str]:
        """Return the environment as templates may see it."""
        unseen = {name: HIDDEN for name in self._pipeline.env if name in self._env and self._why(name) is not None}
        return {**self._env, **unseen} if unseen else self._env

    def carried(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Problem]]:
        """Yield a problem when the value of a secret stands in what a request would send, or in the name of its file."""
        sent = _texts_of(requests) if self._values else ()
        if not any(secret in text for secret in self._values.values() for text in sent):
            return
        for request in requests:
            for part, value in _parts(request).items():
                name = held(value, self._values)
                if name is not None:
                    yield request, _carrying(name, request, part)

    def without(self, problem: Problem) -> Problem:
        """Return a problem whose texts hold no value of a secret."""

        def clean(text: str) -> str:
            for value in self._values.values():
                text = text.replace(value, HIDDEN)
            return text

        if not self._values:
            return problem
        return replace(
            problem,
            message=clean(problem.message),
            allowed=problem.allowed and clean(problem.allowed),
            help=problem.help and clean(problem.help),
            origin=tuple(replace(step, text=clean(step.text)) for step in problem.origin),
        )


def _parts(request: Request) -> dict[str, Json]:
    """Return what a request would send, and the name of its file, by what messages call it."""
    webhook = None if request.webhook is None else request.webhook.url
    finishing = request.finishing
    tags = {} if finishing is None or finishing.tags is None else finishing.tags
    parts = {"webhook": webhook, "output": request.output, "body": dict(request.model.body)}
    return {**request.params, **parts, **{f"the tag {name}": text for name, text in tags.items()}}


def _texts_of(requests: Iterable[Request]) -> set[str]:
    """Return every text in the parts of all requests, once: jobs share most of them."""
    found: set[str] = set()
    for request in requests:
        for value in _parts(request).values():
            if isinstance(value, str):  # most are: these need no call
                found.add(value)
            elif isinstance(value, dict | list | tuple):
                found.update(texts_in(value))
    return found


def _carrying(name: str, request: Request, part: str) -> Problem:
    origin = request.origins.get(part)
    return Problem(
        code="SF225",
        message=f"{part} holds the value of {name}",
        mark=(origin.mark if origin else None) or request.mark,
        path=("jobs", request.group, part),
        allowed="text without keys: they are sent by the program itself",
        help=f"remove it from {part}; a request is kept in the lock, and a provider may show it",
    )


def naming_variable(problem: Problem, providers: Mapping[str, Provider]) -> Problem:
    """Return a problem about a secret in the file with the environment variable that it belongs into."""
    is_setting = problem.path[:1] == ("providers",) and len(problem.path) > 2
    if not is_sensitive(problem.path) or not (problem.code == "SF201" or is_setting):
        return problem
    named = providers.get(str(problem.path[1])) if is_setting else None
    known = [item.auth.env for item in ([named] if named else providers.values()) if item.auth is not None]
    where = (
        f"set {' or '.join(dict.fromkeys(known))} in the environment" if known else "name its variable in api_key_env"
    )
    return replace(problem, help=f"remove it, and {where}: no file holds a key")
