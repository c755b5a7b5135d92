"""Every shipped model: each bound from both sides, each cross-field rule, and the pages' own examples."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft7Validator
from msgspec.structs import replace

from runner.catalog.models import build_catalog, parse_model
from runner.records.catalog import Price
from tests.catalog.shelf import CATALOG, FILES, META, MODELS, cases, faults, own

INPUTS = [{"job": "title"}]
ON_AUDIO: dict[str, dict[str, Any]] = {
    "local/concat": {"inputs": INPUTS},
    "local/import": {"file": "door.wav", "rights": "ours"},
    "local/mix": {"inputs": INPUTS},
    "local/stinger": {"inputs": INPUTS, "bpm": 120},
}
"""What the models take that work on audio."""
PROMPTED = [model for model in MODELS if model not in ON_AUDIO]


def valid(model: str) -> dict[str, Any]:
    """Return parameters that a model takes."""
    return dict(ON_AUDIO.get(model, {"prompt": "a calm night theme"}))


Range = tuple[float | None, float | None]
ACE: dict[str, Range] = {"bpm": (30, 300), "duration": (1, 600)}
SONG: dict[str, Range] = {"prompt": (1, 2000), "lyrics": (1, 3500), "maxJobs": (1, 8)}
OWNER: dict[str, dict[str, Range]] = {
    "local/concat": {"inputs": (None, 200), "crossfade": (0, 30)},
    "local/import": {"file": (1, None), "rights": (1, 2000)},
    "local/mix": {"inputs": (None, 64)},
    "local/stinger": {
        "inputs": (None, 1),
        "bpm": (30, 300),
        "start_bar": (1, 10000),
        "bars": (1, 1000),
        "offset": (0, 600),
        "fade_in": (0, 10),
        "fade_out": (0, 10),
    },
    "local/sketch": {"bpm": (30, 300), "duration": (0.1, 600), "batch_size": (1, 4), "seed": (0, 2147483647)},
    "pixazo/ace-step": {**ACE, "infer_steps": (1, None), "guidance_scale": (None, None), "seed": (-1, None)},
    "pixazo/ace-step-xl": {**ACE, "batch_size": (1, 4), "seed": (-1, None)},
    "pixazo/lyria-2": {"seed": (-1, None)},
    "pixazo/lyria-3": {"images": (None, 10)},
    "pixazo/lyria-3-pro": {"images": (None, 10)},
    "pixazo/tracks": {**ACE, "infer_steps": (1, 200), "guidance_scale": (5.0, 9.0), "seed": (-1, None)},
    "pixverse/lyria-3-pro-preview": {"prompt": (1, 5000), "maxJobs": (1, 8)},
    "pixverse/music-2.6": SONG,
    "pixverse/music-v1": {**SONG, "prompt": (1, 4000)},
    "verbatik/text-to-music": {"bpm": (30, 300), "num_songs": (1, 2), "seed": (-1, None)},
}
"""The ranges as the pages and the project's owner name them, by hand: a change of the data alone must fail here."""

PRICES = {
    **dict.fromkeys(ON_AUDIO, "0"),
    "local/sketch": "0",
    "pixazo/ace-step": None,
    "pixazo/ace-step-xl": None,
    "pixazo/lyria-2": "0.06",
    "pixazo/lyria-3": "0.04",
    "pixazo/lyria-3-pro": "0.08",
    "pixazo/tracks": "0",
    "pixverse/lyria-3-pro-preview": "0.08",
    "pixverse/music-2.6": "0.16",
    "pixverse/music-v1": "0.60",
    "verbatik/text-to-music": "0.20",
}

