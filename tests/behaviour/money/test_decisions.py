"""What a person decides goes where it was meant to go: which doubt, whose id, which job is cancelled."""

from __future__ import annotations

import json
import re
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from runner.records.submission import Phase
from runner.state.journal import read_events
from runner.state.submissions import fold
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.records.submission import Submission
    from tests.support.project import Project
    from tests.torture.forks import Done

Answer: TypeAlias = "tuple[int, Any]"
"""Status, and JSON or raw bytes."""
PAID_SILENT = "submit=paid:500"
HIDES_IDS = "pixverse/music-2.6"
OLD: dict[str, Any] = {"limits": {"missing_is_lost_after_s": -1.0}}
"""A vendor that does not know an id is believed at once."""


@dataclass
class Vendor:
    """A vendor of one function: (method, path, how many came before) → answer."""

    url: str
    heard: list[tuple[str, str]] = field(default_factory=list)
    begun: bool = False
    """Whether the first run is over, however often it polled."""

    def count(self, method: str) -> int:
        """Return how many requests of this method came."""
        return sum(item[0] == method for item in self.heard)


@contextmanager
def vendor_that(answer: Callable[[Vendor, str, str], Answer]) -> Iterator[Vendor]:
    """Run a vendor on loopback."""

    class Speaking(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            vendor.heard.append((self.command, self.path))
            status, said = answer(vendor, self.command, self.path)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response_only(status)
            self.send_header("Content-Type", "audio/wav" if data[:4] == b"RIFF" else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Speaking)
    vendor = Vendor(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def submissions(project: Project) -> list[Submission]:
    return list(fold(read_events(project.folder / ".scorefile/pipelines/trial/journal.db")).values())


def name_of(item: Submission) -> str:
    """Return the name under which one submission is decided."""
    return f"{item.job}~{item.short_attempt}"


def lock_of(project: Project) -> Any:
    return json.loads((project.folder / "trial.lock").read_text())["jobs"]


def receipt_of(project: Project, job: str) -> Any:
    """Return the receipt of the job's current submission."""
    return lock_of(project)[job]["submissions"][0]["receipt"]


def forget(project: Project) -> None:
    """Leave what a fresh checkout has."""
    shutil.rmtree(project.folder / ".scorefile")


# ---------------------------------------------------------------- several doubts of one job


def two_doubts(project: Project) -> tuple[Submission, Submission]:
    """Leave two doubts of the job `a`, of an old prompt and of a new one."""
    for prompt in ("old", "new"):
        project.write_jobs({"a": {"prompt": project.prompt(prompt, PAID_SILENT)}})
        assert project.run().code == 8
    old, new = submissions(project)
    return old, new


@pytest.mark.sampled(3)
@pytest.mark.parametrize("decision", [["--id", "tracks_1"], ["--not-charged"], ["--resubmit"]])
def test_a_decision_that_could_mean_two_doubts_is_refused_and_names_the_commands(
    project: Project, decision: list[str]
) -> None:
    both = two_doubts(project)
    done = project.run("resolve", "a", *decision)
    assert done.code == 2, done
    for item in both:
        said = "--id ID" if decision[0] == "--id" else decision[0]
        assert f"scorefile resolve trial.yaml {name_of(item)} {said}" in done.err
    assert [item.phase for item in submissions(project)] == [Phase.UNKNOWN, Phase.UNKNOWN]


def test_doubts_are_shown_with_their_names_and_with_what_tells_them_apart(project: Project) -> None:
    old, new = two_doubts(project)
    shown = project.run("resolve", "a").out
    for item in (old, new):
        assert f"{name_of(item)}  pixazo/lyria-3-pro  submitted {item.submitted_at or item.planned_at}" in shown
        assert f"prompt: {item.params['prompt']}" in shown
        assert f"scorefile resolve trial.yaml {name_of(item)} --not-charged" in shown
    assert shown.index(str(old.params["prompt"])) < shown.index(name_of(new))


def test_a_named_doubt_is_decided_and_the_other_stays(project: Project) -> None:
    old, new = two_doubts(project)
    (charge,) = project.charges("new")
    assert project.run("resolve", name_of(new), "--id", charge["id"]).code == 0
    assert [item.phase for item in submissions(project)] == [Phase.UNKNOWN, Phase.ACCEPTED]
    assert project.run("resolve", "a", "--not-charged").code == 0, "one is left, so its job's name will do"
    assert [item.phase for item in submissions(project)] == [Phase.REJECTED, Phase.ACCEPTED]
    assert project.run().code == 0
    assert project.audio("a") == song(charge["id"])
    assert len(project.submits()) == 2
    assert old.attempt != new.attempt


def test_a_name_that_no_doubt_has_lists_those_that_do(project: Project) -> None:
    old, new = two_doubts(project)
    done = project.run("resolve", "a~zzzzzz", "--not-charged")
    assert done.code == 2
    assert f"these have one: {name_of(old)}, {name_of(new)}" in done.err


def test_several_unfinished_submits_of_a_job_are_told_apart_by_the_status(project: Project) -> None:
    both = two_doubts(project)
    shown = project.run("status").out
    assert all(f"~{item.short_attempt} unknown since" in shown for item in both)
    data = json.loads(project.run("status", "--format", "json").out)
    assert [item["attempt"] for item in data["jobs"][0]["unfinished"]] == [item.short_attempt for item in both]


def test_the_log_of_one_submit_can_be_had_by_its_name(project: Project) -> None:
    old, _ = two_doubts(project)
    rows = json.loads(project.run("log", name_of(old), "--format", "json").out)["events"]
    assert {row["attempt"] for row in rows} == {old.attempt}


# ---------------------------------------------------------------- one holder for each id


@pytest.mark.sampled(2)
@pytest.mark.parametrize("model", ["pixazo/lyria-3-pro", HIDES_IDS])
def test_an_id_that_only_the_lock_knows_cannot_be_given_to_another_job(project: Project, model: str) -> None:
    project.use_schemas(model={"x-scorefile": {"media_types": ["audio/wav"]}}, name=HIDES_IDS)
    project.write_jobs({"a": {"model": model, "prompt": project.prompt("a")}})
    assert project.run().code == 0
    forget(project)
    jobs = {name: {"model": model, "prompt": project.prompt(name, PAID_SILENT * (name == "b"))} for name in "ab"}
    project.write_jobs(jobs)
    assert project.run().code == 8
    done = project.run("resolve", "b", "--id", project.charges("a")[0]["id"])
    assert done.code == 2, done
    assert "is the receipt of another submission already" in done.err
    assert project.run().code == 8


@pytest.mark.sampled(2)
@pytest.mark.parametrize("model", [HIDES_IDS, "pixazo/lyria-3-pro"])
def test_an_id_of_a_pending_receipt_of_the_lock_cannot_be_given_to_another_job(project: Project, model: str) -> None:
    waiting = {"model": model, "prompt": project.prompt("a", "poll=word:QUEUED"), "timeout_s": 0.05}
    project.write_jobs({"a": waiting})
    assert project.run().code == 5
    forget(project)
    project.write_jobs({"a": waiting, "b": {"model": model, "prompt": project.prompt("b", PAID_SILENT)}})
    assert project.run("run", "--yes", "b").code == 8
    done = project.run("resolve", "b", "--id", project.charges("a")[0]["id"])
    assert (done.code, "is the receipt of another submission already" in done.err) == (2, True), done


def test_a_submit_that_is_answered_with_an_id_of_the_lock_is_in_doubt(project: Project) -> None:
    project.write({"a": "submit=paid:repeated"})
    assert project.run().code == 0
    forget(project)
    project.write({"a": "submit=paid:repeated", "b": "submit=paid:repeated"})
    done = project.run()
    assert done.code == 8, done
    assert "answered with the id of another job" in done.out
    assert [item.phase for item in submissions(project)] == [Phase.DONE, Phase.UNKNOWN]


def test_two_vendors_may_use_the_same_id(project: Project) -> None:
    project.use_schemas(model={"x-scorefile": {"media_types": ["audio/wav"]}}, name=HIDES_IDS)

    def speak(vendor: Vendor, method: str, path: str) -> Answer:
        if path.endswith(".wav"):
            return 200, song(path)
        state = {"request_id": "1001", "audio_id": "1001", "status": "COMPLETED", "audio_status_name": "COMPLETED"}
        link = f"{vendor.url}/{'b' if 'pixverse' in path else 'a'}.wav"
        if method == "POST":
            return (200 if "pixverse" in path else 202), {"request_id": "1001", "audio_id": "1001", "status": "QUEUED"}
        return 200, state | {"audio_status_final": True, "url": link} | {
            "output": {"media_url": [link], "media_type": "audio/wav"}
        }

    with vendor_that(speak) as vendor:
        project.env |= {f"SCOREFILE_{name}_BASE_URL": vendor.url for name in ("PIXAZO", "PIXVERSE")}
        jobs: dict[str, Any] = {"a": {"prompt": "x"}, "b": {"prompt": "y", "model": HIDES_IDS}}
        project.write_jobs(jobs)
        assert project.run().code == 0
        forget(project)
        project.write_jobs(jobs | {"c": {"prompt": "z", "model": "pixazo/lyria-3-pro"}})
        assert project.run().code == 8, "the same vendor may not"


# ---------------------------------------------------------------- renamed, mistaken, and not to be fetched


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ["title", "intro"])
def test_a_doubt_of_a_renamed_job_is_found_by_either_name(project: Project, name: str) -> None:
    prompt = project.prompt("a", PAID_SILENT)
    project.write_jobs({"title": {"prompt": prompt}})
    assert project.run().code == 8
    project.write_jobs({"intro": {"prompt": prompt}})
    shown = project.run("resolve", name).out
    assert "scorefile resolve trial.yaml title --id ID" in shown
    (charge,) = project.charges("a")
    done = project.run("resolve", name, "--id", charge["id"])
    assert done.code == 0, done
    assert project.run().code == 0
    assert project.audio("intro") == song(charge["id"])
    assert len(project.submits()) == 1


def test_a_wrong_id_can_be_replaced_as_often_as_it_was_told(project: Project) -> None:
    project.write({"a": PAID_SILENT, "b": PAID_SILENT})
    assert project.run().code == 8
    (mine,), (other,) = project.charges("a"), project.charges("b")
    for wrong in ("tracks_mistyped", other["id"]):
        assert project.run("resolve", "a", "--id", wrong).code == 0
        assert receipt_of(project, "a")["request_id"] == wrong
    assert project.run("resolve", "b", "--id", other["id"]).code == 2, "it is a's as long as nobody mends that"
    assert project.run("resolve", "a", "--id", "tracks_mistyped").code == 0
    assert project.run("run", "--yes", "a", **OLD).code == 5
    assert project.run("resolve", "a", "--id", mine["id"]).code == 0
    assert project.run("resolve", "b", "--id", other["id"]).code == 0
    assert project.run().code == 0
    assert (project.audio("a"), project.audio("b")) == (song(mine["id"]), song(other["id"]))
    assert project.run("resolve", "a", "--id", "tracks_late").code == 0
    assert project.run("resolve", "a", "--id", mine["id"]).code == 0
    assert project.run().code == 0
    assert project.audio("a") == song(mine["id"])
    assert len(project.submits()) == 2


def test_a_wrong_id_whose_job_failed_can_be_replaced_too(project: Project) -> None:
    project.write({"a": PAID_SILENT, "b": PAID_SILENT + " poll=word:FAILED"})
    assert project.run().code == 8
    (mine,), (other,) = project.charges("a"), project.charges("b")
    assert project.run("resolve", "a", "--id", other["id"]).code == 0
    assert project.run("run", "--yes", "a").code == 5
    assert [item.phase for item in submissions(project)] == [Phase.FAILED, Phase.UNKNOWN]
    assert project.run("resolve", "a", "--id", mine["id"]).code == 0
    assert project.run("run", "--yes", "a").code == 0
    assert project.audio("a") == song(mine["id"])
    assert len(project.charges("a")) == 1


def test_a_told_id_beside_a_doubt_is_not_replaced_by_a_guess(project: Project) -> None:
    old, new = two_doubts(project)
    assert project.run("resolve", name_of(old), "--id", "tracks_mistyped").code == 0
    done = project.run("resolve", "a", "--id", "tracks_other")
    assert done.code == 2, done
    assert all(f"{name_of(item)} --id ID" in done.err for item in (old, new))
    assert f"resolve trial.yaml {name_of(new)} --not-charged" in project.run("resolve").out


def test_a_digest_that_only_the_lock_knows_is_opened_by_its_id(project: Project) -> None:
    project.use_schemas(model={"x-scorefile": {"media_types": ["audio/wav"]}}, name=HIDES_IDS)
    script = "poll=word:QUEUED,word:QUEUED,word:QUEUED,done unlisted=yes"
    project.write_jobs({"a": {"model": HIDES_IDS, "prompt": project.prompt("a", script), "timeout_s": 0.01}})
    assert project.run().code == 5
    forget(project)
    (charge,) = project.charges("a")
    assert project.run("resolve", "a", "--id", "another").code == 2
    done = project.run("resolve", "a", "--id", charge["id"])
    assert done.code == 0, done
    for _ in range(4):
        project.run()
    assert project.is_right("a")


def test_an_id_that_the_vendor_gave_cannot_be_replaced(project: Project) -> None:
    project.write({"a": "poll=word:QUEUED"}, timeout_s=0.05)
    assert project.run().code == 5
    done = project.run("resolve", "a", "--id", "tracks_other")
    assert (done.code, "a has no submission with an unknown payment status" in done.err) == (2, True)


def test_no_id_is_taken_for_a_vendor_that_cannot_be_asked(project: Project) -> None:
    with vendor_that(lambda _vendor, _method, _path: (500, b"oops")) as vendor:
        project.env["SCOREFILE_VERBATIK_BASE_URL"] = vendor.url
        project.write_jobs({"v": {"model": "verbatik/text-to-music", "prompt": "hello"}})
        assert project.run().code == 8
        shown = project.run("resolve", "v").out
        assert "--id" not in shown
        assert "scorefile resolve trial.yaml v --not-charged" in shown
        done = project.run("resolve", "v", "--id", "vid-1")
        assert done.code == 2
        assert "Verbatik cannot be asked for a job by its id" in done.err
        assert "scorefile resolve trial.yaml v --resubmit" in done.err
        assert project.run().code == 8
        assert project.run("resolve", "v", "--not-charged").code == 0


def test_a_doubt_whose_model_left_the_catalogue_is_still_shown_and_decided(project: Project) -> None:
    project.use_schemas(provider={"name": "pixazo"}, model={"title": "Mine"})
    models = project.folder / "schemas/models/pixazo"
    (models / "lyria-3-pro.json").rename(models / "mine.json")
    project.write_jobs({"a": {"model": "pixazo/mine", "prompt": project.prompt("a", PAID_SILENT)}})
    assert project.run().code == 8
    shutil.rmtree(models)
    assert "scorefile resolve trial.yaml a --not-charged" in project.run("resolve").out
    before = submissions(project)
    assert project.run("resolve", "a", "--id", "tracks_1").code == 3
    assert submissions(project) == before
    assert project.run("resolve", "a", "--not-charged").code == 0


# ---------------------------------------------------------------- calling off


def working(cancelled: Answer, *polls: str) -> Callable[[Vendor, str, str], Answer]:
    """Return a PixVerse that answers DELETE with `cancelled`, and polls with these words.

    The first run hears the first word only; later polls hear the others, the last one for ever.
    """
    first, *words = polls or ("GENERATING",)

    def speak(vendor: Vendor, method: str, path: str) -> Answer:
        if path.endswith(".wav"):
            return 200, song("late")
        if method == "POST":
            return 200, {"audio_id": "id1", "audio_status_name": "QUEUED", "audio_status_final": False}
        if method == "DELETE":
            return cancelled
        word = first
        if vendor.begun and words:
            word = words.pop(0) if len(words) > 1 else words[0]
        if word.isdigit():
            return int(word), {"error": "told to"}
        link, over = (f"{vendor.url}/late.wav" if word == "COMPLETED" else None), word in ("COMPLETED", "FAILED")
        return 200, {"audio_id": "id1", "audio_status_name": word, "audio_status_final": over, "url": link}

    return speak


def begun(project: Project, vendor: Vendor) -> None:
    """Leave one PixVerse job under way."""
    project.use_schemas(model={"x-scorefile": {"media_types": ["audio/wav"]}}, name=HIDES_IDS)
    project.env["SCOREFILE_PIXVERSE_BASE_URL"] = vendor.url
    project.write_jobs({"a": {"model": HIDES_IDS, "prompt": "x", "timeout_s": 0.05}})
    assert project.run().code == 5
    vendor.begun = True


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, b"<html>please sign in</html>"), "the answer is a web page, not JSON"),
        ((200, b"fine"), "the answer is not JSON"),
        ((200, {"error": "Unable to locate running id1"}), "Unable to locate running id1"),
        ((200, {"audio_id": "id2"}), "the answer is about another job"),
        ((202, {}), "202"),
        ((404, {"error": "no such job"}), "404"),
        ((302, {}), "302"),
    ],
)
def test_only_an_answer_that_proves_it_calls_a_job_off(project: Project, answer: Answer, why: str) -> None:
    with vendor_that(working(answer)) as vendor:
        begun(project, vendor)
        before = (lock_of(project), submissions(project))
        done = project.run("cancel", "a")
        assert done.code == 5, done
        assert "a: not cancelled; PixVerse by useapi.net answered" in done.out
        assert why in done.out
        assert (lock_of(project), submissions(project)) == before


