"""What the flags of `run` and `plan` promise."""

from __future__ import annotations

import json
import shutil
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.behaviour.conftest import files
from tests.support.command import scorefile, vendors_at
from tests.support.recorder import Recorder, Says, Seen, recording

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator import RunningEmulator

QUEUED = {"request_id": "x_1", "status": "QUEUED"}


def test_money_is_not_spent_without_a_yes_off_a_terminal(night: Path, vendor: Recorder) -> None:
    done = scorefile("run", "-q", cwd=night, env=vendors_at(vendor.url))
    assert done.code == 6
    assert "this run would spend money, and there is no terminal to ask on" in done.err
    assert "help: add --yes" in done.err
    assert vendor.seen == []
    assert files(night) == []


def test_free_jobs_need_no_yes(night: Path, emulator: RunningEmulator) -> None:
    done = scorefile("run", "-q", "title", cwd=night, env=vendors_at(emulator.url))
    assert done.code == 0, done


def test_a_budget_is_held_against_the_worst_case(night: Path, vendor: Recorder) -> None:
    done = scorefile("run", "--yes", "--max-cost", "0.05", cwd=night, env=vendors_at(vendor.url))
    assert done.code == 6
    assert "this run may cost $0.06, which is over the budget of $0.05" in done.err
    assert vendor.seen == []


def test_a_budget_refuses_an_unknown_price(tmp_path: Path, vendor: Recorder) -> None:
    text = "version: 1\nbudget: {usd: 5}\njobs:\n  a: {model: pixazo/ace-step, prompt: x, output: a}\n"
    (tmp_path / "scorefile.yaml").write_text(text)
    done = scorefile("run", "--yes", cwd=tmp_path, env=vendors_at(vendor.url))
    assert done.code == 6
    assert "cannot enforce the budget of $5.00: the price of a is unknown" in done.err
    assert vendor.seen == []


def test_locked_refuses_a_change_and_sends_nothing(night: Path, emulator: RunningEmulator) -> None:
    env = vendors_at(emulator.url)
    refused = scorefile("run", "--locked", "--yes", "-q", cwd=night, env=env)
    assert refused.code == 4
    assert "the lock is out of date for title" in refused.err
    assert "help: title: not made yet; " in refused.err
    assert scorefile("run", "--yes", "-q", cwd=night, env=env).code == 0
    assert scorefile("run", "--locked", "-q", cwd=night, env=env).code == 0


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (("--target", "battle@*"), {"battle@calm", "battle@hot"}),
        (("--target", "b*", "--target", "shop"), {"battle@calm", "battle@hot", "shop"}),
        (("--label", "menu"), {"title", "shop"}),
        (("--label", "combat", "--target", "*hot"), {"battle@hot"}),
        (("battle",), {"battle@calm", "battle@hot"}),
        (("battle@calm", "shop"), {"battle@calm", "shop"}),
        (("--failed",), {"title", "battle@calm", "battle@hot", "shop"}),
    ],
)
def test_a_choice_plans_just_what_it_names(night: Path, words: tuple[str, ...], made: set[str]) -> None:
    done = scorefile("plan", "--format", "json", *words, cwd=night)
    assert done.code == 0, done
    assert {action["job"] for action in done.json["actions"]} == made


def test_shards_cover_everything_once(night: Path) -> None:
    parts = [
        {
            action["job"]
            for action in scorefile("plan", "--format", "json", "--shard", f"{part}/3", cwd=night).json["actions"]
        }
        for part in (1, 2, 3)
    ]
    assert sorted(job for part in parts for job in part) == ["battle@calm", "battle@hot", "shop", "title"]


def test_failed_leaves_what_is_made_alone(night: Path, emulator: RunningEmulator) -> None:
    env = vendors_at(emulator.url)
    assert scorefile("run", "-q", "title", cwd=night, env=env).code == 0
    todo = scorefile("plan", "--failed", "--format", "json", cwd=night).json["actions"]
    assert {action["job"] for action in todo} == {"battle@calm", "battle@hot", "shop"}