PARAMETERS = {
    "local/concat": "inputs crossfade output_format",
    "local/import": "file rights",
    "local/mix": "inputs output_format",
    "local/stinger": "inputs bpm time_signature start_bar bars offset fade_in fade_out output_format",
    "local/sketch": "prompt lyrics instrumental duration bpm key time_signature seed batch_size output_format",
    "pixazo/ace-step": "prompt lyrics instrumental duration bpm infer_steps guidance_scale seed",
    "pixazo/ace-step-xl": "prompt lyrics duration seed bpm key time_signature batch_size thinking",
    "pixazo/lyria-2": "prompt negative_prompt seed",
    "pixazo/lyria-3": "prompt images",
    "pixazo/lyria-3-pro": "prompt images",
    "pixazo/tracks": "prompt lyrics instrumental duration bpm infer_steps guidance_scale seed",
    "pixverse/lyria-3-pro-preview": "prompt instrumental "
    + " ".join(f"image_path_{number}" for number in range(1, 11))
    + " maxJobs email",
    "pixverse/music-2.6": "prompt instrumental lyrics maxJobs email",
    "pixverse/music-v1": "prompt instrumental lyrics maxJobs email",
    "verbatik/text-to-music": "prompt tags lyrics seed prompt_strength balance_strength num_songs output_format "
    "output_bit_rate bpm store_audio name",
}

SEED_RULE = "seed is -1 (random) or a positive integer, not 0"
SING_RULE = "lyrics cannot be combined with instrumental: true; leave one of them out"
GAP_RULE = (
    "reference images go without gaps: image_path_2 needs image_path_1, image_path_3 needs image_path_2, and so on"
)
PAIR_RULE = "prompt, tags and lyrics cannot all be given; leave one of them out"
STORE_RULE = (
    "store_audio is sent as true with every request: the answer to false is not documented, "
    "and audio that was paid for might not be reached"
)
RATE_RULE = "output_bit_rate is for mp3 and m4a only; set output_format to one of them, or leave output_bit_rate out"
BPM_RULE = "bpm is a number from 30 to 300, or the word auto"
IMAGE = "https://example.com/a.jpg"

