"""The redirect zoo: whatever a vendor answers, the key and the body reach no host but its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.proxy import VENDOR, running_proxy
from tests.support.vendor.server import AUTHORITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project import Project
    from tests.support.proxy import Proxy

CODES = (300, 301, 302, 303, 304, 305, 307, 308)
PLACES = ("host", "port")


def elsewhere(project: Project) -> list[dict[str, object]]:
    """Return what reached another door because of this project."""
    receipts = [row["id"] for row in project.charges()]
    rows = project.vendor.elsewhere()
    return [row for row in rows if project.tag in str(row) or any(receipt in row["path"] for receipt in receipts)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("money", ["paid", "free"])
def test_a_redirected_submit_goes_nowhere(project: Project, code: int, place: str, money: str) -> None:
    project.write({"a": f"submit={money}:redirect:{code}@{place}"})
    first = project.run()
    assert first.code == 8, first
    assert elsewhere(project) == []
    own = project.vendor.url.removeprefix("http://")
    assert [row["where"] for row in project.submits()] == [own]
    assert len(project.charges()) == (money == "paid")


@pytest.mark.parametrize("place", PLACES)
def test_a_redirected_poll_goes_nowhere(project: Project, place: str) -> None:
    steps = ",".join(f"redirect:{code}@{place}" for code in CODES)
    project.write({"a": f"poll={steps},done"})
    assert project.run().code == 0
    assert elsewhere(project) == []


@pytest.mark.parametrize("place", PLACES)
def test_a_redirected_download_takes_no_key_along(project: Project, place: str) -> None:
    project.write({"a": f"media=redirect:307@{place},ok"})
    assert project.run().code == 0
    (row,) = elsewhere(project)
    key = project.canary.environ["PIXAZO_API_KEY"]
    assert (row["method"], row["body"]) == ("GET", "")
    assert key not in str(row)


@pytest.fixture
def secure(project: Project) -> Project:
    """Return a project that speaks to the vendor over https."""
    project.env = {
        "SCOREFILE_PIXAZO_BASE_URL": project.vendor.tls,
        "SSL_CERT_FILE": str(project.vendor.folder / AUTHORITY),
    }
    return project


@pytest.mark.sampled(2)
@pytest.mark.parametrize("code", CODES)
def test_a_submit_is_not_taken_down_from_https_to_http(secure: Project, code: int) -> None:
    before = len(secure.vendor.requests())
    secure.write({"a": f"submit=paid:redirect:{code}@same"})
    first = secure.run()
    assert first.code == 8, first
    assert len(secure.submits()) == 1
    assert {row["where"] for row in secure.vendor.requests()[before:]} == {secure.vendor.tls.removeprefix("https://")}


def test_a_poll_is_not_taken_down_from_https_to_http(secure: Project) -> None:
    steps = ",".join(f"redirect:{code}@same" for code in CODES)
    secure.write({"a": f"poll={steps},done"})
    assert secure.run().code == 0
    polls = [row for row in secure.heard(id=secure.charges()[0]["id"]) if "media" not in row["path"]]
    assert {row["where"] for row in polls} == {secure.vendor.tls.removeprefix("https://")}


def test_a_polling_address_is_not_taken_down_from_https_to_http(secure: Project) -> None:
    secure.write({"a": "submit=paid:poll-elsewhere:same"})
    assert secure.run().code == 0
    polls = [row for row in secure.heard(id=secure.charges()[0]["id"]) if "media" not in row["path"]]
    assert {row["where"] for row in polls} == {secure.vendor.tls.removeprefix("https://")}


def test_a_certificate_of_an_unknown_authority_gets_no_byte(secure: Project) -> None:
    del secure.env["SSL_CERT_FILE"]
    secure.write({"a": ""})
    done = secure.run()
    assert done.code == 5, done
    assert "CERTIFICATE_VERIFY_FAILED" in done.out
    assert secure.submits() == []


def test_the_vendor_does_get_the_key(project: Project) -> None:
    project.write({"a": ""})
    assert project.run().code == 0
    (submit,) = project.submits()
    assert submit["headers"]["ocp-apim-subscription-key"] == project.canary.environ["PIXAZO_API_KEY"]


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1", "http://vendor.example", "https://user@vendor.example", "ftp://127.0.0.1"]
)
def test_a_base_url_that_would_show_the_key_is_refused(project: Project, url: str) -> None:
    project.write({"a": ""})
    project.env = {"SCOREFILE_PIXAZO_BASE_URL": url}
    done = project.run(timeout_s=10)
    assert done.code == 2, done
    assert project.submits() == []


@pytest.fixture
def proxy(project: Project) -> Iterator[Proxy]:
    """Return a proxy that the environment names for everything, and excepts nothing from."""
    with running_proxy() as running:
        project.env |= running.environ()
        yield running


@pytest.mark.parametrize("verb", [("run", "--yes"), ("run", "--rehearse")])
def test_a_proxy_hears_nothing_that_is_meant_for_this_machine(
    project: Project, proxy: Proxy, verb: tuple[str, ...]
) -> None:
    project.write({"a": ""})
    done = project.run(*verb)
    assert done.code == 0, done
    assert proxy.heard == []


def test_a_tunnel_that_a_proxy_refuses_is_no_doubt(project: Project, proxy: Proxy) -> None:
    project.write({"a": ""})
    project.env["SCOREFILE_PIXAZO_BASE_URL"] = f"https://{VENDOR}"
    done = project.run(timeout_s=20)
    assert done.code == 5, done
    assert "the proxy failed: 503 Not Today" in done.out
    assert all(heard.startswith(b"CONNECT ") for heard in proxy.heard)
    assert not any(project.canary.in_bytes(heard, "what a proxy heard") for heard in proxy.heard)
    project.env = {}
    assert project.run().code == 0
    assert project.is_right("a")
