"""`cancel`: call a job off at its vendor, as far as the vendor proves it.

A job that was called off keeps its receipt: it may run on, be charged and end with audio. So it stands as one that came
to nothing: the next run asks for it once more, at no cost, and only --force pays for a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.commands.receipts import choices_of, held, now, record, vendor_of
from runner.commands.targets import A_PERSON, NOT_RENAMED, resolving
from runner.errors import UsageError
from runner.records.exchange import Verdict
from runner.records.submission import CANCELLABLE, FINISHED, IN_DOUBT, Phase
from runner.state.project import find_project, read_catalog, schema_folders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands.options import Ask
    from runner.commands.targets import Choices
    from runner.records.catalog import Model
    from runner.records.exchange import Reading
    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import Provider
    from runner.records.submission import Submission
    from runner.state.store import StateStore

_MEANING = {
    "stops-job": "the vendor stops the job",
    "stops-tracking": "the vendor stops tracking it; the job itself may run on and be charged",
}
_KEPT = "its receipt is kept: the next run asks for it once more, at no cost, and only --force pays for a new one"
_IS_FINISHED = "it is finished already: run fetches it, at no cost"
_NO_WAY = "the vendor has no way to call a job off: it runs on, and the next run fetches it"
_NO_ID = "its id is not known here; scorefile run looks it up, after which it can be called off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What calling a submission off did."""

    name: str
    done: bool
    meaning: str


def cancel(
    ask: Ask, name: str, *, settings: Mapping[str, ProviderSettings], renamed: Mapping[str, str] = NOT_RENAMED
) -> tuple[Cancelled, ...]:
    """Call off every unfinished submission that a name means, where its vendor can.

    Raises UsageError when there is none.
    """
    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    catalog = read_catalog(schema_folders(project.folder))
    with held(project) as store:
        choices = choices_of(store.lock, store.events, renamed)
        waiting = [item for item in choices.meant(name, choices.submissions) if item.phase in FINISHED | CANCELLABLE]
        if not waiting:
            raise _nothing(ask, name, choices)
        results = []
        for item in waiting:
            provider, model = vendor_of(catalog, item)
            why = _why_not(item, provider, model, settings, ask)
            if why is None:
                _keep(store, item, provider)
            shown = item.job if len(waiting) == 1 else choices.full_name(item)
            results.append(Cancelled(name=shown, done=why is None, meaning=why or _what_it_means(provider)))
    return tuple(results)


def _nothing(ask: Ask, name: str, choices: Choices) -> UsageError:
    doubt = next((item for item in choices.meant(name, choices.submissions) if item.phase in IN_DOUBT), None)
    help_ = "scorefile status lists those that have"
    if doubt is not None:
        help_ = f"{name} is in doubt: {resolving(ask, choices.name(doubt))} shows what is known of it, and decides it"
    return UsageError(f"{name} has no submission under way", help=help_)


def _why_not(
    item: Submission, provider: Provider, model: Model, settings: Mapping[str, ProviderSettings], ask: Ask
) -> str | None:
    """Call a submission off and return None, or say why it is not called off."""
    from runner.provider.access import open_access
    from runner.provider.client import connected

    if item.phase in FINISHED:
        return _IS_FINISHED
    if provider.cancel is None or provider.poll is None:
        return _NO_WAY
    known = None if item.request_id is None else item.request_id.plain
    if known is None:
        return _NO_ID
    with connected(open_access(provider, settings.get(provider.name), ask.env)) as client:
        state = client.poll(model, id=known, poll_url=item.poll_url)
        why = _unless_running(state)
        if why is not None:
            return why
        answer = client.cancel(known)
        return None if answer.confirmed else answer.message


def _unless_running(state: Reading) -> str | None:
    """Say why a job in this state is not called off; None when it is known to run."""
    match state.verdict:
        case Verdict.WAITING:
            return None
        case Verdict.DONE:
            return _IS_FINISHED
        case Verdict.FAILED:
            return f"it has ended already: {state.message}; the next run says so too"
        case _:
            return f"whether it still runs is not known, so nothing was asked for: {state.message}"


def _what_it_means(provider: Provider) -> str:
    assert provider.cancel is not None
    return f"{_MEANING[provider.cancel.meaning]}; {_KEPT}"


def _keep(store: StateStore, item: Submission, provider: Provider) -> None:
    """Note in the journal that a submission was called off; in the lock its receipt stays."""
    assert provider.cancel is not None
    said = f"called off by a person ({provider.cancel.meaning}); it may have been charged"
    record(store, item, Phase.LOST, at=now(), message=said, via=A_PERSON)
