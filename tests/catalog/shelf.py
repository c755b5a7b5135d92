"""The shipped schemas, and the case files, as the tests of the catalog read them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from runner.catalog.models import Catalog, build_catalog
from runner.diagnostics.json_document import JsonDocument, parse_json
from runner.records.exchange import Reply

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"
CASES = ROOT / "tests" / "cases" / "protocol"
FILES: dict[str, Any] = {
    path.relative_to(SCHEMAS).as_posix(): json.loads(path.read_text("utf-8"))
    for folder in ("models", "providers")
    for path in sorted((SCHEMAS / folder).rglob("*.json"))
}
META: dict[str, Any] = {
    name: json.loads((SCHEMAS / name).read_text("utf-8")) for name in ("model.schema.json", "provider.schema.json")
}
CATALOG: Catalog = build_catalog(FILES, {}, {})
MODELS = sorted(CATALOG.models)
REMOTE = sorted(name for name, provider in CATALOG.providers.items() if not provider.mode.is_local)


def own(files: dict[str, Any]) -> dict[str, JsonDocument]:
    """Return files as a project brings them: written as JSON, read with their places."""
    return {name: parse_json(json.dumps(data, indent=2), f"schemas/{name}") for name, data in files.items()}


def cases(word: str) -> list[Any]:
    """Collect the cases that have `word` (call, submit or poll), each with its provider and a readable id."""
    return [
        {**case, "provider": path.parent.name, "id_": f"{path.parent.name}: {case['name']}"}
        for path in sorted(CASES.rglob("*.json"))
        for case in json.loads(path.read_text("utf-8"))["cases"]
        if word in case
    ]


def reply(data: dict[str, Any]) -> Reply:
    """Build a Reply from a case: `json`, or `text` repeated `times` with `then` after it, or `base64`."""
    if "base64" in data:
        body = base64.b64decode(data["base64"])
    elif "text" in data:
        body = (data["text"] * data.get("times", 1) + data.get("then", "")).encode()
    else:
        body = json.dumps(data["json"]).encode()
    return Reply(status=data["status"], headers=data.get("headers", {}), body=body)


def faults(model: str, params: dict[str, Any]) -> list[str]:
    """Validate parameters as the pipeline room does: a rule's own sentence where it has one."""
    found = Draft7Validator(CATALOG.models[model].schema).iter_errors(params)
    return [fault.schema.get("$comment", fault.message) for fault in found]
