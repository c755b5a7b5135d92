"""What the emulator made is never taken for what a provider made."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support import locks
from tests.support.emulator import running_emulator
from tests.support.machines import counts, has_music_of, ids, lock_of, made, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project import Project

PAID = "pixazo/lyria-3-pro"
EMULATOR_HEADER = "scorefile-emulator"
"""The header, in lower case, by which an answer of the emulator says what it is."""


@pytest.fixture(scope="module")
def emulator_url() -> Iterator[str]:
    with running_emulator(plain=False) as running:
        yield running.url


def test_attack_16_every_answer_of_the_emulator_says_what_it_is(emulator_url: str) -> None:
    body = {"prompt": "low brass", "duration": 10}
    answer = httpx.post(
        f"{emulator_url}/tracks/v1/generate",
        headers={"Ocp-Apim-Subscription-Key": "any"},
        json=body,
        trust_env=False,
    )
    assert any(EMULATOR_HEADER in name.lower() for name in answer.headers), dict(answer.headers)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("store", [True, False], ids=["with a store", "without a store"])
def test_attack_16_music_of_the_emulator_is_never_taken_for_the_providers(
    project: Project, emulator_url: str, store: bool
) -> None:
    project.settings = {"defaults": {"model": PAID}}
    write(project, {"a": "p1"})
    project.env["SCOREFILE_PIXAZO_BASE_URL"] = emulator_url
    done = project.run()
    del project.env["SCOREFILE_PIXAZO_BASE_URL"]
    assert done.code != 0 or "emulator" in (done.out + done.err + lock_of(project)), done
    if not store:
        shutil.rmtree(project.folder / ".scorefile", ignore_errors=True)
    made(project)
    assert counts(project, "p1") == [1], "the provider was asked"
    assert has_music_of(project, "a", "p1")
    assert ids(project) <= locks.receipts(lock_of(project))
    assert json.loads(lock_of(project)).get("rehearsal") is not True
