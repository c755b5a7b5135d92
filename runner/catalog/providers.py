"""Read one provider file: an HTTP API as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.provider import (
    Auth,
    Cancel,
    Echo,
    Endpoint,
    ErrorGroup,
    ErrorRow,
    Listing,
    Mode,
    Provider,
    ResultRules,
    StatusRules,
    Transform,
    WebhookRules,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.provider import ProjectFile
    from runner.records.source import Json

NO_REPLIES: dict[str, Json] = {}


def parse_provider(data: Mapping[str, Json], project_file: ProjectFile | None = None) -> Provider:
    """Turn a provider file, whose shape has been checked, into a Provider; `project_file` when it is a project's own."""
    submit, poll, identity = data.get("submit"), data.get("poll"), data.get("id") or {}
    errors, pace = data.get("errors") or {}, data.get("pace") or {}
    auth, status, result, webhook = (data.get(key) for key in ("auth", "status", "result", "webhook"))
    limit = pace.get("submits")
    return Provider(
        name=data["name"],
        title=data["title"],
        mode=Mode(data["mode"]),
        base_url=data.get("base_url", ""),
        auth=Auth(**auth) if auth else None,
        submit=_endpoint(submit) if submit else None,
        accepted=tuple(submit["accepted"]) if submit else (),
        id_path=identity.get("path"),
        id_is_private=identity.get("private", False),
        poll=_endpoint(poll) if poll else None,
        poll_s=float((poll or {}).get("interval_s", 5)),
        status=_status(status) if status else None,
        result=_result(result) if result else None,
        echo=Echo(**data["echo"]) if data.get("echo") else None,
        error_paths=tuple(errors.get("message", ())),
        errors=tuple(_error_row(row) for row in errors.get("rows", ())),
        cancel=_cancel(data["cancel"]) if data.get("cancel") else None,
        listing=_listing(data["list"]) if data.get("list") else None,
        webhook=WebhookRules(**webhook) if webhook else None,
        max_in_flight=pace.get("max_in_flight", 4),
        submits=(limit["count"], float(limit["per_s"])) if limit else None,
        submit_timeout_s=float((submit or {}).get("timeout_s", 180)),
        replies=data.get("replies", NO_REPLIES),
        id_shape=identity.get("shape", "{uuid}"),
        notes=tuple(data["notes"]),
        project_file=project_file,
    )


def _endpoint(data: Mapping[str, Json]) -> Endpoint:
    headers = dict(data.get("headers", {}))
    return Endpoint(method=data["method"], path=data["path"], headers=headers, url_from=data.get("url_from"))


def _status(data: Mapping[str, Json]) -> StatusRules:
    uncharged = tuple(data.get("uncharged", ()))
    return StatusRules(path=data["path"], words=dict(data["words"]), final_path=data.get("final"), uncharged=uncharged)


def _result(data: Mapping[str, Json]) -> ResultRules:
    transform = data.get("transform")
    return ResultRules(**{**data, "transform": None if transform is None else Transform(transform)})


def _error_row(data: Mapping[str, Json]) -> ErrorRow:
    return ErrorRow(**{**data, "group": ErrorGroup(data["group"])})


def _cancel(data: Mapping[str, Json]) -> Cancel:
    return Cancel(endpoint=_endpoint(data), meaning=data["means"])


def _listing(data: Mapping[str, Json]) -> Listing:
    pages = data.get("pages") or {}
    return Listing(
        endpoint=_endpoint(data),
        items=data["items"],
        id=data["id"],
        prompt=data["prompt"],
        created=data["created"],
        next=pages.get("next"),
        page_param=pages.get("param"),
    )


def paths(provider: Provider) -> dict[str, str]:
    """Collect every JMESPath of a provider under the name of its place in the file."""
    found = {
        "id.path": provider.id_path,
        "poll.url_from": provider.poll.url_from if provider.poll else None,
        **{f"errors.message[{index}]": path for index, path in enumerate(provider.error_paths)},
    }
    if rules := provider.status:
        found |= {"status.path": rules.path, "status.final": rules.final_path}
    if result := provider.result:
        found |= {f"result.{name}": getattr(result, name) for name in ("media", "media_type", "seeds", "seconds")}
    if echo := provider.echo:
        found |= {"echo.model": echo.model, "echo.prompt": echo.prompt}
    if listing := provider.listing:
        found |= {f"list.{name}": getattr(listing, name) for name in ("items", "id", "prompt", "created", "next")}
    return {place: path for place, path in found.items() if path is not None}