RULES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("pixazo/tracks", {"prompt": "x", "seed": 0}, [SEED_RULE]),
    ("pixazo/tracks", {"prompt": "x", "seed": -1}, []),
    ("pixazo/tracks", {"prompt": "x", "lyrics": "", "instrumental": True}, []),
    ("pixazo/ace-step", {"prompt": "x", "seed": 0}, [SEED_RULE]),
    ("pixazo/ace-step", {"prompt": "x", "guidance_scale": 50.0, "infer_steps": 1000}, []),
    ("pixazo/ace-step-xl", {"prompt": "x", "seed": 0}, [SEED_RULE]),
    ("pixazo/ace-step-xl", {"prompt": "x", "bpm": "fast"}, [BPM_RULE]),
    ("pixazo/ace-step-xl", {"prompt": "x", "bpm": "auto", "key": "auto", "time_signature": "auto"}, []),
    *[
        (model, {"prompt": "x", "key": key}, [])
        for model in ("pixazo/ace-step-xl", "local/sketch")
        for key in ("Am", "C", "c major", "F#m", "Eb", "B♭ minor", "F♯ Major", "G min", "Dmaj")
    ],
    ("pixazo/lyria-2", {"prompt": "x", "seed": 0}, [SEED_RULE]),
    ("pixazo/lyria-3", {"prompt": "x", "images": [IMAGE] * 10}, []),
    ("pixverse/music-2.6", {"prompt": "x", "instrumental": True, "lyrics": "la"}, [SING_RULE]),
    ("pixverse/music-2.6", {"prompt": "x", "instrumental": False, "lyrics": "la"}, []),
    ("pixverse/music-v1", {"prompt": "x", "instrumental": True, "lyrics": "la"}, [SING_RULE]),
    ("pixverse/music-v1", {"prompt": "x", "instrumental": True}, []),
    ("pixverse/lyria-3-pro-preview", {"prompt": "x", "image_path_1": "a", "image_path_2": "b"}, []),
    ("pixverse/lyria-3-pro-preview", {"prompt": "x", "image_path_2": "b"}, [GAP_RULE]),
    ("pixverse/lyria-3-pro-preview", {"prompt": "x", "image_path_1": "a", "image_path_3": "c"}, [GAP_RULE]),
    ("pixverse/lyria-3-pro-preview", {"prompt": "x", **{f"image_path_{n}": "a" for n in range(1, 11)}}, []),
    ("verbatik/text-to-music", {"prompt": "x"}, []),
    ("verbatik/text-to-music", {"prompt": "x", "store_audio": True}, []),
    ("verbatik/text-to-music", {"prompt": "x", "store_audio": False}, [STORE_RULE]),
    ("verbatik/text-to-music", {"prompt": "x", "tags": ["pop"]}, []),
    ("verbatik/text-to-music", {"prompt": "x", "lyrics": "la"}, []),
    ("verbatik/text-to-music", {"prompt": "x", "lyrics": ""}, []),
    ("verbatik/text-to-music", {"tags": ["pop"], "lyrics": "la"}, []),
    ("verbatik/text-to-music", {"lyrics": "la"}, ["lyrics alone are not allowed; add a prompt or tags"]),
    ("verbatik/text-to-music", {"tags": ["pop"]}, ["tags alone are not allowed; add a prompt or lyrics"]),
    ("verbatik/text-to-music", {"prompt": "x", "tags": ["pop"], "lyrics": "la"}, [PAIR_RULE]),
    ("verbatik/text-to-music", {}, ["give a prompt, or tags together with lyrics"]),
    ("verbatik/text-to-music", {"prompt": "x", "seed": 0}, [SEED_RULE]),
    ("verbatik/text-to-music", {"prompt": "x", "bpm": "auto"}, []),
    ("verbatik/text-to-music", {"prompt": "x", "bpm": "fast"}, [BPM_RULE]),
    ("verbatik/text-to-music", {"prompt": "x", "bpm": "auto\n"}, [BPM_RULE]),
    ("verbatik/text-to-music", {"prompt": "x", "output_bit_rate": "192"}, [RATE_RULE]),
    *[
        ("verbatik/text-to-music", {"prompt": "x", "output_bit_rate": "192", "output_format": kind}, faults_)
        for kind, faults_ in {"mp3": [], "m4a": [], "wav": [RATE_RULE], "flac": [RATE_RULE], "ogg": [RATE_RULE]}.items()
    ],
]

REFUSED: list[tuple[str, dict[str, Any]]] = [
    *[(model, {"prompt": blank}) for model in PROMPTED for blank in ("", "  \n", None, 7, ["x"])],
    *[(model, {"prompt": "x", "replyUrl": "https://x.example"}) for model in MODELS],
    *[(model, {"prompt": "x", "model": "music-2.6"}) for model in MODELS],
    *[(model, {"prompt": "x", "store_audio": True}) for model in MODELS if model != "verbatik/text-to-music"],
    *[(model, {}) for model in MODELS],
    ("pixazo/tracks", {"prompt": "x", "bpm": True}),
    ("pixazo/tracks", {"prompt": "x", "bpm": "140"}),
    ("pixazo/tracks", {"prompt": "x", "bpm": 140.5}),
    ("pixazo/tracks", {"prompt": "x", "duration": 10.5}),
    ("pixazo/tracks", {"prompt": "x", "instrumental": "yes"}),
    *[
        ("pixazo/ace-step-xl", {"prompt": "x", "key": key})
        for key in ("H major", "C major\n", "C  major", "C dur", "AM", "A m", "in C", "")
    ],
    *[("pixazo/ace-step-xl", {"prompt": "x", "time_signature": sign}) for sign in ("4", "4/5", "0/4", "4/4\n", "four")],
    ("pixazo/ace-step-xl", {"prompt": "x", "bpm": "120"}),
    ("pixazo/ace-step-xl", {"prompt": "x", "thinking": 1}),
    *[
        ("pixazo/lyria-3", {"prompt": "x", "images": [link]})
        for link in ("a.jpg", "ftp://x/a", "https://", "file:///a", "https://x/a b", "https://x/a\n")
    ],
    ("pixazo/lyria-3-pro", {"prompt": "x", "images": IMAGE}),
    ("pixverse/lyria-3-pro-preview", {"prompt": "x", "lyrics": "la"}),
    ("pixverse/music-2.6", {"prompt": "x", "image_path_1": "a"}),
    *[("pixverse/music-2.6", {"prompt": "x", "email": email}) for email in ("me", "@x", "a@b@c", "a b@c")],
    ("verbatik/text-to-music", {"prompt": "x", "tags": []}),
    ("verbatik/text-to-music", {"prompt": "x", "tags": "pop"}),
    ("verbatik/text-to-music", {"prompt": "x", "output_bit_rate": 192, "output_format": "mp3"}),
    ("local/sketch", {"prompt": "x", "time_signature": "13/16"}),
]


