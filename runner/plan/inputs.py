"""What requests of this machine are made of, by content: the take that is chosen for each job that they name.

A request names its inputs by job and file, and is told from another one by their content: to rename a job or to move a file
makes nothing again. Where a run makes an input first, its content is known when its turn has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import replace
from runner.plan.decide import audio_lost, decide
from runner.plan.facts import Selected
from runner.records.plan import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.plan.facts import Facts
    from runner.records.plan import Action, Plan
    from runner.records.request import Request
    from runner.records.source import Json


def decide_with_inputs(requests: tuple[Request, ...], facts: Facts, selected: Selected) -> Plan:
    """Return what to do for every selected request, as `decide` does, whose inputs are known by their content where they are there."""
    everything = Selected(forced=selected.forced)
    todo = decide(bind(requests, lambda some: decide(some, facts, everything)), facts, selected)
    wanted = {
        item.name for action in todo.actions if action.verb.makes for item in action.request.inputs if not item.is_file
    }
    actions = (_brought_here(action, facts) if action.request.job in wanted else action for action in todo.actions)
    return replace(todo, actions=tuple(actions)) if wanted else todo


def _brought_here(action: Action, facts: Facts) -> Action:
    """Return the action for a job whose take is an input: in a fresh clone a finished output is there, and not its take."""
    entry, chosen = action.entry, action.chosen
    if entry is None or chosen is None or _take(action) is None or chosen.take.sha256 in facts.blobs:
        return action
    outputs = [item.output.path for item in (entry, chosen.entry) if item.output is not None]
    if not outputs or chosen.take.sha256 in map(facts.outputs.get, outputs):
        return action
    return replace(audio_lost(action.request, entry, outputs[0], facts), chosen=chosen)


def bind(requests: tuple[Request, ...], decide: Callable[[tuple[Request, ...]], Plan]) -> tuple[Request, ...]:
    """Return the requests with the content of their inputs, as far as it is there.

    `decide` returns what a run would do for some of the requests; it is asked once for each layer of jobs that work on others.
    """
    if not any(request.inputs for request in requests):
        return requests
    bound: dict[str, Request] = {}
    takes: dict[str, str | None] = {}
    waiting = {request.job: request for request in requests}
    while waiting:
        ready = [request for request in waiting.values() if all(name in takes for name in _jobs(request))]
        if not ready:  # a circle, which the file does not have
            ready = [*waiting.values()]
        bound |= {request.job: with_content(request, takes) for request in ready}
        for request in ready:
            del waiting[request.job]
        if any(_jobs(request) for request in waiting.values()):
            known = tuple(bound[request.job] for request in requests if request.job in bound)
            takes = {action.request.job: _take(action) for action in decide(known).actions}
    return tuple(bound[request.job] for request in requests)


def with_content(request: Request, takes: Mapping[str, str | None]) -> Request:
    """Return a request with the takes of its inputs, by job; None for one that is not made yet.

    Its parameters name what it is made of by content, where all of it is known.
    """
    inputs = tuple(item if item.is_file else replace(item, sha256=takes.get(item.name)) for item in request.inputs)
    made = replace(request, inputs=inputs)
    if not inputs or made.waits_for:
        return made
    param = request.model.inputs_param
    assert param is not None, "only such a model has inputs"
    value: Json = [{"sha256": item.sha256, **item.settings} for item in inputs]
    if isinstance(request.params[param], str):
        value = f"sha256:{inputs[0].sha256}"
    return replace(made, params={**request.params, param: value})


def _jobs(request: Request) -> tuple[str, ...]:
    return tuple(item.name for item in request.inputs if not item.is_file)


def _take(action: Action) -> str | None:
    """Return the hash of the take that a job has without anything being made; None where a run makes one first."""
    if action.chosen is None or action.verb.asks or action.verb is Verb.BLOCKED:
        return None
    return action.chosen.take.sha256
