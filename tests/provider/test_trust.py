from __future__ import annotations

import pytest
from msgspec.structs import replace

from runner.errors import UsageError
from runner.provider.trust import Binding, bindings, has_host, trusted_hosts
from runner.records.pipeline import ProviderSettings
from runner.records.provider import ProjectFile
from tests.support.catalog import shipped_catalog

PROVIDERS = shipped_catalog().providers
PIXAZO = PROVIDERS["pixazo"]
OWN = replace(PIXAZO, project_file=ProjectFile(shown="schemas/providers/pixazo.json", sha256="0" * 64))
URL = "SCOREFILE_PIXAZO_BASE_URL"


def binding(
    settings: ProviderSettings | None = None, env: dict[str, str] | None = None, *, own: bool = False
) -> Binding:
    (found,) = bindings([OWN if own else PIXAZO], {"pixazo": settings} if settings else {}, env or {})
    return found


def test_what_ships_needs_nobodys_word() -> None:
    found = bindings(PROVIDERS.values(), {}, {})
    assert [item.provider for item in found] == ["pixazo", "pixverse", "verbatik"]
    assert not any(item.needs_word for item in found)
    assert str(found[0]) == "PIXAZO_API_KEY → https://gateway.pixazo.ai"


@pytest.mark.parametrize(
    ("settings", "env", "own", "needs_word"),
    [
        (ProviderSettings(max_in_flight=2, poll_s=1.0), {}, False, False),
        (ProviderSettings(base_url="https://gateway.pixazo.ai/"), {}, False, False),
        (ProviderSettings(api_key_env="PIXAZO_API_KEY"), {}, False, False),
        (ProviderSettings(base_url="https://gateway.pixazo.ai:8443"), {}, False, True),
        (ProviderSettings(base_url="https://gateway.pixazo.ai.evil.example"), {}, False, True),
        (ProviderSettings(base_url="http://localhost:1", api_key_env="X"), {}, False, False),
        (ProviderSettings(base_url="http://192.168.0.2:1"), {}, False, True),
        (ProviderSettings(api_key_env="AWS_SECRET_ACCESS_KEY"), {}, False, True),
        (None, {URL: "https://mine.example"}, False, False),
        (ProviderSettings(base_url="https://evil.example"), {URL: "https://mine.example"}, False, False),
        (ProviderSettings(api_key_env="X"), {URL: "https://mine.example"}, False, True),
        (ProviderSettings(api_key_env="X"), {URL: "http://127.0.0.1:1"}, False, False),
        (None, {}, True, True),
        (None, {URL: "https://mine.example"}, True, True),
        (None, {URL: "http://[::1]:1"}, True, False),
    ],
)
def test_what_a_project_binds_otherwise_needs_a_word(
    settings: ProviderSettings | None, env: dict[str, str], own: bool, needs_word: bool
) -> None:
    assert binding(settings, env, own=own).needs_word is needs_word


def test_a_digest_stands_for_exactly_one_binding_of_one_project() -> None:
    first = binding(ProviderSettings(base_url="https://a.example"))
    others = [
        binding(ProviderSettings(base_url="https://b.example")),
        binding(ProviderSettings(base_url="https://a.example", api_key_env="X")),
        binding(ProviderSettings(base_url="https://a.example"), own=True),
        replace(first, provider="other"),
        replace(first, variable=None),
    ]
    digests = {found.digest("/project") for found in (first, *others)} | {first.digest("/another")}
    assert len(digests) == 2 + len(others)
    assert first.digest("/project") == binding(ProviderSettings(base_url="https://a.example/")).digest("/project")


def test_a_password_in_an_address_is_not_shown() -> None:
    found = binding(env={URL: "https://me:p%40ss@mine.example"})
    assert "p%40ss" not in f"{found} {found.host}"


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        ("a.example", True),
        ("A.Example ,b", True),
        ("a.example:8443", True),
        ("a.example:443", False),
        ("example", False),
        (".a.example", False),
        ("xa.example", False),
        ("", False),
    ],
)
def test_a_host_is_trusted_by_its_whole_name(said: str, agreed: bool) -> None:
    found = binding(ProviderSettings(base_url="https://a.example:8443"))
    assert has_host(found, trusted_hosts(said)) is agreed


def test_what_is_no_host_is_refused_without_its_password() -> None:
    with pytest.raises(UsageError, match=r"is not a host to trust") as raised:
        trusted_hosts("https://me:secret@a.example")
    assert "secret" not in raised.value.message
