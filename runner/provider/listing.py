"""Read a provider's list of recent jobs, in which a lost receipt can be found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.provider.responses import MAX_ID, BadJsonError, find, read_json, valid_id

if TYPE_CHECKING:
    from runner.records.exchange import Reply
    from runner.records.provider import Provider

MAX_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """One job in a provider's list; `created` is the provider's own text."""

    id: str
    prompt: str
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One answer of a list; `next` is the provider's own value for the start of the next one, None at the end."""

    jobs: tuple[ListedJob, ...]
    next: str | None


class BadList(Exception):
    """The answer is not a list; the message says why."""


def read_page(provider: Provider, reply: Reply) -> ListPage:
    """Return the jobs of a list answer, as far as they can be read. Raises BadList when it is not a list."""
    rules = provider.listing
    if rules is None:
        raise BadList(f"{provider.title} has no list of jobs")
    if reply.status != 200:
        raise BadList(f"{provider.title} answered {reply.status} to the request for its list of jobs")
    try:
        document = read_json(reply.body)
    except BadJsonError as error:
        raise BadList(str(error)) from error
    items = find(rules.items, document)
    after = find(rules.next, document)
    listed = []
    for item in items[:MAX_LISTED] if isinstance(items, list) else ():
        id_ = valid_id(find(rules.id, item))
        if id_ is not None:
            listed.append(
                ListedJob(
                    id=id_, prompt=str(find(rules.prompt, item) or ""), created=str(find(rules.created, item) or "")
                )
            )
    more = isinstance(after, str | int) and not isinstance(after, bool) and len(str(after)) <= MAX_ID
    return ListPage(jobs=tuple(listed), next=str(after) if more else None)
