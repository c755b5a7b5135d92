"""Model files of a stranger: nothing is fetched for them, no file outside is read, and none keeps a command for ever."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.catalog import SCHEMAS
from tests.support.command import scorefile
from tests.support.desks import posix_only
from tests.support.long import sampled
from tests.support.recorder import recording

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SLOW = "^(a+)+$"
LONG = "a" * 60 + "!"


def model(folder: Path, **properties: Mapping[str, Any]) -> None:
    """Put a model with these parameters beside a pipeline that uses it."""
    data = json.loads((SCHEMAS / "models" / "local" / "sketch.json").read_text())
    data["properties"] |= {name: {"description": "d", **rules} for name, rules in properties.items()}
    target = folder / "schemas" / "models" / "local" / "mine.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(data))


def pipeline(folder: Path, **params: Any) -> None:
    jobs = {"a": {"model": "local/mine", "prompt": "x", "params": params}}
    (folder / "scorefile.yaml").write_text(json.dumps({"version": 1, "jobs": jobs}))


@posix_only("a regular expression cannot be interrupted on Windows")
@pytest.mark.sampled
@pytest.mark.parametrize("verb", sampled(["run"], ["validate", "plan", "run"]))
def test_a_pattern_that_never_ends_is_reported_with_its_parameter(tmp_path: Path, verb: str) -> None:
    model(tmp_path, slow={"type": "string", "pattern": SLOW})
    pipeline(tmp_path, slow=LONG)
    done = scorefile(verb, cwd=tmp_path)
    assert done.code == 3, done
    told = done.out + done.err
    assert "SF301]: the rules of slow in schemas/models/local/mine.json take more than 1" in told
    assert "help: simplify the patterns there" in told


@pytest.mark.long
@posix_only("a regular expression cannot be interrupted on Windows")
def test_a_default_against_a_pattern_that_never_ends_is_reported(tmp_path: Path) -> None:
    model(tmp_path, slow={"type": "string", "pattern": SLOW, "default": LONG})
    pipeline(tmp_path)
    done = scorefile("models", cwd=tmp_path)
    assert done.code == 3, done
    assert "SF301]: the files in schemas/ take more than 2 s of processor time to be checked" in done.out + done.err


def test_a_reference_to_an_address_or_a_file_is_refused_and_not_opened(tmp_path: Path) -> None:
    with recording() as server:
        outside = tmp_path / "outside.json"
        outside.write_text('{"type": "integer"}')
        for reference in (f"{server.url}/x.json", outside.as_uri(), "outside.json", "#/properties/prompt", "#"):
            model(tmp_path, one={"type": "string", "allOf": [{"$ref": reference}]})
            pipeline(tmp_path, one="x")
            done = scorefile("validate", cwd=tmp_path)
            assert done.code == 3, done
            assert "SF301]: properties.one.allOf[0].$ref is" in done.out
            assert "= allowed: #/definitions/NAME" in done.out
        assert server.seen == []


@posix_only("links are made here")
@pytest.mark.parametrize("place", ["", "models", "providers", "models/local/mine.json"])
def test_schemas_are_read_through_no_link_out_of_the_folder(tmp_path: Path, place: str) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    project.mkdir()
    model(outside)
    (outside / "schemas" / "providers").mkdir()
    pipeline(project)
    link = project / "schemas" / place if place else project / "schemas"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / "schemas" / place if place else outside / "schemas")
    done = scorefile("validate", cwd=project)
    assert done.code == 3, done
    shown = os.path.relpath(link, project)
    assert f"{shown} is a link out of the pipeline's folder" in done.out
