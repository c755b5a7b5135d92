"""The links in a provider's answer, and the files that they lead to."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, assert_never

from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse

from runner.records.provider import Transform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.emulator.jobs import Job

PAGE = "<!DOCTYPE html><title>Bad Gateway</title><h1>The file is not here</h1>"


def take_links(job: Job, base_url: str) -> tuple[str, ...]:
    """Return one link per take, in the form that the provider's transform reads; `base_url` is the emulator's own address."""
    transform = job.provider.result.transform if job.provider.result else None
    paths = tuple(f"/media/{job.token}/{file.name}" for file in job.files)
    urls = tuple(base_url.rstrip("/") + path for path in paths)
    match transform:
        case None:
            return urls
        case Transform.RELATIVE_URL:
            return paths
        case Transform.JSON_STRING:
            return (json.dumps(list(urls)),)
        case Transform.HEX:
            return tuple(file.read_bytes().hex() for file in job.files)
        case Transform.BASE64:
            return tuple(_base64(file) for file in job.files)
        case Transform.DATA_URL:
            return tuple(f"data:{job.scores[0].media_type};base64,{_base64(file)}" for file in job.files)
    assert_never(transform)


def serve_take(job: Job | None, name: str) -> Response:
    """Answer a download of `job`: the file, its planned fault, or 404."""
    file = next((file for file in job.files if file.name == name), None) if job else None
    if job is None or file is None or not job.ready or not file.exists():
        return JSONResponse({"error": "No such file"}, 404)
    media_type, fault = job.scores[0].media_type, job.fault
    job.downloads += 1
    if fault and (fault.do, fault.on) == ("http", "media") and job.downloads <= fault.times:
        return JSONResponse({"error": "Refused"}, fault.status)
    if fault and fault.do == "html-media":
        return HTMLResponse(PAGE)
    if fault and fault.do == "short-media":
        size = {"content-length": str(file.stat().st_size)}
        return StreamingResponse(_half(file), headers=size, media_type=media_type)
    return _Sent(file, media_type=media_type)


class _Sent(FileResponse):
    chunk_size = 1 << 20  # each chunk is read in another thread


def _half(file: Path) -> Iterator[bytes]:
    content = file.read_bytes()
    yield content[: len(content) // 2]


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