def bounds() -> list[tuple[str, str, Any, bool]]:
    """Generate (model, parameter, value, whether it fits) on both sides of every bound in every shipped schema."""
    found: list[tuple[str, str, Any, bool]] = []
    for model in MODELS:
        for name, rules in CATALOG.models[model].schema["properties"].items():
            step = 1 if rules["type"] == "integer" else 0.001
            for word, sign in (("minimum", -1), ("maximum", 1)):
                if word in rules:
                    found += [(model, name, rules[word], True), (model, name, rules[word] + sign * step, False)]
            if "maxLength" in rules:
                found += [(model, name, "x" * (rules["maxLength"] + extra), not extra) for extra in (0, 1)]
            if "minLength" in rules:
                found += [(model, name, "", False)]
            if "maxItems" in rules:
                found += [
                    (model, name, (INPUTS if name == "inputs" else [IMAGE]) * (rules["maxItems"] + extra), not extra)
                    for extra in (0, 1)
                ]
            found += [(model, name, choice, True) for choice in rules.get("enum", ())]
            found += [(model, name, "no such choice", False)] if "enum" in rules else []
    return found


@pytest.mark.parametrize(("model", "name", "value", "fits"), bounds())
def test_a_bound_is_checked_on_both_sides(model: str, name: str, value: Any, fits: bool) -> None:
    params = {**valid(model), name: value}
    if name == "output_bit_rate":
        params["output_format"] = "mp3"
    if name.startswith("image_path_"):
        params |= {f"image_path_{number}": "upload/a.png" for number in range(1, int(name.rpartition("_")[2]))}
    assert (not faults(model, params)) is fits


@pytest.mark.parametrize(("model", "rules"), OWNER.items())
def test_the_ranges_are_the_documented_ones(model: str, rules: dict[str, Range]) -> None:
    schema = CATALOG.models[model].schema["properties"]
    for name, (low, high) in rules.items():
        words = schema[name]
        assert words.get("minimum", words.get("minLength")) == low, name
        assert words.get("maximum", words.get("maxLength", words.get("maxItems"))) == high, name
    unlisted = {
        name for name, words in schema.items() if {"minimum", "maximum", "maxLength", "maxItems"} & set(words)
    } - set(rules)
    assert not unlisted


def test_every_model_is_in_the_hand_written_tables() -> None:
    assert set(OWNER) == set(PRICES) == set(PARAMETERS) == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_the_parameters_are_the_documented_ones(model: str) -> None:
    assert " ".join(CATALOG.models[model].params) == PARAMETERS[model]


@pytest.mark.parametrize("model", MODELS)
def test_the_price_is_the_documented_one(model: str) -> None:
    usd, price = PRICES[model], CATALOG.models[model].price
    assert price.usd == (None if usd is None else Decimal(usd))
    assert price.source
    assert price.date == "2026-11-21"
    assert price.per == ("minute" if model.startswith("verbatik/") else "request")


