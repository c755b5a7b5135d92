"""Build the HTTP requests of a provider's API. The key is not in them: the transport adds it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from runner.errors import StateError
from runner.provider.responses import clean, valid_id
from runner.records.exchange import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.pipeline import Webhook
    from runner.records.provider import Endpoint, Provider
    from runner.records.source import Json


def submit_call(
    provider: Provider, model: Model, params: Mapping[str, Json], *, job: str, webhook: Webhook | None
) -> Call:
    """Build the one call that may cost money: parameters, the model's fixed fields, the callback's fields; no key."""
    if provider.submit is None:
        raise ValueError(f"{provider.name} accepts no submissions")
    headers = {"Content-Type": "application/json", **provider.submit.headers}
    body = {**params, **model.body}
    if webhook is not None and provider.webhook is not None:
        words = {"url": webhook.url, "mode": webhook.mode or "", "job": job}
        headers |= {name: text for name, form in provider.webhook.headers.items() if (text := _render(form, words))}
        body |= {name: text for name, form in provider.webhook.body.items() if (text := _render(form, words))}
    payload = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    url = _join(provider.base_url, provider.submit.path.replace("{path}", model.path))
    return Call(method=provider.submit.method, url=url, headers=tuple(headers.items()), body=payload)


def poll_call(provider: Provider, *, id: str) -> Call:
    """Build the call that polls a job. Raises ValueError where the provider answers at once.

    It carries the key, so its address comes from the provider file and the id alone: an address in a receipt, which
    anybody may write into a lock, is a record and is not followed.
    """
    if provider.poll is None:
        raise ValueError(f"{provider.name} answers at once and is not polled")
    return _id_call(provider, provider.poll, id)


def cancel_call(provider: Provider, *, id: str) -> Call:
    """Build the call that cancels a job. Raises ValueError where the provider has no such call."""
    if provider.cancel is None:
        raise ValueError(f"{provider.name} cannot cancel a job")
    return _id_call(provider, provider.cancel.endpoint, id)


def list_call(provider: Provider, *, page: str | None = None) -> Call:
    """Build the call that lists recent jobs, beginning at `page`. Raises ValueError where the provider has no list."""
    rules = provider.listing
    if rules is None:
        raise ValueError(f"{provider.name} has no list of jobs")
    url = _join(provider.base_url, rules.endpoint.path)
    if page is not None and rules.page_param is not None:
        url += "?" + urlencode({rules.page_param: page})
    return Call(method=rules.endpoint.method, url=url, headers=tuple(rules.endpoint.headers.items()))


def _id_call(provider: Provider, endpoint: Endpoint, id: str) -> Call:
    if valid_id(id) is None:
        raise StateError(f"the id {clean(id)!r} cannot be used in a URL", help="the journal or the lock is damaged")
    url = _join(provider.base_url, endpoint.path.replace("{id}", quote(id, safe="")))
    return Call(method=endpoint.method, url=url, headers=tuple(endpoint.headers.items()))


def _render(form: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{(url|mode|job)\}", lambda found: words[found[1]], form)


def _join(base_url: str, path: str) -> str:
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}"
