"""scorefile report: the page as a file, from real pipelines, locks, stores and commits."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from runner.page.html import MARK
from tests.support.command import scorefile
from tests.support.desks import posix_only
from tests.support.git import Git

PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}}
vars: {mood: Calm}
jobs:
  title: {prompt: "{{ mood }} theme", params: {batch_size: 2}, labels: [menu]}
  sting: {prompt: Hit}
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where every job has its takes."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=folder).code == 0
    return folder


@pytest.fixture
def made(source: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(source, tmp_path / "made"))


def data_of(page: Path) -> Any:
    block = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    return json.loads(block[1])


def job_of(page: Path, name: str) -> Any:
    return next(job for job in data_of(page)["jobs"] if job["id"] == name)


def test_the_page_has_every_job_with_what_is_known_of_it(made: Path) -> None:
    done = scorefile("report", cwd=made)
    assert (done.code, done.out) == (0, "")
    assert "wrote scorefile-report.html: 2 jobs, 3 takes, 2 s of music" in done.err
    page = made / "scorefile-report.html"
    data, title = data_of(page), job_of(page, "title")
    assert [job["id"] for job in data["jobs"]] == ["title", "sting"]
    assert title["state"] == "up-to-date"
    assert title["labels"] == ["menu"]
    (prompt,) = title["texts"]
    assert prompt["value"] == "Calm theme"
    assert "mood = 'Calm'" in prompt["origin"] or "mood" in prompt["origin"]
    one, two = title["takes"]
    assert (one["number"], one["is_placed"], two.get("is_placed")) == (1, True, None)
    assert one["is_free"]
    assert one["lufs"] < 0
    assert one["commands"][0]["line"] == "scorefile pick title 1"
    assert (data["all"]["takes"], data["all"]["known_usd"]) == (3, "0")
    assert [row["name"] for row in data["by_label"]] == ["menu"]
    assert set(data["pictures"]) == {take["sha256"] for job in data["jobs"] for take in job["takes"]}


def test_what_people_say_of_a_take_is_beside_it(made: Path) -> None:
    for words in (("--stars", "4", "--note", "warm", "--by", "Ada"), ("--stars", "5", "--by", "Bob")):
        assert scorefile("rate", "title", *words, cwd=made).code == 0
    assert scorefile("approve", "title", "--note", "for the trailer", "--by", "Cleo", cwd=made).code == 0
    assert scorefile("report", cwd=made).code == 0
    one, two = job_of(made / "scorefile-report.html", "title")["takes"]
    assert one["stars"] == 4.5
    told = {word["by"]: (word.get("stars"), word.get("note")) for word in (*one["ratings"], *one["approvals"])}
    assert told == {"Ada": (4, "warm"), "Bob": (5, None), "Cleo": (None, "for the trailer")}
    assert (one["rate"], two["rate"]) == ("scorefile rate title --take 1", "scorefile rate title --take 2")
    assert {"stars", "ratings", "approvals"} & two.keys() == set()
    (made / "scorefile.yaml").write_text(PIPELINE.replace("Calm", "Wild"))
    assert scorefile("run", cwd=made).code == 0
    assert scorefile("report", cwd=made).code == 0
    earlier = next(take for take in job_of(made / "scorefile-report.html", "title")["takes"] if take.get("is_earlier"))
    assert (earlier["stars"], earlier.get("rate")) == (4.5, None), "it is still shown, and is no choice any more"


def test_every_take_is_linked_where_it_is(made: Path) -> None:
    (made / "out").mkdir()
    assert scorefile("report", "--out", "out/page.html", cwd=made).code == 0
    page = made / "out" / "page.html"
    for job in data_of(page)["jobs"]:
        for take in job["takes"]:
            audio = (page.parent / unquote(take["url"])).read_bytes()
            assert hashlib.sha256(audio).hexdigest() == take["sha256"]
    assert job_of(page, "title")["takes"][0]["url"] == "../audio/title.wav"


def test_a_bundle_has_its_audio_beside_it_and_can_be_moved(made: Path, tmp_path: Path) -> None:
    assert scorefile("report", "--bundle", "site", cwd=made).code == 0
    site = Path(shutil.move(made / "site", tmp_path / "elsewhere"))
    takes = [take for job in data_of(site / "index.html")["jobs"] for take in job["takes"]]
    assert {path.name for path in (site / "audio").iterdir()} == {Path(take["url"]).name for take in takes}
    assert all(hashlib.sha256((site / take["url"]).read_bytes()).hexdigest() == take["sha256"] for take in takes)
    shutil.move(site, made / "site")
    assert scorefile("report", "--bundle", "site", cwd=made).code == 0, "an earlier bundle is written again"


@posix_only("Windows needs a privilege for links")
def test_a_bundle_is_not_written_through_a_link(made: Path, tmp_path: Path) -> None:
    assert scorefile("report", "--bundle", "site", cwd=made).code == 0
    shutil.rmtree(made / "site" / "audio")
    (made / "site" / "audio").symlink_to(tmp_path)
    done = scorefile("report", "--bundle", "site", cwd=made)
    assert (done.code, "is a link" in done.err) == (2, True)
    assert list(tmp_path.glob("*.wav")) == []


def test_short_takes_are_embedded(made: Path) -> None:
    assert scorefile("report", "--embed", "sting", cwd=made).code == 0
    (job,) = data_of(made / "scorefile-report.html")["jobs"]
    assert job["takes"][0]["url"].startswith("data:audio/ogg;base64,T2dnU")


def test_pictures_are_kept_and_damaged_ones_made_again(made: Path) -> None:
    scorefile("report", cwd=made)
    kept = sorted((made / ".scorefile" / "pictures").glob("*.picture"))
    assert len(kept) == 3
    before = data_of(made / "scorefile-report.html")["pictures"]
    kept[0].write_bytes(b"damaged")
    touched = kept[1].stat().st_mtime_ns
    scorefile("report", cwd=made)
    assert data_of(made / "scorefile-report.html")["pictures"] == before
    assert kept[1].stat().st_mtime_ns == touched
    assert kept[0].read_bytes() != b"damaged"


def test_a_file_that_is_none_of_ours_is_never_written_over(made: Path) -> None:
    (made / "mine.html").write_text("<p>mine</p>")
    done = scorefile("report", "--out", "mine.html", cwd=made)
    assert done.code == 2
    assert "mine.html is not a page that Scorefile wrote" in done.err
    assert (made / "mine.html").read_text() == "<p>mine</p>"
    done = scorefile("report", "--bundle", "audio", cwd=made)
    assert done.code == 2
    assert "audio holds other files" in done.err
    assert MARK in (made / "scorefile-report.html").read_text() if (made / "scorefile-report.html").exists() else True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bundle", "a", "--out", "b.html"), "--bundle and --out exclude each other"),
        (("--bundle", "a", "--embed"), "--bundle and --embed exclude each other"),
        (("--out", "audio"), "audio is a folder"),
        (("nothing",), "there is no job nothing"),
        (("--against", "HEAD", "--rehearse"), "--against and --rehearse exclude each other"),
    ],
)
def test_what_cannot_be_is_refused(made: Path, words: tuple[str, ...], said: str) -> None:
    done = scorefile("report", *words, cwd=made)
    assert done.code == 2
    assert said in done.err
    assert not (made / "x").exists()


def test_audio_that_is_missing_damaged_or_not_decodable_is_said_in_place(made: Path) -> None:
    blobs = sorted((made / ".scorefile" / "blobs").glob("??/*"))
    shutil.rmtree(made / "audio")
    takes = {
        take["sha256"]: take
        for job in json.loads((made / "scorefile.lock").read_text())["jobs"].values()
        for item in job["submissions"]
        for take in item["takes"]
    }
    gone, damaged, _sound = (path for path in blobs if path.name in takes)
    gone.unlink()
    damaged.chmod(0o600)
    damaged.write_bytes(b"\0" * damaged.stat().st_size)
    done = scorefile("report", cwd=made)
    assert done.code == 0
    assert "2 takes cannot be heard: the page says why" in done.err
    said = {
        take["sha256"]: take.get("problem", "")
        for job in data_of(made / "scorefile-report.html")["jobs"]
        for take in job["takes"]
    }
    assert "its audio is not on this machine" in said[gone.name]
    assert said[damaged.name] == "its audio is damaged: its bytes are not those that were made"
    assert min(said.values()) == ""
    assert {job["state"] for job in data_of(made / "scorefile-report.html")["jobs"]} <= {"to-restore"}


def test_before_anything_was_made_and_with_a_wrong_pipeline_there_is_a_page(made: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("report", cwd=fresh).code == 0
    assert [job["state"] for job in data_of(fresh / "scorefile-report.html")["jobs"]] == ["to-make", "to-make"]
    assert not (fresh / ".scorefile" / "pictures").exists()
    (made / "scorefile.yaml").write_text(PIPELINE + "  bad: {prompt: x, model: no/such}\n")
    assert scorefile("report", cwd=made).code == 0
    data = data_of(made / "scorefile-report.html")
    assert "scorefile.yaml has problems" in data["notices"][0]
    assert [job["id"] for job in data["jobs"]] == ["sting", "title"]


def test_what_is_expected_and_not_met_and_the_mastered_file_are_shown(tmp_path: Path) -> None:
    more = "{model: local/sketch, params: {duration: 1}, master: {format: flac}, expect: {peak: '< -60', duration: '± 1 s'}}"
    (tmp_path / "scorefile.yaml").write_text(PIPELINE.replace("{model: local/sketch, params: {duration: 0.5}}", more))
    assert scorefile("run", cwd=tmp_path).code == 9
    assert scorefile("report", "--bundle", "site", "title", cwd=tmp_path).code == 0
    job = job_of(tmp_path / "site" / "index.html", "title")
    assert sorted(job["expected"]) == ["duration ± 1 s", "peak < -60 dBTP"]
    raw, mastered, other = job["takes"]
    assert re.fullmatch(r"its true peak is -\d+\.\d dBTP, expected < -60 dBTP", *raw["failed"])
    assert (raw["rate"], mastered.get("rate")) == ("scorefile rate title --take 1", None)
    assert (raw["number"], mastered["number"], mastered["is_mastered"], other["number"]) == (1, 1, True, 2)
    assert Path(mastered["url"]).suffix == ".flac"
    (entry,) = json.loads((tmp_path / "scorefile.lock").read_text())["jobs"]["title"]["submissions"]
    told = {name: value for name, value in entry["output"]["finished"].items() if name not in ("take", "master")}
    assert told == {name: mastered.get(name) for name in told}
    assert mastered["media_type"] == "audio/flac"
    audio = (tmp_path / "site" / mastered["url"]).read_bytes()
    assert audio == (tmp_path / "audio" / "title.flac").read_bytes()
    assert data_of(tmp_path / "site" / "index.html")["all"]["takes"] == 2


def test_json_says_where_the_page_is(made: Path) -> None:
    done = scorefile("report", "--format", "json", cwd=made)
    size = (made / "scorefile-report.html").stat().st_size
    assert done.json == {
        "format_version": 1, "exit_code": 0, "command": "report", "file": "scorefile.yaml",
        "path": "scorefile-report.html", "bytes": size, "jobs": 2, "takes": 3, "unheard": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ref", "name"), [("HEAD", "HEAD"), ("no/such", "no/such"), ("--output=x", "--output=x"), ("", "an empty name")]
)
def test_a_commit_that_does_not_exist_is_refused(made: Path, ref: str, name: str) -> None:
    done = scorefile("report", "--against", ref, cwd=made)
    assert (done.code, f"--against {ref}: {made} is in no git repository" in done.err) == (2, True), done.err
    in_git(made)
    done = scorefile("report", "--against", ref, cwd=made)
    assert (done.code, f"error: {name} is no commit of this repository" in done.err) == (2, True), done.err
    assert not (made / "scorefile-report.html").exists()


# ---------------------------------------------------------------- before and after


def in_git(folder: Path) -> Git:
    """Make a folder a repository that keeps its audio."""
    git = Git(folder)
    git("init", "--quiet")
    return git


@pytest.fixture
def two_commits(made: Path) -> Git:
    """A repository where the prompt of `sting` changed after the first commit, and its audio with it."""
    git = in_git(made)
    git.commit("first")
    (made / "scorefile.yaml").write_text(PIPELINE.replace("Hit", "Big hit"))
    assert scorefile("run", cwd=made).code == 0
    return git


def test_before_and_after_come_from_git(made: Path, two_commits: Git) -> None:
    shutil.rmtree(made / ".scorefile" / "blobs")
    done = scorefile("report", "--against", "HEAD", cwd=made)
    assert done.code == 0, done.err
    page = made / "scorefile-report.html"
    sting, title = job_of(page, "sting"), job_of(page, "title")
    (take,) = sting["before"]["takes"]
    audio = (made / unquote(take["url"])).read_bytes()
    assert hashlib.sha256(audio).hexdigest() == take["sha256"] != sting["takes"][0]["sha256"]
    assert {"name": "prompt", "old": "Hit", "new": "Big hit"} in sting["before"]["changes"]
    assert title["before"]["is_same"]
    assert data_of(page)["against"] == "HEAD"
    del two_commits


def test_audio_that_git_lfs_keeps_is_heard_where_it_is_on_this_machine(made: Path) -> None:
    git = in_git(made)
    audio = (made / "audio" / "sting.wav").read_bytes()
    oid = hashlib.sha256(audio).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(audio)}\n"
    (made / "audio" / "sting.wav").write_text(pointer)
    git.commit("first")
    (made / "audio" / "sting.wav").write_bytes(b"other")
    (made / ".scorefile" / "blobs" / oid[:2] / oid).unlink()
    kept = made / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    scorefile("report", "--against", "HEAD", cwd=made)
    assert "problem" in job_of(made / "scorefile-report.html", "sting")["before"]["takes"][0]
    kept.parent.mkdir(parents=True)
    kept.write_bytes(audio)
    scorefile("report", "--against", "HEAD", cwd=made)
    url = job_of(made / "scorefile-report.html", "sting")["before"]["takes"][0]["url"]
    assert (made / unquote(url)).read_bytes() == audio


@pytest.mark.parametrize("kept", ["git", "store"])
def test_before_and_after_of_a_mastered_job_are_its_finished_files(kept: str, tmp_path: Path) -> None:
    loud = "{model: local/sketch, params: {duration: 1}, master: {loudness: -16, format: flac}}"
    file = tmp_path / "scorefile.yaml"
    file.write_text(PIPELINE.replace("{model: local/sketch, params: {duration: 0.5}}", loud))
    git = in_git(tmp_path)
    if kept == "store":
        (tmp_path / ".gitignore").write_text("audio/\n")
    assert scorefile("run", cwd=tmp_path).code == 0
    git.commit("first")
    file.write_text(file.read_text().replace("-16", "-24").replace("sting: {", "sting: {master: {loudness: -16}, "))
    assert scorefile("run", cwd=tmp_path).code == 0
    if kept == "git":
        shutil.rmtree(tmp_path / ".scorefile" / "blobs")
    assert scorefile("report", "--against", "HEAD", cwd=tmp_path).code == 0
    page = tmp_path / "scorefile-report.html"
    title, sting = job_of(page, "title"), job_of(page, "sting")
    *raw, before = title["before"]["takes"]
    now = next(take for take in title["takes"] if take.get("is_mastered"))
    for take, lufs in ((before, -16), (now, -24)):
        assert take["lufs"] == pytest.approx(lufs, abs=0.3)
        assert hashlib.sha256((tmp_path / unquote(take["url"])).read_bytes()).hexdigest() == take["sha256"]
        assert take["sha256"] in data_of(page)["pictures"]
    raws = [title["takes"][0]["sha256"]] if kept == "store" else []
    assert [take["sha256"] for take in raw] == raws, "git has the finished file alone"
    assert "is_same" not in title["before"], "the take is the same, what is heard is not"
    assert sting["before"]["is_same"]


def test_a_commit_without_a_lock_is_said_on_the_page(made: Path) -> None:
    git = in_git(made)
    git("add", "scorefile.yaml")
    git("commit", "-q", "-m", "first")
    assert scorefile("report", "--against", "HEAD", cwd=made).code == 0
    data = data_of(made / "scorefile-report.html")
    assert data["notices"] == ["there is no scorefile.lock in HEAD: nothing was made before"]
    assert all("before" not in job for job in data["jobs"])
