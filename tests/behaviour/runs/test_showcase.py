"""The main job, end to end: a pipeline becomes locked audio, and a second run sends no request."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.command import KEYS, scorefile, vendors_at
from tests.support.long import sampled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator import RunningEmulator

JOBS = 13
MODELS = 11


@pytest.mark.sampled
def test_a_rehearsal_makes_everything_without_a_key(showcase: Path) -> None:
    shorten(showcase / "showcase.yaml", sampled(8, 20))
    made = scorefile("run", "--rehearse", "-q", "showcase.yaml", cwd=showcase)
    assert made.code == 0, made
    assert "13 made" in made.out
    assert "rehearsal: placeholder audio, nothing spent" in made.out
    assert made.err == ""
    root = showcase / "scorefile-rehearsal" / "showcase"
    lock = json.loads((showcase / ".scorefile" / "rehearsal" / "showcase" / "showcase.lock").read_text())
    assert lock["rehearsal"] is True
    assert len(lock["jobs"]) == JOBS
    made_as = {job: block["submissions"][0] for job, block in lock["jobs"].items()}
    assert len({item["model"] for item in made_as.values()}) == MODELS
    assert not (showcase / "showcase.lock").exists()
    assert not (showcase / "audio").exists()
    for item in made_as.values():
        assert (root / item["output"]["path"]).stat().st_size > 10_000
    assert [len(made_as[job]["takes"]) for job in ("title", "radio", "sketch")] == [3, 2, 1]
    assert made_as["title"]["output"]["sha256"] == made_as["title"]["takes"][1]["sha256"]

    again = scorefile("run", "--rehearse", "-q", "showcase.yaml", cwd=showcase)
    assert (again.code, again.out) == (0, "nothing to do: 13 jobs up to date\n")
    checked = scorefile("verify", "--rehearse", "showcase.yaml", cwd=showcase)
    assert (checked.code, checked.out) == (0, "13 outputs match the lock\n")
    real = scorefile("status", "showcase.yaml", cwd=showcase)
    assert (real.code, real.out.count("  not made")) == (0, 13), "a rehearsal is never taken for real results"
    assert real.out.endswith("13 jobs, 13 not made\n")


def test_a_rehearsal_lock_is_refused_as_a_real_one(showcase: Path) -> None:
    scorefile("run", "--rehearse", "-q", "showcase.yaml", "sketch", cwd=showcase)
    shutil.copy(showcase / ".scorefile/rehearsal/showcase/showcase.lock", showcase / "showcase.lock")
    refused = scorefile("plan", "showcase.yaml", cwd=showcase)
    assert refused.code == 3
    assert "showcase.lock is a lock of a rehearsal" in refused.err


@pytest.mark.parametrize("name", ["game.yaml", "one-prompt.yaml", "album.yaml"])
def test_every_example_validates_and_plans(showcase: Path, name: str) -> None:
    valid = scorefile("validate", name, cwd=showcase)
    assert (valid.code, valid.out.startswith("valid: ")) == (0, True), valid
    assert scorefile("plan", name, cwd=showcase).code == 0


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["game.yaml", "one-prompt.yaml", "album.yaml"])
def test_every_example_runs_in_rehearsal(showcase: Path, name: str) -> None:
    shorten(showcase / name, 8)
    made = scorefile("run", "--rehearse", "-q", name, cwd=showcase)
    assert made.code == 0, made


def shorten(file: Path, seconds: int) -> None:
    """Let every job of a pipeline last so long."""
    file.write_text(re.sub(r"duration: \d+", f"duration: {seconds}", file.read_text()))


def test_a_story_of_real_runs(night: Path, emulator: RunningEmulator) -> None:
    env = vendors_at(emulator.url)

    def run(*words: str) -> dict[str, str]:
        done = scorefile("run", "--yes", "-q", "--format", "json", *words, cwd=night, env=env)
        assert done.code == 0, done
        assert done.json["format_version"] == 1
        return {job["job"]: job["result"] for job in done.json["jobs"]}

    def submits() -> int:
        return len(emulator.ledger()["submits"])

    before = submits()
    assert set(run().values()) == {"made"}
    assert submits() == before + 4
    lock = (night / "scorefile.lock").read_bytes()
    assert not any(key.encode() in lock for key in KEYS.values())

    asked = emulator.ledger()
    assert set(run().values()) == {"reused"}
    assert emulator.ledger() == asked, "a second run sends no request"
    assert (night / "scorefile.lock").read_bytes() == lock, "and changes nothing in the lock"
    assert scorefile("verify", cwd=night).code == 0

    file = night / "scorefile.yaml"
    file.write_text(file.read_text().replace("prompt: low brass", "prompt: high flutes"))
    todo = scorefile("plan", cwd=night)
    assert '    prompt: "low brass" → "high flutes"  (scorefile.yaml:8:19)' in todo.out
    assert "1 to make again, 3 up to date" in todo.out
    assert run() == {"title": "made", "battle@calm": "reused", "battle@hot": "reused", "shop": "reused"}
    assert submits() == before + 5

    file.write_text(file.read_text().replace("prompt: high flutes", "prompt: low brass"))
    assert run()["title"] == "restored", "a reverted prompt comes from the store"
    assert scorefile("verify", cwd=night).code == 0

    file.write_text(file.read_text().replace("  title: {", "  opening: {").replace("  battle:", "  fight:"))
    assert set(run().values()) == {"restored", "reused"}
    assert submits() == before + 5, "renamed jobs are not paid again"
    assert sorted(json.loads((night / "scorefile.lock").read_text())["jobs"]) == [
        "fight@calm",
        "fight@hot",
        "opening",
        "shop",
        "title",
    ], "what was paid for high flutes stays under the name that it had"
    assert (night / "audio" / "opening.wav").exists()
    assert not (night / "audio" / "title.wav").exists()

    file.write_text(file.read_text().replace('"audio/{{ job.id }}"', '"music/{{ job.id }}"'))
    assert set(run().values()) == {"restored"}
    shutil.rmtree(night / "music")
    assert scorefile("verify", cwd=night).code == 4
    assert set(run().values()) == {"restored"}
    assert submits() == before + 5
    assert emulator.ledger()["keys_on_media"] == 0

    (night / "music" / "shop.wav").write_bytes(b"my own recording")
    blocked = scorefile("run", "--yes", "-q", cwd=night, env=env)
    assert blocked.code == 5
    assert "music/shop.wav was edited since it was made" in blocked.out
    assert (night / "music" / "shop.wav").read_bytes() == b"my own recording"


def test_a_lost_lock_costs_nothing(night: Path, emulator: RunningEmulator) -> None:
    env = vendors_at(emulator.url)
    assert scorefile("run", "--yes", "-q", cwd=night, env=env).code == 0
    asked = emulator.ledger()
    (night / "scorefile.lock").unlink()
    assert scorefile("run", "--yes", "-q", cwd=night, env=env).code == 0
    assert emulator.ledger() == asked
    assert scorefile("verify", cwd=night).code == 0


def test_a_random_seed_is_drawn_once(night: Path, emulator: RunningEmulator) -> None:
    env = vendors_at(emulator.url)
    (night / "scorefile.yaml").write_text(
        "version: 1\njobs:\n  dice: {model: pixazo/tracks, prompt: x, output: d, params: {duration: 4, seed: random}}\n"
    )
    assert scorefile("run", "-q", cwd=night, env=env).code == 0
    lock = (night / "scorefile.lock").read_bytes()
    asked = emulator.ledger()
    assert scorefile("run", "-q", cwd=night, env=env).code == 0
    assert emulator.ledger() == asked
    assert (night / "scorefile.lock").read_bytes() == lock
    assert asked["submits"][-1]["body"]["seed"] == json.loads(lock)["jobs"]["dice"]["submissions"][0]["request"]["seed"]
