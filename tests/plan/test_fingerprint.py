"""The fingerprint is what a user's money hangs on: these values are fixed for ever."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.plan.fingerprint import fingerprint, identity

TRACKS = "pixazo/tracks"
GOLDEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "a prompt alone": (
        TRACKS,
        {"prompt": "rain"},
        "341b67df36a10c8428e3b326ad86dc25cd773463a782368c3a228c55fceda6d9",
    ),
    "a whole number": (
        TRACKS,
        {"prompt": "rain", "duration": 60},
        "a44b508ace7bdd9581b173603e61327ee514ca32da4ef477e0c63edd3187ca5f",
    ),
    "a whole number written as a fraction": (
        TRACKS,
        {"prompt": "rain", "duration": 60.0},
        "a44b508ace7bdd9581b173603e61327ee514ca32da4ef477e0c63edd3187ca5f",
    ),
    "another order of keys": (
        TRACKS,
        {"duration": 60, "prompt": "rain"},
        "a44b508ace7bdd9581b173603e61327ee514ca32da4ef477e0c63edd3187ca5f",
    ),
    "a fraction": (
        TRACKS,
        {"prompt": "rain", "guidance_scale": 7.5},
        "06efd89c7e2633b7aa501b265926c5869898e4576e6531435fb34e78d3dc8b12",
    ),
    "the largest seed": (
        TRACKS,
        {"prompt": "rain", "seed": 2147483647},
        "15a0e219e4bc21f75ef2bfd4c9dbd19f3722938f6dfd8b9d58f7fb121d62c2fe",
    ),
    "a boolean": (
        TRACKS,
        {"prompt": "rain", "instrumental": True},
        "ba109589f0b5e6ffae801dc0ce7da5dd6092202a5afb2d366e5fef9279bb4d31",
    ),
    "a null": (
        TRACKS,
        {"prompt": "rain", "lyrics": None},
        "5af2673106fec190ac85e9adb0014ecd8aae99a349506d8cfb314149ea0fbc74",
    ),
    "composed accents": (
        TRACKS,
        {"prompt": "Tr\u00e4ume \u5922"},
        "e23eaaae784c733f34757b159c860c2023f0b08ea9a226737d61dde246b66ab5",
    ),
    "decomposed accents": (
        TRACKS,
        {"prompt": "Tra\u0308ume \u5922"},
        "e23eaaae784c733f34757b159c860c2023f0b08ea9a226737d61dde246b66ab5",
    ),
    "lines and quotes": (
        TRACKS,
        {"prompt": "rain", "lyrics": '[verse]\nWoke "up"'},
        "0fd91da7ebaacb51ac322adca51db5da5c6c2ecef9dcc2a9112295d61ce06b25",
    ),
    "a list": (
        "verbatik/text-to-music",
        {"tags": ["lo-fi", "calm"]},
        "7c320735bc110ed2f6383f31411bf44c3fc987b2ccb89cc16b2868eefb53b848",
    ),
    "values in values": (
        TRACKS,
        {"prompt": "rain", "a": {"b": [1, {"c": 2}]}},
        "37eec92ca812da8c2ab062ad7b29da441ce844e0afcb966c7659479832eeeaf3",
    ),
    "another model": (
        "pixazo/ace-step",
        {"prompt": "rain"},
        "073ab020f8848bd471d241388328e27ef2c3fcf65800fb1919c71f9c9c8341de",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_fingerprint_never_changes(name: str) -> None:
    model, params, expected = GOLDEN[name]
    assert fingerprint(model, params) == f"sha256:{expected}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": 0}, {"a": False}),
        ({"a": 1}, {"a": "1"}),
        ({"a": 60}, {"a": 60.5}),
        ({"a": None}, {}),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}),
        ({"a": "x"}, {"a": "x "}),
        ({"a": "x"}, {"a": "X"}),
    ],
)
def test_what_a_vendor_could_tell_apart_has_two_fingerprints(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert fingerprint(TRACKS, one) != fingerprint(TRACKS, other)


def test_identity_leaves_the_seed_out_and_nothing_else() -> None:
    seeded, other = {"prompt": "rain", "seed": 1}, {"prompt": "rain", "seed": 2}
    assert (
        identity(TRACKS, seeded, ("seed",))
        == identity(TRACKS, other, ("seed",))
        == fingerprint(TRACKS, {"prompt": "rain"})
    )
    assert identity(TRACKS, seeded, (None,)) == fingerprint(TRACKS, seeded)
    assert identity(TRACKS, {"prompt": "rain", "bpm": 9}, ("seed",)) != identity(TRACKS, seeded, ("seed",))


@pytest.mark.parametrize("kind", [list, tuple])
def test_spellings_of_one_value_are_one_inside_lists_too(kind: type[list[Any] | tuple[Any, ...]]) -> None:
    composed, apart = [60, "caf\u00e9", {"a": 1}], [60.0, "cafe\u0301", {"a": 1.0}]
    assert fingerprint(TRACKS, {"a": kind(apart)}) == fingerprint(TRACKS, {"a": composed})


def test_a_number_that_is_none_has_no_fingerprint() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        fingerprint(TRACKS, {"a": float("nan")})


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=5))
def test_the_order_of_keys_never_matters(params: dict[str, Any]) -> None:
    backwards = dict(reversed(params.items()))
    assert fingerprint(TRACKS, params) == fingerprint(TRACKS, backwards)


def canonical(value: Any) -> Any:
    """Return the one form of all spellings of a value, by the words of the scheme."""
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", key): canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


@given(st.dictionaries(st.text(max_size=8), VALUES | st.sampled_from([60.0, 1e16, -0.0, 1e300, "1.0e+"]), max_size=5))
def test_it_covers_the_canonical_text_of_the_parameters(params: dict[str, Any]) -> None:
    def text(value: Any) -> str:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    whole = text({"scheme": 1, "model": TRACKS, "params": canonical(params)})
    expected = "sha256:" + hashlib.sha256(whole.encode()).hexdigest()
    assert fingerprint(TRACKS, params) == expected
