"""Parameters of the API, each described once: how it is read, and what the document says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.errors import UsageError
from tracker.intake.facts import FACET_LIMIT, LINE_LIMIT
from tracker.pages.page import PARTS
from tracker.web import parameters
from tracker.web.parameters import Args

# A line of text, as it stands in addresses: of its characters none steers anything.
LINE = r"[^\x00-\x1f\x7f]+"
_WITH_A_WORD = r"[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a path, a query or a header.

    `schema` is JSON Schema; `read` makes a value of what was sent under the name, or of nothing
    where it was not sent, and raises UsageError for what is none. Headers and the parts of paths
    are read by what they are for, and only described here.
    """

    name: str
    means: str
    schema: Mapping[str, Any]
    read: Callable[[Args, str], Any] = parameters.text
    place: str = "query"
    is_required: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it may be given more than once."""
        return bool(self.schema["type"] == "array")

    @property
    def described(self) -> dict[str, Any]:
        """The Parameter Object of OpenAPI."""
        return {
            "name": self.name,
            "in": self.place,
            "description": self.means,
            "required": self.is_required or self.place == "path",
            "schema": dict(self.schema),
        }


def read(args: Args, known: Iterable[Parameter]) -> dict[str, Any]:
    """The values of parameters by name; UsageError for an unknown, repeated or wrong one."""
    rows = list(known)
    parameters.refuse_unknown(args, [row.name for row in rows])
    for row in rows:
        if not row.is_list and len(args.getlist(row.name)) > 1:
            raise UsageError(f"The parameter {row.name} is given twice.", "Give it once.")
        if row.is_required and not args.get(row.name):
            raise UsageError(
                f"The parameter {row.name} is missing.", f"Add {row.name}={_example(row)}."
            )
    return {row.name: row.read(args, row.name) for row in rows}


def number(
    name: str,
    means: str,
    *,
    most: int = parameters.MAX_NUMBER,
    default: int | None = None,
    is_required: bool = False,
) -> Parameter:
    """A whole number from 1 to `most`; `default`, which may be None, where it is not sent."""
    schema: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": most}
    if default is not None:
        schema["default"] = default

    def value(args: Args, name: str) -> int | None:
        return parameters.number(args, name, most) if name in args else default

    return Parameter(name, means, schema, value, is_required=is_required)


def word(name: str, means: str, words: Collection[str], default: str | None = None) -> Parameter:
    """One of some words; `default` where it is not sent."""
    schema: dict[str, Any] = {"type": "string", "enum": list(words)}
    if default is not None:
        schema["default"] = default

    def value(args: Args, name: str) -> str | None:
        sent = args.get(name, default)
        if sent is not None and sent not in words:
            raise UsageError(
                f"The parameter {name}={sent[:40]!r} is none of its values.",
                f"There are {', '.join(words)}.",
            )
        return sent

    return Parameter(name, means, schema, value)


def line(
    name: str, means: str, *, example: str, longest: int = LINE_LIMIT, is_required: bool = False
) -> Parameter:
    """A line of text; "" where it is not sent."""
    schema = {
        "type": "string",
        "maxLength": longest,
        "pattern": f"^{_WITH_A_WORD}$" if is_required else f"^({LINE})?$",
        "examples": [example],
    }
    return Parameter(name, means, schema, is_required=is_required)


def label(name: str, means: str) -> Parameter:
    """A build by its label; "" where it is not sent."""
    pattern = f"#?{PARTS['build']}"

    def value(args: Args, name: str) -> str:
        sent = args.get(name)
        if sent is not None and not re.fullmatch(pattern, sent):
            raise UsageError(
                f"The parameter {name}={sent[:40]!r} is no build.", f"Add {name}=43, for example."
            )
        return (sent or "").removeprefix("#")

    schema = {"type": "string", "pattern": f"^{pattern}$", "examples": ["43"]}
    return Parameter(name, means, schema, value)


def flag(name: str, means: str) -> Parameter:
    """true or false; false where it is not sent."""
    return Parameter(name, means, {"type": "boolean", "default": False}, parameters.flag)


def moment(name: str, means: str) -> Parameter:
    """A time in ms since 1970 UTC; None where it is not sent."""
    schema = {"type": "string", "pattern": "^$|[0-9]", "examples": ["2026-11-24T02:15:00Z"]}
    return Parameter(name, means, schema, parameters.moment)


def words(name: str, means: str, *, example: str) -> Parameter:
    """Any text, which is looked at and never refused."""
    return Parameter(name, means, {"type": "string", "examples": [example]})


def facets(name: str, means: str) -> Parameter:
    """Pairs of name and value."""
    item = {
        "type": "string",
        "pattern": rf"^[A-Za-z0-9_.\-]{{1,60}}:[^,=\x00-\x1f\x7f]{{1,{FACET_LIMIT}}}$",
        "examples": ["platform:linux"],
    }
    return Parameter(name, means, {"type": "array", "items": item}, parameters.facets)


def in_path(name: str, means: str, **schema: Any) -> Parameter:
    """A part of a path, which the route takes apart."""
    return Parameter(name, means, {"type": "string", **schema}, place="path")


def header(name: str, means: str, **schema: Any) -> Parameter:
    """A header, which is read where the body is."""
    return Parameter(name, means, {"type": "string", **schema}, place="header")


JOB = in_path(
    "job",
    "The full name of the job. Its slashes may stand as they are.",
    minLength=1,
    examples=["team/nightly"],
)
BUILD = in_path(
    "build",
    "The number of the build; of an older incarnation of the job `number~epoch`.",
    pattern=f"^{PARTS['build']}$",
    examples=["12"],
)
CASE = in_path(
    "case",
    "The key of the case, as lists give it.",
    pattern=f"^{PARTS['case']}$",
    examples=["0123456789abcdef"],
)


def _example(row: Parameter) -> str:
    return str(row.schema.get("examples", ["12"])[0])
