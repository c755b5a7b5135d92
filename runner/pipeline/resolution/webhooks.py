"""Check a webhook address: whether a request can contain it, and whether the provider accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlsplit

from runner.diagnostics.messages import show

if TYPE_CHECKING:
    from runner.records.provider import Provider
    from runner.records.source import Json

ALLOWED: Final = "https://HOST/PATH"
KEPT: Final = "/:?#[]@!$&'()*+,;=%-._~"


class AddressProblem(NamedTuple):
    """What is wrong with an address; contains no password."""

    message: str
    allowed: str = ALLOWED
    help: str | None = "write an https address without user, password and blanks"


def address_problem(url: Json, provider: Provider | None) -> AddressProblem | None:
    """Return why `provider` cannot call `url`, or None."""
    named = f"the webhook's address {show(url)}"
    if not isinstance(url, str):
        return AddressProblem(f"{named} is not https")
    if "@" in url.partition("://")[2].partition("/")[0]:
        remedy = "put a secret into the path instead: https://HOST/SECRET-PATH"
        return AddressProblem("the webhook's address contains a user name or password", help=remedy)
    if not url.startswith("https://"):
        return AddressProblem(f"{named} is not https")
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        return AddressProblem(f"{named} is not a URL")
    try:
        host, _ = urlsplit(url).hostname, urlsplit(url).port
    except ValueError:
        return AddressProblem(f"{named} is not a URL")
    if not host:
        return AddressProblem(f"{named} names no host")
    if not url.isascii():
        strange = next(sign for sign in url if not sign.isascii())
        return AddressProblem(f'{named} contains "{strange}", which no request can carry', help=_encoded(url))
    most = provider.webhook.max_length if provider and provider.webhook else None
    if provider and most is not None and len(url) > most:
        message = f"the webhook's address has {len(url)} characters, and {provider.title} takes {most}"
        return AddressProblem(message, allowed=f"up to {most} characters", help="shorten it")
    return None


def _encoded(url: str) -> str | None:
    """Return the help line with the address as a request can carry it."""
    parts = urlsplit(url)
    try:
        host = parts.netloc.encode("idna").decode()
    except UnicodeError:
        return None
    return f"write {quote(parts._replace(netloc=host).geturl(), safe=KEPT)}"
