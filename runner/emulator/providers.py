"""The state of the emulated providers, and the answer of each of their operations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote

from msgspec import Struct, field
from starlette.responses import JSONResponse, Response

from runner.emulator import checks, play
from runner.emulator.faults import pick
from runner.emulator.jobs import Job, Ledger, accept, new_ids
from runner.emulator.links import serve_take, take_links
from runner.emulator.routing import has_key, match, model_for
from runner.emulator.synth import scores
from runner.records.provider import Mode

if TYPE_CHECKING:
    from starlette.requests import Request

    from runner.emulator.faults import Fault
    from runner.emulator.play import Answer
    from runner.emulator.routing import Match, Operation
    from runner.emulator.studio import Studio
    from runner.records.catalog import Model
    from runner.records.provider import Provider
    from runner.records.source import Json


class EmulatedProviders(Struct, kw_only=True):
    """Every provider of a catalog; answers come from its recorded replies."""

    faults: tuple[Fault, ...]
    known: tuple[Operation, ...]
    ledger: Ledger = field(default_factory=Ledger)
    jobs: dict[str, Job] = field(default_factory=dict)
    studio: Studio | None = None

    async def answer(self, request: Request) -> Response:
        """Answer a request to any path of any provider."""
        path = request.scope["raw_path"].decode("ascii", "replace")
        found = match(self.known, request.method, path)
        if not found:
            self.ledger.counts["not_found"] += 1
            return JSONResponse({"error": f"No provider has {request.method} {path}"}, 404)
        meant = next((one for one in found if has_key(one.operation.provider, request.headers)), None)
        if meant is None:
            return self.keyless(request, found[0].operation)
        match meant.operation.kind:
            case "submit":
                return await self.submit(request, meant.operation)
            case "poll":
                return self.poll(request, meant)
            case "list":
                return self.list_jobs(request, meant.operation.provider)
            case "cancel":
                return self.cancel(meant)

    def keyless(self, request: Request, operation: Operation) -> Response:
        """Refuse a request without a key."""
        if operation.kind == "submit":
            self.ledger.enter(operation.provider, None, None, request.headers)["status"] = 401
        return _response(play.error(operation.provider, 401))

    async def submit(self, request: Request, operation: Operation) -> Response:
        """Accept a submission, or refuse it; a synchronous provider answers when the audio is ready."""
        provider = operation.provider
        body = checks.parse_body(await request.body())
        model = model_for(operation.models, body) if isinstance(body, dict) else None
        entry = self.ledger.enter(provider, model, body if isinstance(body, dict) else None, request.headers)
        response = await self._submitted(request, operation, model, body, entry)
        entry["status"] = response.status_code
        return response

    async def _submitted(
        self, request: Request, operation: Operation, model: Model | None, body: dict[str, Json] | str, entry: Json
    ) -> Response:
        provider = operation.provider
        if isinstance(body, str):
            return _response(play.error(provider, 400, body))
        if model is None:
            return _response(play.error(provider, 400, checks.unknown_model(operation.models)))
        params = checks.params_of(provider, model, body)
        refusal = checks.params_problem(model, params) or checks.webhook_problem(provider, request.headers, body)
        if refusal:
            return _response(play.error(provider, 400, refusal))
        nth_of_model = self.ledger.by_model[model.id]
        fault = pick(self.faults, model=model.id, nth=entry["nth"], nth_of_model=nth_of_model)
        refused = fault if fault and (fault.do, fault.on) == ("http", "submit") else None
        if refused and not refused.charged:
            return _response(play.error(provider, refused.status))
        job = self._begin(provider, model, body, params, fault)
        accept(entry, job)
        if refused:
            return _response(play.error(provider, refused.status))
        match provider.mode:
            case Mode.ASYNC:
                return _response(play.accepted(provider, job.facts(poll_url=self._poll_url(request, job))))
            case Mode.SYNC_JSON | Mode.SYNC_BYTES:
                return await self._when_made(request, job)
            case Mode.LOCAL:
                raise AssertionError("a local model has no operations")
        assert_never(provider.mode)

    def _begin(
        self, provider: Provider, model: Model, body: dict[str, Json], params: dict[str, Json], fault: Fault | None
    ) -> Job:
        asked = scores(model, params)
        ids = new_ids(provider, model, count=len(self.jobs) + 1, takes=len(asked))
        job = Job(ids=ids, provider=provider, model=model, body=body, scores=asked, fault=fault)
        assert self.studio is not None, "the application's lifespan opens the studio"
        self.studio.begin(job)
        self.jobs[job.id] = job
        return job

    async def _when_made(self, request: Request, job: Job) -> Response:
        """Answer a synchronous submission when its audio is made."""
        if job.fault and job.fault.do == "never-ends":
            await asyncio.Event().wait()
        await asyncio.wait([asyncio.wrap_future(future) for future in job.work])
        if job.broken or (job.fault and job.fault.do == "failed"):
            message = job.broken or play.MESSAGE
            if job.provider.status is None:
                return _response(play.error(job.provider, 500, message))
            return _response(play.failed(job.provider, job.facts(message=message)))
        if job.provider.mode.answers_audio:
            return Response(job.files[0].read_bytes(), media_type=job.scores[0].media_type)
        return _response(play.done(job.provider, job.facts(media=take_links(job, str(request.base_url)))))

    def poll(self, request: Request, meant: Match) -> Response:
        """Answer with the status of a job."""
        self.ledger.counts["polls"] += 1
        provider, job = meant.operation.provider, self._job(meant)
        if job is None:
            return _response(play.error(provider, 404, _unknown(provider, meant.id)))
        fault, earlier = job.fault, job.polls
        answer = self._view(request, job)
        job.polls += 1
        if fault and (fault.do, fault.on) == ("http", "poll") and earlier < fault.times:
            return _response(play.error(provider, fault.status))
        return _response(answer)

    def _view(self, request: Request, job: Job) -> Answer:
        """Return the poll answer for the present state of `job`."""
        word = job.word
        if word is not None:
            return play.waiting(job.provider, job.facts(), word)
        fault = job.fault if job.fault and job.fault.do == "failed" else None
        if job.stopped or job.broken or fault:
            message = "The job was cancelled." if job.stopped else job.broken
            return play.failed(job.provider, job.facts(message=message), fault.word if fault else None)
        return play.done(job.provider, job.facts(media=take_links(job, str(request.base_url))))

    def list_jobs(self, request: Request, provider: Provider) -> Response:
        """List the provider's jobs, the newest first."""
        self.ledger.counts["lists"] += 1
        mine = [job for job in reversed(self.jobs.values()) if job.provider.name == provider.name]
        return _response(play.listing(provider, tuple((self._view(request, job), job.facts()) for job in mine)))

    def cancel(self, meant: Match) -> Response:
        """Cancel a running job, when the provider's cancel stops jobs."""
        self.ledger.counts["cancels"] += 1
        provider, job = meant.operation.provider, self._job(meant)
        if job is None or job.word is None:
            return _response(play.error(provider, 404, f"Unable to locate running {meant.id}"))
        job.stopped = provider.cancel is not None and provider.cancel.meaning == "stops-job"
        return JSONResponse({})

    async def media(self, request: Request) -> Response:
        """Send one take; links need no key, and requests that bring one are counted."""
        self.ledger.counts["downloads"] += 1
        auths = {operation.provider.auth.header for operation in self.known if operation.provider.auth}
        self.ledger.counts["keys_on_media"] += any(name in request.headers for name in auths)
        token, name = request.path_params["token"], request.path_params["name"]
        job = next((job for job in self.jobs.values() if job.token == token), None)
        return serve_take(job, name)

    async def show_ledger(self, _: Request) -> Response:
        """Answer with the ledger."""
        return JSONResponse(self.ledger.as_json())

    def _job(self, meant: Match) -> Job | None:
        job = self.jobs.get(meant.id)
        return job if job and job.provider.name == meant.operation.provider.name else None

    def _poll_url(self, request: Request, job: Job) -> str:
        poll = job.provider.poll
        return str(request.base_url).rstrip("/") + poll.path.replace("{id}", quote(job.id, safe="")) if poll else ""


def _response(answer: Answer) -> Response:
    return JSONResponse(answer.json, answer.status)


def _unknown(provider: Provider, job_id: str) -> str | None:
    """Return the message for an unknown id; None when the provider's own message is recorded."""
    recorded = any(reply["status"] == 404 for reply in provider.replies.get("errors", ()))
    return None if recorded else f"Request '{job_id}' not found"