@pytest.mark.sampled(2)
@pytest.mark.parametrize("answer", [(200, {}), (200, b""), (204, b""), (200, {"code": 200})])
def test_what_was_called_off_keeps_its_receipt_and_is_never_submitted_again_by_itself(
    project: Project, answer: Answer
) -> None:
    with vendor_that(working(answer)) as vendor:
        begun(project, vendor)
        receipt = receipt_of(project, "a")
        done = project.run("cancel", "a")
        assert done.code == 0, done
        assert (
            "a: cancelled; the provider stops tracking it; the job itself may keep running and be charged" in done.out
        )
        assert receipt_of(project, "a") == receipt
        (ended,) = submissions(project)
        assert (ended.phase, ended.message) == (
            Phase.LOST,
            "cancelled by a person (stops-tracking); it may have been charged",
        )
        assert re.search(r"\ba\b.*ended without its audio; will ask the provider again, free", project.run("plan").out)
        project.run()
        assert vendor.count("POST") == 1
        assert project.run("run", "--yes", "--force", "a", **OLD).code == 5
        assert vendor.count("POST") <= 2


def test_what_was_called_off_and_runs_on_is_fetched_at_no_cost(project: Project) -> None:
    with vendor_that(working((200, {}), "GENERATING", "GENERATING", "GENERATING", "COMPLETED")) as vendor:
        begun(project, vendor)
        assert any(project.run("cancel", "a").code == 0 for _ in range(10))
        for _ in range(3):
            project.run()
        assert project.audio("a") == song("late")
        assert vendor.count("POST") == 1


