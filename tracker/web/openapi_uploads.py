"""What an upload may say of itself, and what whoever sent it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from tracker.queries.answers import UploadAnswer
from tracker.web.openapi_parameters import facets, flag, header, line, moment, number
from tracker.web.openapi_schemas import REFERENCE

QUERY = (
    line(
        "job",
        "The full name of the job; with `server`, as that server calls it.",
        example="team/nightly",
        is_required=True,
    ),
    number("build", "The number of the build.", is_required=True),
    line("server", "The Jenkins that the job is on, by its name here.", example="main"),
    line("name", "What the report is called, of a body that is one.", example="results/a.xml"),
    line("branch", "The branch that was tested.", example="main"),
    line("commit", "The commit that was tested.", example="4f2a9c1"),
    line("url", "The address of the build.", example="https://jenkins.example/job/team/12/"),
    moment(
        "started",
        "When the build began: RFC 3339, or seconds or ms since 1970; a day ahead at most.",
    ),
    facets("facet", "What tells these results from others, as `platform:linux`."),
    flag("complete", "No more reports of this build will come."),
    flag("replace", "Put the report in the place of the one of its name."),
)
HEADERS = (
    header("Content-Digest", "The SHA-256 of the body as it is sent (RFC 9530)."),
    header("Prefer", "`respond-async` leaves the reading to the worker (RFC 7240)."),
)
_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
BODY = {
    "application/octet-stream": {"type": "string", "format": "binary"},
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": _FILES},
        "required": ["file"],
    },
}


@dataclass(frozen=True)
class Uploaded(UploadAnswer):
    """What was recorded of an upload, and the page of the build."""

    url: str


@dataclass(frozen=True)
class ReadLater(UploadAnswer):
    """What the worker recorded of an upload; `status` is the one it would have been told by."""

    status: int


class RefusedLater(msgspec.Struct, frozen=True):
    """Why the worker refused an upload, and the status it would have been told by."""

    status: int
    error: str


OUTCOMES = (ReadLater, RefusedLater)
_Outcome = Annotated[
    Any,
    msgspec.Meta(
        extra_json_schema={
            "anyOf": [
                *({"$ref": REFERENCE.format(name=kind.__name__)} for kind in OUTCOMES),
                {"type": "null"},
            ]
        }
    ),
]


class UploadStatus(msgspec.Struct, frozen=True):
    """How far an upload is that the worker reads: `done` once there is an answer.

    `error` is what went wrong with the last attempt, of an upload that will be tried again.
    """

    state: str
    error: str
    answer: _Outcome


class Queued(msgspec.Struct, frozen=True):
    """That an upload is safe and will be read; `status_url` tells how it went."""

    state: str
    status_url: str