@pytest.mark.parametrize(("model", "params", "expected"), RULES)
def test_a_rule_across_fields_says_what_to_do(model: str, params: dict[str, Any], expected: list[str]) -> None:
    assert faults(model, params) == expected


def test_every_rule_across_fields_has_a_sentence_and_a_case() -> None:
    sentences = {
        rule["$comment"]
        for model in MODELS
        for rules in [CATALOG.models[model].schema, *CATALOG.models[model].schema["properties"].values()]
        for rule in rules.get("allOf", ())
    }
    assert sentences == {sentence for _, _, expected in RULES for sentence in expected}


@pytest.mark.parametrize(("model", "params"), REFUSED)
def test_what_no_page_allows_is_refused(model: str, params: dict[str, Any]) -> None:
    assert faults(model, params)


@pytest.mark.parametrize(
    "case", [case for case in cases("call") if "page_example" in case], ids=lambda case: case["id_"]
)
def test_the_pages_own_example_is_valid(case: dict[str, Any]) -> None:
    assert faults(case["model"], case["params"]) == []


def test_every_remote_model_has_a_page_example() -> None:
    shown = {case["model"] for case in cases("call") if "page_example" in case}
    assert shown == {model for model in MODELS if not model.startswith("local/")}


@pytest.mark.parametrize("case", [case for case in cases("call") if "forbidden" in case], ids=lambda case: case["id_"])
def test_an_example_that_breaks_its_own_page_is_refused(case: dict[str, Any]) -> None:
    assert faults(case["model"], case["params"]) == [case["forbidden"]]


@pytest.mark.parametrize("model", MODELS)
def test_every_default_and_example_is_valid(model: str) -> None:
    for name, rules in CATALOG.models[model].schema["properties"].items():
        for value in [*([rules["default"]] if "default" in rules else []), *rules.get("examples", ())]:
            assert Draft7Validator(rules).is_valid(value), (name, value)


def test_the_defaults_of_ace_step_xl_are_those_of_its_page() -> None:
    defaults = {name: param.default for name, param in CATALOG.models["pixazo/ace-step-xl"].params.items()}
    auto = dict.fromkeys(("bpm", "key", "time_signature"), "auto")
    numbers = {"duration": 30, "seed": -1, "batch_size": 1, "thinking": False}
    assert defaults == {"prompt": None, "lyrics": "", **numbers, **auto}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("pixazo/ace-step-xl", "no list of keys"),
        ("pixazo/ace-step-xl", "time signatures"),
        ("pixazo/ace-step-xl", "auto"),
        ("verbatik/text-to-music", "store_audio may be written as true"),
    ],
)
def test_where_a_file_is_narrower_than_its_page_a_note_says_so(model: str, words: str) -> None:
    assert [note for note in CATALOG.models[model].notes if words in note]


@pytest.mark.parametrize("model", MODELS)
def test_the_seed_that_auto_draws_is_valid(model: str) -> None:
    found = CATALOG.models[model]
    if found.seed:
        for seed in (found.seed.minimum, found.seed.maximum):
            assert faults(model, {**valid(model), found.seed.param: seed}) == []


def test_what_a_seed_brings_back_is_what_the_pages_say() -> None:
    similar = {"pixazo/tracks", "pixazo/ace-step", "pixazo/ace-step-xl", "pixazo/lyria-2", "verbatik/text-to-music"}
    seeds = {model: found.seed.reproduces for model, found in CATALOG.models.items() if found.seed}
    assert seeds == {**dict.fromkeys(similar, "similar"), "local/sketch": "exact"}


@pytest.mark.parametrize("model", MODELS)
def test_the_takes_agree_with_their_parameter(model: str) -> None:
    found = CATALOG.models[model]
    if found.takes.param:
        param = found.params[found.takes.param]
        assert (found.takes.default, found.takes.maximum) == (param.default, param.maximum)
    else:
        assert (found.takes.default, found.takes.maximum) == (1, 1)


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("models/")])
def test_every_model_file_fits_its_meta_schema(file: str) -> None:
    Draft7Validator.check_schema(FILES[file])
    assert list(Draft7Validator(META["model.schema.json"]).iter_errors(FILES[file])) == []


