"""Every shipped provider: its file fits, each path hits its recorded answer, each state and error row is reachable."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import jmespath
import pytest
from jsonschema import Draft7Validator

from runner.catalog.providers import paths
from runner.provider.protocol import read_poll, read_submit
from runner.provider.responses import reason
from runner.records.exchange import Reply, Verdict
from tests.catalog.shelf import CATALOG, FILES, META, REMOTE, reply

if TYPE_CHECKING:
    from runner.records.catalog import Model
    from runner.records.provider import Provider

STATES = {"waiting": Verdict.WAITING, "done": Verdict.DONE, "failed": Verdict.FAILED}
POLLED = [name for name in REMOTE if CATALOG.providers[name].poll]


def model_of(name: str) -> Model:
    return next(model for model in CATALOG.models.values() if model.provider == name)


def recorded(provider: Provider, kind: str) -> Reply:
    return reply(provider.replies[kind])


def id_of(provider: Provider) -> str:
    return str(jmespath.search(provider.id_path or "", provider.replies["done"]["json"]))


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("providers/")])
def test_every_provider_file_fits_its_meta_schema(file: str) -> None:
    assert list(Draft7Validator(META["provider.schema.json"]).iter_errors(FILES[file])) == []


def test_the_meta_schemas_are_schemas() -> None:
    for schema in META.values():
        Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("name", REMOTE)
def test_every_path_hits_a_recorded_answer(name: str) -> None:
    provider = CATALOG.providers[name]
    answers = [answer["json"] for kind, answer in provider.replies.items() if kind != "errors"]
    answers += [answer["json"] for answer in provider.replies["errors"]]
    if provider.listing:
        answers += jmespath.search(provider.listing.items, provider.replies["list"]["json"])
    for place, path in paths(provider).items():
        if name == "verbatik" and path in {"error.message", "message"}:
            continue  # the shape of its error body is not documented; two more are listened for
        assert any(jmespath.search(path, answer) not in (None, []) for answer in answers), (place, path)


@pytest.mark.parametrize("name", [name for name in REMOTE if CATALOG.providers[name].mode == "async"])
def test_the_recorded_submit_is_accepted(name: str) -> None:
    provider = CATALOG.providers[name]
    reading = read_submit(provider, model_of(name), recorded(provider, "accepted"))
    assert (reading.verdict, reading.id) == (Verdict.ACCEPTED, id_of(provider))


@pytest.mark.parametrize("name", [name for name in REMOTE if CATALOG.providers[name].mode == "sync-json"])
def test_the_recorded_answer_of_a_synchronous_submit_is_done(name: str) -> None:
    provider = CATALOG.providers[name]
    reading = read_submit(provider, model_of(name), recorded(provider, "done"))
    assert (reading.verdict, reading.id, len(reading.media)) == (Verdict.DONE, id_of(provider), 1)


@pytest.mark.parametrize("name", POLLED)
@pytest.mark.parametrize("kind", STATES)
def test_the_recorded_poll_is_read(name: str, kind: str) -> None:
    provider = CATALOG.providers[name]
    reading = read_poll(provider, model_of(name), recorded(provider, kind), id=id_of(provider))
    assert (reading.verdict, reading.known) == (STATES[kind], True)


@pytest.mark.parametrize(
    ("name", "word"), [(name, word) for name in POLLED for word in FILES[f"providers/{name}.json"]["status"]["words"]]
)
def test_every_state_is_reachable(name: str, word: str) -> None:
    provider = CATALOG.providers[name]
    assert provider.status
    state = provider.status.words[word]
    answer = deepcopy(provider.replies[state])
    answer["json"][provider.status.path] = word
    reading = read_poll(provider, model_of(name), reply(answer), id=id_of(provider))
    assert (reading.verdict, reading.word) == (STATES[state], word)
    assert reading.charged is (False if word in provider.status.uncharged else None)


@pytest.mark.parametrize("name", REMOTE)
def test_every_error_row_is_reachable(name: str) -> None:
    provider, reached = CATALOG.providers[name], set()
    for answer in provider.replies["errors"]:
        text = reason(provider.error_paths, answer["json"])
        assert text
        for index, row in enumerate(provider.errors):
            if row.status in (None, answer["status"]) and (row.contains or "") in text:
                reached.add(index)
                found = read_submit(provider, model_of(name), reply(answer))
                proven = (Verdict.UNKNOWN, None) if row.group == "missing" else (Verdict.REJECTED, row.group)
                assert (found.verdict, found.group) == proven
                break
    assert reached == set(range(len(provider.errors)))


def test_only_one_5xx_is_taken_as_proof() -> None:
    rows = {(name, row.status) for name in REMOTE for row in CATALOG.providers[name].errors}
    assert {row for row in rows if row[1] is not None and row[1] >= 500} == {("pixverse", 596)}


def test_the_keys_come_from_the_documented_variables() -> None:
    auths = {name: CATALOG.providers[name].auth for name in REMOTE}
    assert {name: (auth.header, auth.prefix, auth.env) for name, auth in auths.items() if auth} == {
        "pixazo": ("Ocp-Apim-Subscription-Key", "", "PIXAZO_API_KEY"),
        "pixverse": ("Authorization", "Bearer ", "USEAPI_API_TOKEN"),
        "verbatik": ("Authorization", "Bearer ", "VERBATIK_API_KEY"),
    }


def test_only_ids_with_an_e_mail_address_are_private() -> None:
    assert {name for name in REMOTE if CATALOG.providers[name].id_is_private} == {"pixverse"}


def test_pace_is_as_documented() -> None:
    assert {name: CATALOG.providers[name].submits for name in REMOTE} == {
        "pixazo": None,
        "pixverse": None,
        "verbatik": (100, 10.0),
    }


def test_the_local_provider_speaks_to_no_one() -> None:
    local = CATALOG.providers["local"]
    assert (local.mode, local.base_url, local.auth, local.submit, local.poll) == ("local", "", None, None, None)
