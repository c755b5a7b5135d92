"""Receipts in a lock that a person or another clock wrote: where a poll goes, and when it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support import locks
from tests.support.machines import HELD, counts, forget_state, ids, interrupt, lock_of, write

if TYPE_CHECKING:
    from tests.support.project import Project


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "path",
    [
        "/v2/account/delete?sure=yes",
        "/v2/requests/status/another",
        "/v2/requests/status/../../account",
        "/v2/requests/status/{id}?webhook=1",
    ],
)
@pytest.mark.parametrize("model", ["pixazo/lyria-3-pro", "pixverse/music-2.6"])
def test_a_poll_url_of_a_lock_leads_nowhere_but_to_the_status_of_its_job(
    project: Project, model: str, path: str
) -> None:
    project.settings = {"defaults": {"model": model}}
    write(project, {"a": "p1"}, HELD)
    (id_,) = interrupt(project, "p1")
    forget_state(project)
    write(project, {"a": "p1"}, HELD, timeout_s=3)
    odd = path.replace("{id}", id_)
    change = locks.set_receipt(poll_url=project.vendor.url + odd)
    (project.folder / "trial.lock").write_text(locks.edited(lock_of(project), "a", change))
    before = len(project.vendor.requests(method="GET"))
    project.run()
    asked = [row["path"] for row in project.vendor.requests(method="GET")[before:]]
    assert odd not in asked
    assert not [path for path in asked if "account" in path or "another" in path or "webhook" in path]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("days", [30, 3650])
def test_a_receipt_from_the_future_ends_in_time(project: Project, days: int) -> None:
    write(project, {"a": "p1"}, HELD)
    interrupt(project, "p1")
    forget_state(project)
    write(project, {"a": "p1"}, HELD, timeout_s=1)
    later = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds").replace("+00:00", "Z")
    change = locks.set_receipt(request_id="tracks_of_nobody", submitted_at=later)
    text = locks.edited(lock_of(project), "a", change)
    data = json.dumps(json.loads(text.replace(f"status/{ids(project).pop()}", "status/tracks_of_nobody")))
    (project.folder / "trial.lock").write_text(data)
    done = project.run(timeout_s=30)
    assert done.code == 5, done
    assert counts(project, "p1") == [1]