def test_needs_come_along(showcase: Path) -> None:
    todo = scorefile("plan", "showcase.yaml", "battle@ash-hot", "--format", "json", cwd=showcase).json["actions"]
    assert [action["job"] for action in todo] == ["title", "battle@ash-hot"]


def test_fail_fast_submits_nothing_after_a_failure(night: Path, vendor: Recorder) -> None:
    vendor.say("*", Says.of(400, {"message": "no"}))
    all_ = scorefile("run", "--yes", "-q", "-j", "1", cwd=night, env=vendors_at(vendor.url))
    assert (all_.code, len(vendor.seen)) == (5, 4)
    vendor.seen.clear()
    fast = scorefile("run", "--yes", "-q", "-j", "1", "--fail-fast", cwd=night, env=vendors_at(vendor.url))
    assert (fast.code, len(vendor.seen)) == (5, 1), fast
    assert "not submitted: another job failed (--fail-fast)" in fast.out


class Crowded(Recorder):
    """Counts how many submits are inside at once."""

    inside = 0
    most = 0
    guard = threading.Lock()

    def answer(self, seen: Seen) -> Says:
        with self.guard:
            Crowded.inside += 1
            Crowded.most = max(Crowded.most, Crowded.inside)
        time.sleep(0.1)
        with self.guard:
            Crowded.inside -= 1
        return Says.of(400, {"message": "no"})


