"""What a vendor's list of recent jobs says: where a lost receipt may be found again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.catalog.answer import BadJsonError, find, read_json, valid_id

if TYPE_CHECKING:
    from runner.records import Provider, Reply

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One job in a vendor's list; `created` is the vendor's own text."""

    id: str
    prompt: str
    created: str


def read_list(provider: Provider, reply: Reply) -> tuple[Listed, ...]:
    """Return the jobs of a list answer, as far as they can be read; none where the vendor has no list."""
    rules = provider.listing
    if rules is None or reply.status != 200:
        return ()
    try:
        items = find(rules.items, read_json(reply.body))
    except BadJsonError:
        return ()
    listed = []
    for item in items[:MOST] if isinstance(items, list) else ():
        id_ = valid_id(find(rules.id, item))
        if id_ is not None:
            listed.append(
                Listed(id=id_, prompt=str(find(rules.prompt, item) or ""), created=str(find(rules.created, item) or ""))
            )
    return tuple(listed)
