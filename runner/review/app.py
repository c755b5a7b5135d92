"""The review as one ASGI application: the page, its data, its audio, and what a person decides on it.

Every path begins with a secret, so no other page and no other user can name one. A request is answered when it names this
server as its host; one that writes has to come from the page itself.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, get_args

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from runner.errors import RunLockedError, ScorefileError
from runner.frozen import dataclass
from runner.records.rating import MOST_STARS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from runner.records.source import Json

Decision: TypeAlias = Literal["pick", "unpick", "approve", "rate"]
"""What a page can say of a take, by the last word of the path."""
MOST_BYTES = 64 << 10
"""Of what a page sends."""
LOOK_S = 0.5
"""How often it is looked whether anything changed."""
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a page sends about a take of a job."""

    job: str
    sha256: str
    saw: frozenset[str]
    """The takes that were picked as far as the page knew; for a rating, the names of the person's own."""
    stars: int | None = None
    note: str = ""

    @classmethod
    def parse(cls, sent: Any) -> Said:
        """Return what was sent. Raises KeyError, TypeError or ValueError when it is something else."""
        job, sha256, saw, stars, note = (
            sent["job"],
            sent["sha256"],
            sent["saw"],
            sent.get("stars"),
            sent.get("note", ""),
        )
        if not (isinstance(job, str) and isinstance(sha256, str) and isinstance(saw, list) and isinstance(note, str)):
            raise TypeError("job, sha256, saw and note have other types")
        if stars is not None and not (type(stars) is int and 1 <= stars <= MOST_STARS):
            raise ValueError("stars are a number from 1 to 5")
        return cls(job=job, sha256=sha256, saw=frozenset(map(str, saw)), stars=stars, note=note.strip())


class Desk(Protocol):
    """The project behind the page. Every method may block, and raises ScorefileError with what to tell."""

    def page(self) -> str:
        """Return the page."""

    def data(self) -> Json:
        """Return what the page shows, as it is now."""

    def audio(self, sha256: str) -> tuple[Path, str] | None:
        """Return the file and the media type of a take; None when it is not here."""

    def decide(self, what: Decision, said: Said) -> frozenset[str]:
        """Record what a person said of a take, and return the names of their ratings of it that count now."""

    def stamp(self) -> str:
        """Return a text that changes when anything does that the page shows."""


def build_app(desk: Desk, token: str, origins: frozenset[str]) -> Starlette:
    """Build the application. `origins` are the addresses by which this server is named, `http://127.0.0.1:8787` for one."""

    async def page(_request: Request) -> Response:
        return Response(await run_in_threadpool(desk.page), media_type="text/html")

    async def data(_request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(desk.data))

    async def audio(request: Request) -> Response:
        found = await run_in_threadpool(desk.audio, request.path_params["sha256"])
        if found is None:
            return PlainTextResponse("this take is not here", status_code=404)
        return FileResponse(found[0], media_type=found[1])

    async def decide(request: Request) -> Response:
        what: Any = request.url.path.rpartition("/")[2]
        names = await run_in_threadpool(desk.decide, what, Said.parse(await _said(request)))
        return JSONResponse({"saved": True, **({"names": sorted(names)} if names else {})})

    async def events(request: Request) -> Response:
        async def changes() -> AsyncIterator[str]:
            known = ""
            while not await request.is_disconnected():
                stamp = await run_in_threadpool(desk.stamp)
                if stamp != known:
                    known = stamp
                    yield f"data: {stamp}\n\n"
                await asyncio.sleep(LOOK_S)

        return StreamingResponse(changes(), media_type="text/event-stream")

    def route(path: str, answer: Callable[[Request], Awaitable[Response]], method: str) -> Route:
        async def guarded(request: Request) -> Response:
            if not hmac.compare_digest(request.path_params["token"].encode(), token.encode()):
                return PlainTextResponse("there is no such page; open the address that scorefile review printed", 404)
            try:
                return await answer(request)
            except RunLockedError as error:
                return _refused(error.message, error.help, 423)
            except ScorefileError as error:
                if answer is page:  # a person reads it, not the page
                    said = error.message if error.help is None else f"{error.message}\n\nhelp: {error.help}"
                    return PlainTextResponse(said, 409)
                return _refused(error.message, error.help, 409)
            except (KeyError, TypeError, ValueError):
                return _refused("the page sent something else than was expected", "open it again", 400)

        return Route(f"/{{token}}/{path}", guarded, methods=[method])

    return Starlette(
        routes=[
            route("", page, "GET"),
            route("data", data, "GET"),
            route("audio/{sha256}", audio, "GET"),
            route("events", events, "GET"),
            *(route(what, decide, "POST") for what in get_args(Decision)),
        ],
        middleware=[Middleware(only_ours, origins=origins)],
    )


async def _said(request: Request) -> Any:
    if request.headers.get("content-type", "") != "application/json":
        raise ValueError("not JSON")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise ValueError("too much")
    return json.loads(body)


def _refused(message: str, help: str | None, status: int) -> Response:
    return JSONResponse({"message": message, "help": help}, status_code=status)


def only_ours(app: ASGIApp, origins: frozenset[str]) -> ASGIApp:
    """Let `app` answer only who names this server as the host, and write only for its own page; add what every answer says."""
    extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}

        async def send_more(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        if _is_foreign(scope["method"], headers, origins):
            await PlainTextResponse("this page is served to itself only", 403)(scope, receive, send_more)
            return
        await app(scope, receive, send_more)

    return answer


def _is_foreign(method: str, headers: dict[bytes, str], origins: frozenset[str]) -> bool:
    """Say whether a request names another host, or comes from another page; one that writes has to say where it is from."""
    origin = headers.get(b"origin")
    if f"http://{headers.get(b'host', '')}" not in origins or (origin is not None and origin not in origins):
        return True
    if headers.get(b"sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    return method not in ("GET", "HEAD") and origin is None
