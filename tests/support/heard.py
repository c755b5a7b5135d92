"""Pages to listen on, with real audio beside them."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from runner.page.build import total, totals_by_label, totals_by_model
from runner.page.data import PageData, PageJob, PageTake
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    "javascript:window.hacked=1",
    "<svg onload=window.hacked=1>",
    "' onfocus='window.hacked=1' autofocus='",
    "<!-- <script> \u2028 ]]>",
    "{{constructor.constructor('window.hacked=1')()}}",
)
"""What providers, prompts and names may hold to get out of their place."""


def page_take(**over: Any) -> PageTake:
    """Return a take of two seconds."""
    values: dict[str, Any] = {
        "sha256": "0" * 64, "number": 1, "model": "local/sketch", "seconds": 2.0, "rate_hz": 8000, "channels": 1,
        "media_type": "audio/wav", "bytes": 32044, "attempt": "a1",
    }  # fmt: skip
    return PageTake(**(values | over))


def page_job(**over: Any) -> PageJob:
    """Return a job."""
    values: dict[str, Any] = {
        "id": "title", "group": "title", "cue": "low brass", "model": "local/sketch", "state": "up-to-date", "why": "up to date",
    }  # fmt: skip
    return PageJob(**(values | over))


def page_data(*jobs: PageJob, **over: Any) -> PageData:
    """Return the page of some jobs."""
    values: dict[str, Any] = {
        "title": "night", "file": "night.yaml", "made_by": "Scorefile", "made_at": "2026-11-21T12:00:00Z",
        "is_rehearsal": False, "jobs": jobs, "by_model": totals_by_model(jobs), "by_label": totals_by_label(jobs),
        "all": total("all", jobs),
    }  # fmt: skip
    return PageData(**(values | over))


def heard_take(folder: Path, name: str, *, seconds: float = 2.0, **over: Any) -> PageTake:
    """Return a take whose audio is written to `folder`, under a name without an extension as in the store."""
    data = song(name, seconds=seconds)
    sha256 = hashlib.sha256(data).hexdigest()
    (folder / sha256).write_bytes(data)
    return page_take(**({"sha256": sha256, "seconds": seconds, "bytes": len(data), "url": sha256} | over))


def pictures_of(folder: Path, *takes: PageTake) -> dict[str, dict[str, str]]:
    """Return the pictures of takes whose audio is in `folder`."""
    from runner.audio.pictures import picture

    made = {take.sha256: picture(folder / take.sha256, take.seconds) for take in takes if take.url}
    return {
        sha256: {"peaks": base64.b64encode(seen.peaks).decode(), "png": base64.b64encode(seen.png).decode()}
        for sha256, seen in made.items()
    }
