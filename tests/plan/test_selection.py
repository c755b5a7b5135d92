"""Which jobs a command line names: every kind that is given narrows the choice, and needs come along to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.errors import UsageError
from runner.plan.selection import Wanted, select
from tests.support.made import request

if TYPE_CHECKING:
    from runner.records.request import Request

TITLE = request("title", labels=("menu", "quiet"))
CALM = request("battle@calm", labels=("combat",))
HOT = request("battle@hot", labels=("combat", "loud"))
SHOP = request("shop", labels=("menu",))
ALL = (TITLE, CALM, HOT, SHOP)


def chosen(requests: tuple[Request, ...] = ALL, **wanted: Any) -> set[str]:
    found = select(requests, Wanted(**wanted))
    assert found is not None
    return set(found)


def test_without_a_choice_everything_is_wanted() -> None:
    assert Wanted().is_all
    assert select(ALL, Wanted()) is None


@pytest.mark.parametrize(
    "wanted",
    [{"names": ("title",)}, {"globs": ("*",)}, {"labels": ("menu",)}, {"among": frozenset()}, {"shard": (1, 2)}],
)
def test_any_choice_is_a_choice(wanted: dict[str, Any]) -> None:
    assert not Wanted(**wanted).is_all
    assert select(ALL, Wanted(**wanted)) is not None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"names": ("title",)}, {"title"}),
        ({"names": ("battle",)}, {"battle@calm", "battle@hot"}),
        ({"names": ("battle@hot",)}, {"battle@hot"}),
        ({"names": ("title", "shop")}, {"title", "shop"}),
        ({"globs": ("battle@*",)}, {"battle@calm", "battle@hot"}),
        ({"globs": ("b?ttle",)}, {"battle@calm", "battle@hot"}),
        ({"globs": ("*@hot", "sh*")}, {"battle@hot", "shop"}),
        ({"labels": ("menu",)}, {"title", "shop"}),
        ({"labels": ("quiet", "loud")}, {"title", "battle@hot"}),
        ({"among": frozenset({"shop", "gone"})}, {"shop"}),
        ({"among": frozenset()}, set()),
        ({"names": ("battle",), "labels": ("loud",)}, {"battle@hot"}),
        ({"names": ("battle",), "globs": ("*@c*",)}, {"battle@calm"}),
        ({"labels": ("menu",), "among": frozenset({"shop", "battle@hot"})}, {"shop"}),
        ({"names": ("title",), "labels": ("loud",)}, set()),
        ({"names": ("title",), "globs": ("battle@*",)}, set()),
        ({"names": ("title", "shop"), "globs": ("sh*", "battle")}, {"shop"}),
    ],
)
def test_a_job_is_wanted_when_it_meets_every_kind_that_is_given(wanted: dict[str, Any], found: set[str]) -> None:
    assert chosen(**wanted) == found


def test_shards_are_taken_in_turn_from_the_sorted_names() -> None:
    assert chosen(shard=(1, 2)) == {"battle@calm", "shop"}
    assert chosen(shard=(2, 2)) == {"battle@hot", "title"}
    assert chosen(shard=(1, 1)) == {item.job for item in ALL}


def test_a_shard_is_taken_of_what_else_is_wanted() -> None:
    assert chosen(labels=("menu",), shard=(2, 2)) == {"title"}


def test_jobs_that_share_a_need_however_far_away_are_in_one_shard() -> None:
    web = (
        *(request("a", needs=("mid",)), request("mid", needs=("base",)), request("b", needs=("base",))),
        *(request("base"), request("c", needs=("d",)), request("d"), request("e")),
    )
    assert chosen(web, shard=(1, 3)) == {"a", "b", "base", "mid"}
    assert chosen(web, shard=(2, 3)) == {"c", "d"}
    assert chosen(web, shard=(3, 3)) == {"e"}
    assert chosen(web, shard=(4, 4)) == set()
    assert chosen(web, names=("a", "b", "e"), shard=(1, 2)) == {"a", "b", "base", "mid"}, "what they need is not named"


def test_jobs_that_only_an_unwanted_job_needs_are_cut_apart() -> None:
    pair = (request("a"), request("b"), request("top", needs=("a", "b")))
    assert chosen(pair, names=("a", "b"), shard=(1, 2)) == {"a"}
    assert chosen(pair, names=("a", "b"), shard=(2, 2)) == {"b"}


def test_needs_are_followed_to_the_end() -> None:
    chain = (request("a"), request("b", needs=("a",)), request("c", needs=("b",)), request("d", needs=("c",)))
    assert chosen(chain, names=("c",)) == {"a", "b", "c"}
    assert chosen(chain, names=("d",)) == {"a", "b", "c", "d"}
    assert chosen(chain, names=("a",)) == {"a"}


def test_needs_of_two_jobs_meet_and_a_need_outside_the_file_is_no_reason_to_stop() -> None:
    web = (request("a"), request("b", needs=("a",)), request("c", needs=("b", "a")), request("d", needs=("gone", "c")))
    assert chosen(web, names=("d",)) == {"a", "b", "c", "d", "gone"}


@pytest.mark.parametrize(
    ("wanted", "message", "remedy"),
    [
        ({"names": ("titel",)}, "there is no job titel", "did you mean title?"),
        ({"names": ("battle@cold",)}, "there is no job battle@cold", "did you mean battle@calm?"),
        ({"names": ("x",)}, "there is no job x", "jobs in this file: battle, battle@calm, battle@hot, shop, title"),
        ({"globs": ("boss-*",)}, "no job matches boss-*", "jobs in this file: battle, shop, title"),
        ({"labels": ("comat",)}, "no job has the label comat", "did you mean combat?"),
        ({"labels": ("x",)}, "no job has the label x", "labels in this file: combat, loud, menu, quiet"),
    ],
)
def test_a_name_that_no_job_has_is_refused_with_the_known_ones(
    wanted: dict[str, Any], message: str, remedy: str
) -> None:
    with pytest.raises(UsageError) as caught:
        select(ALL, Wanted(**wanted))
    assert (str(caught.value), caught.value.help) == (message, remedy)


@pytest.mark.parametrize(
    ("count", "remedy"),
    [
        (1, "jobs in this file: j01"),
        (12, "jobs in this file: j01, j02, j03, j04, j05, j06, j07, j08, j09, j10, j11, j12"),
        (13, "jobs in this file: j01, j02, j03, j04, j05, j06, j07, j08, j09, j10, j11, j12 and 1 more"),
        (90, "jobs in this file: j01, j02, j03, j04, j05, j06, j07, j08, j09, j10, j11, j12 and 78 more"),
    ],
)
def test_at_most_twelve_known_names_are_listed(count: int, remedy: str) -> None:
    requests = tuple(request(f"j{number:02}") for number in range(1, count + 1))
    with pytest.raises(UsageError) as caught:
        select(requests, Wanted(names=("zzzzzz",)))
    assert caught.value.help == remedy


def test_a_label_is_refused_when_no_job_has_labels() -> None:
    with pytest.raises(UsageError) as caught:
        select((request("a"),), Wanted(labels=("x",)))
    assert caught.value.help == "no job in this file has labels"
