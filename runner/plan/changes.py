"""What differs between a request and a lock entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.plan.fingerprint import fingerprint
from runner.records.reasons import Change

if TYPE_CHECKING:
    from runner.records.lock import Entry
    from runner.records.request import Request
    from runner.records.source import Json


def changes(request: Request, entry: Entry) -> tuple[Change, ...]:
    """List what differs between an entry and a request, field by field, the model first."""
    found = []
    if entry.model != request.model.id:
        found.append(Change(field="model", old=entry.model, new=request.model.id, mark=request.mark))
    for name in sorted({*entry.request, *request.params}):
        old, new = entry.request.get(name), request.params.get(name)
        if not _same(old, new):
            origin = request.origins.get(name)
            found.append(Change(field=name, old=old, new=new, mark=origin.mark if origin else request.mark))
    return tuple(found)


def _same(old: Json, new: Json) -> bool:
    if old == new and type(old) is type(new) and not isinstance(old, dict | list | tuple):
        return True
    return fingerprint("", {"value": old}) == fingerprint("", {"value": new})