@pytest.mark.parametrize(("jobs", "least", "most"), [("1", 1, 1), ("3", 2, 3)])
def test_so_many_jobs_are_under_way_as_were_asked(
    night: Path, jobs: str, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    Crowded.most = 0
    monkeypatch.setattr("tests.support.recorder.Recorder", Crowded)
    with recording() as vendor:
        scorefile("run", "--yes", "-q", "-j", jobs, cwd=night, env=vendors_at(vendor.url))
    assert least <= Crowded.most <= most


def test_a_dry_run_sends_and_writes_nothing(night: Path, vendor: Recorder) -> None:
    done = scorefile("run", "-n", cwd=night, env=vendors_at(vendor.url))
    assert done.code == 0
    assert "+ title        pixazo/tracks   $0.00                      not made yet" in done.out
    assert "4 to make; 4 new takes; $0.06" in done.out
    assert vendor.seen == []
    assert not (night / ".scorefile").exists()


def test_a_plan_says_by_its_exit_code_whether_anything_changes(night: Path, emulator: RunningEmulator) -> None:
    assert scorefile("plan", "--detailed-exitcode", cwd=night).code == 2
    scorefile("run", "--yes", "-q", cwd=night, env=vendors_at(emulator.url))
    assert scorefile("plan", "--detailed-exitcode", cwd=night).code == 0
    (night / "scorefile.yaml").write_text("version: 2\n")
    assert scorefile("plan", "--detailed-exitcode", cwd=night).code == 1


def test_a_locked_plan_asks_for_the_lock_alone(night: Path, emulator: RunningEmulator) -> None:
    assert scorefile("plan", "--locked", cwd=night).code == 4
    scorefile("run", "--yes", "-q", cwd=night, env=vendors_at(emulator.url))
    shutil.rmtree(night / "audio")
    shutil.rmtree(night / ".scorefile")
    assert scorefile("plan", "--locked", cwd=night).code == 0
    text = (night / "scorefile.yaml").read_text()
    (night / "scorefile.yaml").write_text(text.replace("prompt: ", "prompt: Now ", 1))
    done = scorefile("plan", "--locked", cwd=night)
    assert done.code == 4, done


def test_options_are_taken_from_the_environment(night: Path, vendor: Recorder) -> None:
    env = {"SCOREFILE_FORMAT": "json", "SCOREFILE_TARGET": "title", "SCOREFILE_DRY_RUN": "1"}
    done = scorefile("run", cwd=night, env=env)
    assert [action["job"] for action in done.json["actions"]] == ["title"]
    env = {"SCOREFILE_YES": "1", "SCOREFILE_QUIET": "1", "SCOREFILE_MAX_COST": "0.01", **vendors_at(vendor.url)}
    assert scorefile("run", cwd=night, env=env).code == 6


def test_a_variable_and_a_profile_change_what_is_asked(showcase: Path) -> None:
    draft = scorefile("plan", "game.yaml", "--profile", "draft", "--format", "json", cwd=showcase).json
    assert {action["model"] for action in draft["actions"]} == {"local/sketch"}
    assert draft["worst_usd"] == "0"
    shown = scorefile("render", "game.yaml", "theme", "--var", "game=Nightfall", cwd=showcase)
    assert "Main theme of Nightfall" in shown.out


def test_force_makes_one_job_anew(night: Path, emulator: RunningEmulator) -> None:
    env = vendors_at(emulator.url)
    assert scorefile("run", "-q", "title", cwd=night, env=env).code == 0
    done = scorefile("run", "-q", "--force", "title", "--format", "json", cwd=night, env=env)
    assert [job["result"] for job in done.json["jobs"]] == ["made"]


def test_offline_composes_here_and_asks_nobody(tmp_path: Path, vendor: Recorder) -> None:
    text = (
        "version: 1\ndefaults: {output: '{{ job.id }}'}\njobs:\n"
        "  here: {model: local/sketch, prompt: calm, params: {duration: 2}}\n  far: {model: pixazo/tracks, prompt: x}\n"
    )
    (tmp_path / "scorefile.yaml").write_text(text)
    done = scorefile("run", "--offline", "-q", "--format", "json", cwd=tmp_path, env=vendors_at(vendor.url))
    results = {job["job"]: job["result"] for job in done.json["jobs"]} if done.out else {}
    assert results == {"here": "made", "far": "failed"}, done
    assert done.json["spent_usd"] == "0", "nothing was sent"
    assert vendor.seen == []


def test_the_results_are_the_same_object_in_text_and_json(night: Path, emulator: RunningEmulator) -> None:
    done = scorefile("run", "--yes", "--format", "json", cwd=night, env=vendors_at(emulator.url))
    assert done.json["exit_code"] == done.code == 0
    assert done.json["spent_usd"] == "0.06"
    blocks = json.loads((night / "scorefile.lock").read_text())["jobs"]
    made = {job: block["submissions"][0] for job, block in blocks.items()}
    for item in made.values():
        del item["sum"]  # the lock's own checksum of the submission
    assert {job["job"]: job["entry"] for job in done.json["jobs"]} == made


def test_a_length_without_an_end_is_told_from_a_price_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\nbudget: {usd: 5}\nprices: {verbatik/text-to-music: {per_minute: 0.1}}\n"
        "jobs: {v: {model: verbatik/text-to-music, prompt: slow}}\n"
    )
    done = scorefile("run", "--yes", cwd=tmp_path, env=vendors_at("http://127.0.0.1:9"))
    assert done.code == 6
    assert "cannot enforce the budget of $5.00: v has no maximum length" in done.err
    assert "{per_minute: 0.1, max_minutes: 5}" in done.err


def test_rehearsals_one_after_the_other_repeat_no_id(tmp_path: Path) -> None:
    jobs = ["a: {prompt: slow}", "b: {prompt: fast}"]
    for count in (1, 2):
        lines = "\n  ".join(jobs[:count])
        (tmp_path / "scorefile.yaml").write_text(
            f"version: 1\ndefaults: {{model: pixverse/music-2.6}}\njobs:\n  {lines}\n"
        )
        done = scorefile("run", "--rehearse", cwd=tmp_path)
        assert done.code == 0, done
