"""Keys never print, and no message about one holds any part of it."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import time
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


LONG = "canary-Pixazo-5ca1/ab1e?&-+~"


def wrapped(text: str, width: int, end: str) -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


ECHOES = {
    "upper case": LONG.upper(),
    "lower case": LONG.lower(),
    "swapped case": LONG.swapcase(),
    "wrapped": wrapped(LONG, 8, "\r\n    "),
    "wrapped in JSON": wrapped(LONG, 5, "\\n"),
    "one character a line": wrapped(LONG, 1, "\n"),
    "quoted-printable": wrapped(LONG, 8, "=\n"),
    "hex": LONG.encode().hex(),
    "hex in upper case": LONG.encode().hex().upper(),
    "hex with colons": LONG.encode().hex(":"),
    "hex as bytes": LONG.encode().hex(" ").replace(" ", ", 0x"),
    "hex wrapped": wrapped(LONG.encode().hex(), 16, "\n"),
    "hex in a text of Python": "".join(f"\\x{byte:02x}" for byte in LONG.encode()),
    "wrapped base64": wrapped(base64.b64encode(LONG.encode()).decode(), 16, "\r\n"),
    "base64 in JSON": base64.b64encode(LONG.encode()).decode().replace("/", "\\/"),
    "base64 in a URL": base64.b64encode(LONG.encode()).decode().replace("/", "%2F").replace("+", "%2b"),
    "base64 of URLs": base64.urlsafe_b64encode(LONG.encode()).decode(),
} | {
    f"base64 after {before!r} and before {behind!r}": base64.b64encode((before + LONG + behind).encode()).decode()
    for before in ("", "a", "ab", "user:")
    for behind in ("", "x", "xy", ":pw")
}


@pytest.mark.parametrize("how", ECHOES)
def test_a_key_is_redacted_however_an_answer_echoes_it(how: str) -> None:
    echo = ECHOES[how]
    said = Key(LONG).redact(f'{{"error": "bad key {echo}, see the console"}}'.encode()).decode()
    assert said.startswith('{"error": "bad key ')
    assert said.endswith(', see the console"}')
    assert "***" in said
    assert not any(echo[at : at + 12] in said for at in range(len(echo) - 11))


def test_an_answer_without_the_key_is_left_as_it_is() -> None:
    text = base64.b64encode(bytes(range(256)) * 40) + LONG[:-1].encode() + LONG.encode().hex()[:-2].encode()
    assert Key(LONG).redact(text) == text


ENDS = b" ".join(
    [LONG[14:].encode(), LONG.encode().hex()[28:].encode()]
    + [base64.b64encode(b"\0" * shift + LONG.encode())[20:] for shift in range(3)]
)
"""In each way to write it, the second half of the key: in a text with this, all of the key is searched for."""


def test_what_ends_like_the_key_is_left_as_it_is() -> None:
    assert Key(LONG).redact(ENDS) == ENDS
    assert Key(LONG).redact(ENDS + LONG.encode() + ENDS) == ENDS + b"***" + ENDS


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "text", [b"\\" * 200_000, b"c\n" * 100_000, b"63" * 100_000, b"\n" * 200_000, b"c\\" * 100_000]
)
def test_the_search_for_a_key_ends_soon_whatever_is_searched(text: bytes) -> None:
    begun = time.process_time()
    assert Key(LONG).redact(text + ENDS) == text + ENDS
    assert time.process_time() - begun < 5
