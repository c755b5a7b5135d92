"""Which key goes to which host, and who said so: shipped files and the user's environment need nobody's word, a project does."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.errors import UsageError
from runner.frozen import dataclass
from runner.provider.access import project_url, user_url
from runner.provider.keys import key_variable
from runner.records.address import hide_users, is_loopback, origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import ProjectFile, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The variable whose value a provider gets as its key, and the address to which it is sent."""

    provider: str
    variable: str | None
    url: str
    project_file: ProjectFile | None
    """The project's own provider file behind it: whatever that changes is another binding."""
    needs_word: bool
    """Whether a project says this and no person has: neither a shipped file nor the environment does, nor is it loopback."""

    def __str__(self) -> str:
        return f"{self.variable or 'no key'} → {hide_users(self.url)}"

    @property
    def host(self) -> str:
        """The host, with the port where one is written."""
        return urlsplit(self.url).netloc.lower() if origin(self.url) else hide_users(self.url)

    def digest(self, project: str) -> str:
        """Return the digest that stands for exactly this binding of the project in that folder."""
        file = self.project_file.sha256 if self.project_file else None
        text = json.dumps([project, self.provider, self.variable, self.url, file])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def bindings(
    providers: Iterable[Provider], settings: Mapping[str, ProviderSettings], env: Mapping[str, str]
) -> tuple[Binding, ...]:
    """Return the binding of each provider that is reached over a network, in the order of their names."""
    remote = sorted((item for item in providers if not item.mode.is_local), key=lambda item: item.name)
    return tuple(_binding(provider, settings.get(provider.name), env) for provider in remote)


def _binding(provider: Provider, said: ProviderSettings | None, env: Mapping[str, str]) -> Binding:
    own, shipped_key = user_url(provider, env), provider.auth.env if provider.auth else None
    url, variable = own or project_url(provider, said), key_variable(provider, said)
    is_shipped = (
        provider.project_file is None
        and variable == shipped_key
        and (own is not None or url == provider.base_url.rstrip("/"))
    )
    return Binding(
        provider=provider.name,
        variable=variable,
        url=url,
        project_file=provider.project_file,
        needs_word=not is_shipped and not is_loopback(url),
    )


def trusted_hosts(text: str) -> frozenset[str]:
    """Return the hosts of SCOREFILE_TRUST or --trust: `HOST` or `HOST:PORT`, comma separated. Raises UsageError."""
    hosts = [host.strip().lower() for host in text.split(",") if host.strip()]
    for host in hosts:
        if "/" in host or "*" in host or "@" in host or any(map(str.isspace, host)):
            raise UsageError(
                f"{hide_users(host)!r} is not a host to trust", help="write hosts alone: --trust gateway.example.com"
            )
    return frozenset(hosts)


def has_host(binding: Binding, hosts: frozenset[str]) -> bool:
    """Return whether the host of a binding is among trusted ones; one without a port stands for each of its ports."""
    found = origin(binding.url)
    return found is not None and not hosts.isdisjoint({binding.host, found[1]})
