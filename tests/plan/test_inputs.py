"""What a request is made of, by content: its name and its place are no part of it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from runner.plan.facts import Facts, Selected
from runner.plan.fingerprint import fingerprint
from runner.plan.finishing import stage_of
from runner.plan.inputs import decide_with_inputs, with_content
from runner.records.lock import Lock
from runner.records.mastering import Finishing, Mastering
from runner.records.plan import Verb
from runner.records.reasons import Forced, InputsComing
from runner.records.request import Input, Request
from tests.support.catalog import shipped_catalog
from tests.support.made import XL, entry, known, request, sha, take

MODELS = shipped_catalog().models


def mix(job: str, *inputs: Input) -> Request:
    """Return a request that mixes its inputs."""
    needs = tuple(item.name for item in inputs if not item.is_file)
    params = {"inputs": [{"job": name} for name in needs]}
    made = request(job, "local/mix", seed_mode="none", seed=None, free=True, needs=needs, inputs=inputs)
    return replace(made, params=params)


def of_job(name: str, **settings: float) -> Input:
    return Input(name=name, is_file=False, settings=settings)


def of_file(name: str, word: str) -> Input:
    return Input(name=name, is_file=True, sha256=sha(word))


def facts(*entries: Any, **over: Any) -> Facts:
    lock, submissions = known(*entries) if entries else (Lock(), {})
    outputs = {item.output.path: item.output.sha256 for item in entries if item.output}
    given: dict[str, Any] = {"models": MODELS, "lock": lock, "submissions": submissions, "outputs": outputs}
    return Facts(**(given | {"blobs": frozenset(), "pollable": frozenset()} | over))


def test_the_same_content_under_other_names_is_the_same_request() -> None:
    one = with_content(mix("a", of_job("title"), of_file("x.wav", "x")), {"title": sha("t")})
    other = with_content(mix("b", of_job("theme"), of_file("y/z.wav", "x")), {"theme": sha("t")})
    assert one.params == other.params == {"inputs": [{"sha256": sha("t")}, {"sha256": sha("x")}]}


def test_other_content_another_gain_and_another_order_are_other_requests() -> None:
    inputs = [
        (of_job("t"), of_job("u")),
        (of_job("u"), of_job("t")),
        (of_job("t", gain_db=-3), of_job("u")),
        (of_job("t"), of_file("x.wav", "x")),
    ]
    takes = {"t": sha("t"), "u": sha("u")}
    prints = {fingerprint("local/mix", with_content(mix("a", *some), takes).params) for some in inputs}
    assert len(prints) == len(inputs)


def test_what_is_not_made_yet_is_waited_for() -> None:
    made = with_content(mix("a", of_job("title"), of_job("war")), {"title": sha("t"), "war": None})
    assert made.waits_for == ("war",)
    assert made.params == {"inputs": [{"job": "title"}, {"job": "war"}]}


def test_a_chain_is_known_as_far_as_its_takes_are_there() -> None:
    title = entry(None, take("title"))
    requests = (mix("last", of_job("middle")), mix("middle", of_job("title")), request("title"))
    todo = decide_with_inputs(requests, facts(title), Selected())
    by_job = {action.request.job: action for action in todo.actions}
    assert [action.request.job for action in todo.actions] == ["last", "middle", "title"]
    assert by_job["title"].verb is Verb.REUSE
    assert by_job["middle"].request.params == {"inputs": [{"sha256": sha("title")}]}
    assert by_job["last"].reason == InputsComing(jobs=("middle",))


def test_a_piece_of_the_same_takes_is_up_to_date_and_one_of_a_forced_job_is_made_after_it() -> None:
    params = {"inputs": [{"sha256": sha("title")}]}
    piece = entry(
        params, take("piece"), attempt="a2", job="mix", model="local/mix", local=True, path="audio/mix.wav",
        seed_param=None,
    )  # fmt: skip
    everything = facts(entry(None, take("title")), piece)
    requests = (request("title"), mix("mix", of_job("title")))
    assert [action.verb for action in decide_with_inputs(requests, everything, Selected()).actions] == [Verb.REUSE] * 2
    forced = decide_with_inputs(requests, everything, Selected(forced=frozenset({"title"})))
    assert [action.reason for action in forced.actions] == [Forced(is_same=True, seed=7), InputsComing(jobs=("title",))]
    assert forced.actions[1].verb is Verb.REGENERATE


def test_a_take_of_which_only_the_finished_file_is_here_is_fetched_for_what_is_made_of_it() -> None:
    one = take("title")
    finishing = Finishing(mastering=Mastering(fade_out_s=1.0))
    finished = replace(request("title"), finishing=finishing)
    made = entry(None, one)
    plain = decide_with_inputs((finished,), facts(made, blobs={one.sha256}), Selected()).actions[0]
    assert plain.verb is Verb.MASTER
    stage = stage_of(finished, plain.chosen) if plain.chosen else None
    assert stage is not None
    placed = replace(made, output=stage.output(sha("finished"), 900, None, None))
    requests = (finished, mix("mix", of_job("title")))
    here = facts(placed, blobs={one.sha256}, pollable={XL})
    gone = facts(placed, pollable={XL})
    assert [action.verb for action in decide_with_inputs(requests, here, Selected()).actions] == [
        Verb.REUSE,
        Verb.GENERATE,
    ]
    fetched, mixed = decide_with_inputs(requests, gone, Selected()).actions
    assert (fetched.verb, mixed.verb) == (Verb.RESUME, Verb.GENERATE)
    assert mixed.request.params == {"inputs": [{"sha256": one.sha256}]}