def test_a_param_is_flattened_for_people() -> None:
    bpm = CATALOG.models["verbatik/text-to-music"].params["bpm"]
    assert (bpm.types, bpm.default, bpm.minimum, bpm.maximum) == (("number", "string"), "auto", 30, 300)
    kind = CATALOG.models["verbatik/text-to-music"].params["output_format"]
    assert (kind.choices, kind.required) == (("flac", "mp3", "wav", "ogg", "m4a"), False)
    images = CATALOG.models["pixazo/lyria-3"].params["images"]
    assert (images.types, images.max_items) == (("array",), 10)
    prompt = CATALOG.models["pixverse/music-2.6"].params["prompt"]
    assert (prompt.types, prompt.max_length, prompt.required) == (("string",), 2000, True)


def test_nested_branches_of_a_param_are_flattened() -> None:
    data = deepcopy(FILES["models/pixazo/lyria-2.json"])
    data["properties"]["seed"] = {
        "description": "either",
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": ["string", "null"], "enum": ["auto", None]}],
    }
    seed = parse_model("pixazo/lyria-2", data, "f.json").params["seed"]
    assert (seed.types, seed.minimum, seed.choices) == (("integer", "string", "null"), 1, ("auto", None))


# ---------------------------------------------------------------- the whole catalog


def test_the_shipped_files_are_valid_files_of_a_project_too() -> None:
    found = build_catalog({}, own(FILES), META)
    assert {name: replace(item, project_file=None) for name, item in found.providers.items()} == CATALOG.providers
    assert all(item.project_file is not None for item in found.providers.values())
    untrusted = {
        name: replace(model, shipped_price=Price(), is_free=model.runs_here) for name, model in CATALOG.models.items()
    }
    assert found.models == untrusted


def test_a_model_is_free_when_it_runs_here_or_its_shipped_file_says_so() -> None:
    assert {name for name, model in CATALOG.models.items() if model.is_free} == {
        *ON_AUDIO,
        "local/sketch",
        "pixazo/tracks",
    }
    assert all(model.shipped_price == model.price for model in CATALOG.models.values())


@pytest.mark.parametrize("file", ["models/pixazo/lyria-3-pro.json", "models/pixazo/tracks.json"])
def test_no_file_of_a_project_makes_a_model_free(file: str) -> None:
    data = deepcopy(FILES[file])
    data["x-scorefile"]["price"]["usd"] = "0"
    name = file.removeprefix("models/").removesuffix(".json")
    found = build_catalog(FILES, own({file: data}), META).models[name]
    assert (found.price.usd, found.is_free) == (Decimal(0), False)
    assert found.shipped_price == CATALOG.models[name].price


def test_no_provider_file_of_a_project_leads_free_requests_elsewhere() -> None:
    file = "providers/pixazo.json"
    assert not build_catalog(FILES, own({file: FILES[file]}), META).models["pixazo/tracks"].is_free


def test_a_price_of_0_of_a_model_that_is_not_shipped_does_not_make_it_free() -> None:
    data = FILES["models/pixazo/tracks.json"]
    found = build_catalog(FILES, own({"models/pixazo/new.json": data}), META).models["pixazo/new"]
    assert (found.price.usd, found.is_free, found.shipped_price) == (Decimal(0), False, Price())


def test_a_file_of_the_project_wins_over_a_shipped_one() -> None:
    data = {**deepcopy(FILES["models/pixazo/tracks.json"]), "title": "Mine"}
    found = build_catalog(FILES, own({"models/pixazo/tracks.json": data}), META)
    assert found.models["pixazo/tracks"].title == "Mine"
