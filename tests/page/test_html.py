"""The page as one text: nothing from outside becomes markup, and nothing but its own script and style is let in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from msgspec.structs import asdict

from runner.commands.report import page_assets
from runner.page.build import total
from runner.page.data import PageData, PageJob, PageTake, as_json
from runner.page.html import MARK, data_text, joined, page
from tests.support.heard import HOSTILE, page_data, page_job, page_take

ASSETS = page_assets()


def test_what_comes_from_outside_stays_inside_the_data() -> None:
    data = page_data(*(page_job(id=f"job{number}", why=text) for number, text in enumerate(HOSTILE)), title=HOSTILE[0])
    text = page(ASSETS, as_json(data), title=HOSTILE[0])
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert block is not None
    assert [job["why"] for job in json.loads(block[1])["jobs"]] == list(HOSTILE)
    rest = text.replace(block[1], "")
    assert HOSTILE[0] not in rest
    assert len(re.findall("<script", text)) == 2
    assert "\u2028" not in block[1]


def test_a_lone_surrogate_does_not_stop_the_page() -> None:
    assert json.loads(data_text({"a": "x\ud800y"})) == {"a": "x?y"}


def test_the_policy_allows_this_script_and_this_style_and_nothing_else() -> None:
    text = page(ASSETS, as_json(page_data()), title="t")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    script, style = (
        re.search(r'<script type="module">(.*?)</script>', text, re.DOTALL),
        re.search(r"<style>(.*?)</style>", text, re.DOTALL),
    )
    assert policy is not None
    assert script is not None
    assert style is not None
    digests = [base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode() for found in (script, style)]
    assert policy[1] == (
        f"default-src 'none'; script-src 'sha256-{digests[0]}'; style-src 'sha256-{digests[1]}'; img-src data:; "
        "media-src 'self' data:; base-uri 'none'; form-action 'none'"
    )
    assert text.index(MARK) < 1024


def test_no_module_parses_markup_or_runs_text() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|DOMParser|createContextualFragment|\beval\(|new Function|setTimeout\([\"']|fetch\(|XMLHttp|WebSocket"
    found = [(name, match[0]) for name, text in ASSETS.items() for match in re.finditer(forbidden, text)]
    assert found == [("store.js", "fetch(")], "one module speaks to a server, where there is one"


def test_modules_are_small_enough_to_read() -> None:
    lines = {name: text.count("\n") for name, text in ASSETS.items() if name.endswith(".js")}
    assert {name: count for name, count in lines.items() if count > 250} == {}
    assert max(len(line) for name, text in ASSETS.items() if name.endswith(".js") for line in text.splitlines()) <= 150


@pytest.mark.parametrize(
    "other", ["export function el() {}\n", 'const text = "</script>";\n', "// <!-- \n"], ids=["name", "end", "comment"]
)
def test_modules_that_cannot_be_joined_are_refused(other: str) -> None:
    app = 'import { el } from "./dom.js";\nimport { it } from "./it.js";\n'
    with pytest.raises(ValueError, match="the modules of the page cannot be joined"):
        joined({"app.js": app, "dom.js": "export function el() {}\n", "it.js": other})


def test_a_module_is_behind_those_that_it_imports() -> None:
    text = joined(ASSETS)
    assert not re.search(r"^(import|export) ", text, re.MULTILINE)
    assert text.index("function el(") < text.index("function takeRow(") < text.index("function cardBody(")


def test_every_module_and_every_name_that_is_imported_is_there() -> None:
    for name, text in ASSETS.items():
        for names, module in re.findall(r'^import \{([^}]*)\} from "\./([a-z-]+\.js)";$', text, re.MULTILINE):
            for wanted in re.findall(r"\w+", names):
                assert re.search(
                    rf"^export (async function|function|class|const|let) {wanted}\b", ASSETS[module], re.MULTILINE
                ), (name, wanted)
                assert len(re.findall(rf"\b{wanted}\b", text)) > 1, f"{name} does not use {wanted}"


def test_the_data_leave_out_what_says_nothing() -> None:
    job: Any = as_json(page_job(takes=(page_take(number=2, seed=0),)))
    (take,) = job["takes"]
    assert take["seed"] == 0
    assert {"problem", "is_picked", "approvals"} & take.keys() == set()
    everything = {name for record in (PageData, PageJob, PageTake) for name in record.__struct_fields__}
    assert take.keys() <= everything


def test_a_price_is_of_a_submission_and_an_unknown_one_is_not_nothing() -> None:
    paid = tuple(page_take(number=number, attempt="a1", price_usd="0.10") for number in (1, 2))
    found = total("all", [page_job(takes=(*paid, page_take(attempt="a2"), page_take(attempt="a3", is_free=True)))])
    assert asdict(found) == {
        "name": "all", "jobs": 1, "takes": 4, "seconds": 8.0, "known_usd": "0.10", "unknown_prices": 1,
    }  # fmt: skip