def test_what_was_called_off_is_freed_by_a_person(project: Project) -> None:
    with vendor_that(working((200, {}))) as vendor:
        begun(project, vendor)
        assert project.run("cancel", "a").code == 0
        assert project.run("resolve", "a", "--not-charged").code == 0
        assert [item["state"] for item in lock_of(project)["a"]["submissions"]] == ["failed"]
        assert "not made yet" in project.run("plan").out


def test_a_finished_job_is_not_called_off(project: Project) -> None:
    with vendor_that(working((200, {}), "GENERATING", "COMPLETED")) as vendor:
        begun(project, vendor)
        done = project.run("cancel", "a")
        assert done.code == 5, done
        assert "a: not cancelled; it has finished; scorefile run downloads it, free" in done.out
        assert vendor.count("DELETE") == 0
        assert project.run().code == 0
        assert project.audio("a") == song("late")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("word", ["500", "404", "401", "FAILED"])
def test_a_job_of_which_it_is_not_known_that_it_runs_is_not_called_off(project: Project, word: str) -> None:
    with vendor_that(working((200, {}), "GENERATING", word)) as vendor:
        begun(project, vendor)
        done = project.run("cancel", "a")
        assert done.code == 5, done
        assert vendor.count("DELETE") == 0
        assert submissions(project)[0].phase is Phase.STALLED


