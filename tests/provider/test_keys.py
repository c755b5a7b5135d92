"""Keys never print, and no message about one holds any part of it."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest

from runner.errors import ApiKeyError
from runner.provider.keys import Key, find_key, key_variable
from runner.records.pipeline import ProviderSettings
from tests.support.catalog import shipped_catalog

PROVIDERS = shipped_catalog().providers
SECRET = "sk-live-0123456789abcdef"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r:>8}".format, "%s".__mod__, ascii])
def test_a_key_prints_as_three_stars(show: object) -> None:
    assert callable(show)
    text = show(Key(SECRET))
    assert "***" in text
    assert SECRET[:4] not in text


def test_a_key_in_other_things_prints_as_three_stars() -> None:
    assert str({"key": Key(SECRET)}) == "{'key': ***}"


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_key_is_not_copied(copied: object) -> None:
    assert callable(copied)
    with pytest.raises(TypeError, match="a key cannot be pickled"):
        copied(Key(SECRET))


def test_a_key_is_no_json_and_has_no_dictionary() -> None:
    with pytest.raises(TypeError):
        json.dumps(Key(SECRET))
    with pytest.raises(TypeError):
        vars(Key(SECRET))


def test_a_key_is_found_where_its_provider_says() -> None:
    found = find_key(PROVIDERS["pixazo"], None, {"PIXAZO_API_KEY": SECRET})
    assert found is not None
    assert found.reveal() == SECRET


def test_a_project_may_name_another_variable() -> None:
    settings = ProviderSettings(api_key_env="STUDIO_KEY")
    assert key_variable(PROVIDERS["pixazo"], settings) == "STUDIO_KEY"
    found = find_key(PROVIDERS["pixazo"], settings, {"STUDIO_KEY": SECRET, "PIXAZO_API_KEY": "no"})
    assert found is not None
    assert found.reveal() == SECRET


def test_a_model_that_runs_here_needs_none() -> None:
    assert key_variable(PROVIDERS["local"], None) is None
    assert find_key(PROVIDERS["local"], None, {}) is None


@pytest.mark.parametrize("env", [{}, {"PIXAZO_API_KEY": ""}])
def test_a_missing_key_names_the_variable_and_the_free_way(env: dict[str, str]) -> None:
    with pytest.raises(ApiKeyError, match="needs a key, and PIXAZO_API_KEY is not set") as caught:
        find_key(PROVIDERS["pixazo"], None, env)
    assert caught.value.help is not None
    assert "--rehearse" in caught.value.help


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (SECRET + "\n", "begins or ends with white space"),
        (" " + SECRET, "begins or ends with white space"),
        ("\t" + SECRET, "begins or ends with white space"),
        (SECRET[:8] + "\n" + SECRET[8:], "not allowed in an HTTP header"),
        (SECRET[:8] + "\r\nX-Evil: 1", "not allowed in an HTTP header"),
        (SECRET[:8] + " " + SECRET[8:], "not allowed in an HTTP header"),
        (SECRET + "ключ", "not allowed in an HTTP header"),
        (SECRET + "\x00", "not allowed in an HTTP header"),
        (SECRET * 400, "not allowed in an HTTP header"),
    ],
)
def test_a_malformed_key_is_refused_without_a_part_of_it(value: str, why: str) -> None:
    with pytest.raises(ApiKeyError, match=why) as caught:
        find_key(PROVIDERS["pixazo"], None, {"PIXAZO_API_KEY": value})
    said = f"{caught.value.message} {caught.value.help} {caught.value!r} {''.join(traceback.format_exception(caught.value))}"
    assert not any(value.strip()[at : at + 4] in said for at in range(len(value.strip()) - 3))
