"""`/api/v1/openapi.json`: the API described by OpenAPI 3.1, made from what answers it."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, request

import tracker
from tracker.web import (
    api,
    api_families,
    api_flaky,
    api_missing,
    api_search,
    api_verdicts,
    hooks,
    ingest,
)
from tracker.web.errors import Problem
from tracker.web.links import below
from tracker.web.openapi_operations import Operation, Operations
from tracker.web.openapi_schemas import schemas_of
from tracker.web.openapi_uploads import OUTCOMES
from tracker.web.state import settings

blueprint = Blueprint("openapi", __name__)
OPERATIONS = Operations(blueprint)

# What may go wrong with every request: with its host, its sender, their number, or the tracker.
ALWAYS_REFUSED = (400, 401, 403, 429, 503)
ABOUT = """\
Results of builds, judged against their history. Lists are `{"items": [...], "next": ...}`: `next`
is the address of the following page, null on the last. Times are RFC 3339 in UTC, durations
seconds. Errors are Problem Details (RFC 9457). Parameters that are not described are refused, but
by the hooks, which take what others send. Answers may have more fields in later versions."""
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token; `tracker token create NAME` makes one.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "A person's name and password, or any name and a token.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Hub-Signature-256",
        "description": "`sha256=` and the HMAC-SHA-256 of the body, where a secret is set.",
    },
}
_DOORS: Mapping[str, list[dict[str, list[str]]]] = {
    "": [],
    "hook": [{"bearer": []}, {"basic": []}, {"signature": []}],
}
# Open where reading is.
_READING = ("read", "upload status")
_SENDERS: list[dict[str, list[str]]] = [{"bearer": []}, {"basic": []}]


@OPERATIONS.get("/api/v1/openapi.json", dict[str, Any])
def openapi() -> Response:
    """This description; it changes with the version of the tracker, and with who may read."""
    base = settings().base_url.rstrip("/") or below("") or "/"
    body, tag = _encoded(base, settings().reading == "open")
    response = Response(body, mimetype="application/json")
    response.set_etag(tag)
    response.make_conditional(request)
    return response


def operations() -> Iterator[Operation]:
    """All that programs may ask, in the order of the document."""
    yield from api.OPERATIONS
    yield from reversed(api.BELOW)
    yield from api_flaky.OPERATIONS
    yield from api_families.OPERATIONS
    yield from api_missing.OPERATIONS
    yield from api_search.OPERATIONS
    yield from api_verdicts.OPERATIONS
    yield from ingest.OPERATIONS
    yield from hooks.OPERATIONS
    yield from OPERATIONS


def document(base: str, *, is_open: bool) -> dict[str, Any]:
    """The document; `is_open` tells that everybody may read."""
    rows = list(operations())
    kinds = [kind for row in rows for kind in row.answers.values() if kind is not None]
    schemas, named = schemas_of([Problem, *kinds, *OUTCOMES])
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        described = _described(row, schemas, is_open=is_open)
        paths.setdefault(row.path, {})[row.method] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Regression Tracker",
            "version": tracker.__version__,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": named,
            "responses": _refusals(rows, schemas[Problem]),
            "securitySchemes": _SCHEMES,
        },
    }


@functools.lru_cache(maxsize=8)
def _encoded(base: str, is_open: bool) -> tuple[bytes, str]:
    """The document as it is sent, and what tells it from others."""
    body = msgspec.json.encode(document(base, is_open=is_open))
    return body, hashlib.sha256(body).hexdigest()[:16]


def _described(row: Operation, schemas: Mapping[Any, Any], *, is_open: bool) -> dict[str, Any]:
    """The Operation Object of a row: its function's docstring is its summary and description."""
    summary, _, more = (inspect.getdoc(row.function) or "").partition("\n")
    found: dict[str, Any] = {
        "operationId": row.name or row.function.__name__,
        "summary": summary,
        "description": more.strip(),
        "parameters": [each.described for each in row.parameters],
        "responses": _responses(row, schemas),
        "security": _security(row.door, is_open=is_open),
    }
    if row.body:
        content = {kind: {"schema": dict(schema)} for kind, schema in row.body.items()}
        found["requestBody"] = {"required": False, "content": content}
    return found


def _security(door: str, *, is_open: bool) -> list[dict[str, list[str]]]:
    """What opens a door: any one of these."""
    if door in _DOORS:
        return _DOORS[door]
    return [{}, *_SENDERS] if door in _READING and is_open else _SENDERS


def _responses(row: Operation, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    found = {
        str(status): _response(status, schemas.get(kind), row.as_text)
        for status, kind in row.answers.items()
    }
    for status in sorted({*ALWAYS_REFUSED, *row.refuses}):
        found[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return found


def _refusals(rows: Iterable[Operation], problem: Any) -> dict[str, Any]:
    """Every error that some operation may answer, by its status."""
    statuses = {*ALWAYS_REFUSED, *(status for row in rows for status in row.refuses)}
    return {str(status): _refusal(status, problem) for status in sorted(statuses)}


def _response(status: int, schema: Any, as_text: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema is not None:
        found["content"] = {"application/json": {"schema": schema}}
        if as_text:
            found["content"]["text/plain"] = {"schema": {"type": "string"}}
    if status in (201, 202, 308):
        found["headers"] = {"Location": _text_header("Where it is.", is_required=status != 202)}
    return found


def _refusal(status: int, problem: Any) -> dict[str, Any]:
    """An error, as a program or, where lines of text were asked for, a person gets it."""
    content = {"application/problem+json": {"schema": problem}}
    found: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {**content, "text/plain": {"schema": {"type": "string"}}},
    }
    if status in (429, 503):
        found["headers"] = {"Retry-After": _text_header("Seconds until it makes sense to ask.")}
    if status == 401:
        found["headers"] = {"WWW-Authenticate": _text_header("How to say who asks.")}
    return found


def _text_header(means: str, *, is_required: bool = False) -> dict[str, Any]:
    return {"description": means, "required": is_required, "schema": {"type": "string"}}