def checkout(project: Project, vendor: Vendor, *, private: bool) -> Done:
    """Call off a job that only the lock knows."""
    project.use_schemas(provider={"id": {"private": private}}, name=HIDES_IDS)
    begun(project, vendor)
    forget(project)
    return project.run("cancel", "a")


def test_a_receipt_that_only_the_lock_knows_is_called_off(project: Project) -> None:
    with vendor_that(working((200, {}))) as vendor:
        done = checkout(project, vendor, private=False)
        assert done.code == 0, done
        assert ("DELETE", "/v2/pixverse/scheduler/id1") in vendor.heard
        (ended,) = submissions(project)
        assert (ended.job, ended.phase, str(ended.request_id)) == ("a", Phase.LOST, "id1")
        assert receipt_of(project, "a")["request_id"] == "id1"
        project.run()
        assert vendor.count("POST") == 1


def test_a_receipt_whose_id_is_not_known_says_what_to_do(project: Project) -> None:
    with vendor_that(working((200, {}))) as vendor:
        done = checkout(project, vendor, private=True)
        assert done.code == 5, done
        assert "its id is not known on this machine; scorefile run looks it up" in done.out
        assert vendor.count("DELETE") == 0


def test_a_renamed_job_is_called_off_by_its_new_name_too(project: Project) -> None:
    with vendor_that(working((200, {}))) as vendor:
        begun(project, vendor)
        project.write_jobs({"b": {"model": HIDES_IDS, "prompt": "x"}})
        assert "a: cancelled" in project.run("cancel", "b").out


def test_one_of_several_submits_is_called_off_by_its_own_name(project: Project) -> None:
    with vendor_that(working((200, {}))) as vendor:
        begun(project, vendor)
        (item,) = submissions(project)
        assert project.run("cancel", f"{item.job}~zzzzzz").code == 2
        assert "a: cancelled" in project.run("cancel", name_of(item)).out


def test_a_job_in_doubt_is_not_called_off_but_decided(project: Project) -> None:
    project.write({"a": PAID_SILENT})
    assert project.run().code == 8
    done = project.run("cancel", "a")
    assert done.code == 2
    assert "the payment status of a is unknown: scorefile resolve trial.yaml a" in done.err
