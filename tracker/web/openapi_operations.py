"""What programs may ask of the API: one row an operation, made beside the function that answers."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from werkzeug.exceptions import NotAcceptable

from tracker.pages.page import pattern_of
from tracker.queries.select import bounded_snapshot
from tracker.web.openapi_parameters import Parameter, read
from tracker.web.state import state

Function = Callable[..., Any]

# Who asks for text, means the form of errors.
_UNDERSTOOD = ("application/json", "application/problem+json", "text/plain", "text/html")


@dataclass(frozen=True)
class Operation:
    """A method at a path template.

    answers    the type of the body for each status that is no error; None: no body, or none of ours
    refuses    the statuses of errors beyond those that every operation has
    door       what opens it (see `callers.DOORS`); "" where nothing does but what is sent
    body       media types of the request's body, with their schemas
    as_text    whether it is also told as lines of text
    name       what the document calls it; "" for the name of the function
    """

    method: str
    path: str
    function: Function
    answers: Mapping[int, Any]
    parameters: tuple[Parameter, ...] = ()
    refuses: tuple[int, ...] = ()
    door: str = "read"
    body: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    as_text: bool = False
    name: str = ""

    @property
    def query(self) -> tuple[Parameter, ...]:
        """The parameters behind the `?`."""
        return tuple(each for each in self.parameters if each.place == "query")

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the parts of a path below `/api/v1/jobs/`."""
        return pattern_of(self.path.removeprefix("/api/v1/jobs/"))

    @property
    def rule(self) -> str:
        """The path as a rule of Werkzeug."""
        return re.sub(r"\{(\w+)\}", r"<\1>", self.path)


@dataclass
class Operations:
    """The operations of one module, in the order in which it defines them."""

    blueprint: Blueprint | None = None
    rows: list[Operation] = field(default_factory=list)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.rows)

    def get(
        self,
        path: str,
        answers: Any,
        *parameters: Parameter,
        moved: bool = False,
        refuses: tuple[int, ...] = (),
        door: str = "read",
    ) -> Callable[[Function], Function]:
        """Answer GET with what a function makes of its parameters, from one snapshot.

        The function is called with the parameters' values by name and answers a struct, or a
        response of its own, which is a redirect where `moved`.
        """

        def add(function: Function) -> Function:
            statuses = {200: answers, **({308: None} if moved else {})}
            refused = (404, 406, *refuses)
            row = Operation("get", path, function, statuses, parameters, refused, door)
            self.rows.append(row)
            if self.blueprint is not None:
                view = functools.partial(reply, row)
                self.blueprint.add_url_rule(row.rule, function.__name__, view, methods=["GET"])
            return function

        return add

    def post(self, path: str, answers: Mapping[int, Any], **more: Any) -> Callable[[Function], Any]:
        """Have a view answer POST; it reads its parameters and its body by itself."""

        def add(view: Function) -> Function:
            row = Operation("post", path, view, answers, **more)
            self.rows.append(row)
            assert self.blueprint is not None
            for methods, each in ((["POST"], view), (["OPTIONS"], _post_alone)):
                self.blueprint.add_url_rule(
                    row.rule,
                    each.__name__,
                    each,
                    methods=methods,
                    provide_automatic_options=False,
                )
            return view

        return add


def _post_alone(**_parts: str) -> Response:
    """What may be done where something is sent: the pages that any path may have are not there."""
    return Response(headers={"Allow": "OPTIONS, POST"})


def reply(operation: Operation, **parts: str) -> Response:
    """The answer of a GET operation to the request that is served."""
    values = asked(operation)
    state()
    with bounded_snapshot():
        found = operation.function(**parts, **values)
    return found if isinstance(found, Response) else as_json(found)


def asked(operation: Operation) -> dict[str, Any]:
    """The values of the request's parameters; UsageError or NotAcceptable for what cannot be."""
    accepted = request.accept_mimetypes
    if accepted and not any(accepted[kind] for kind in _UNDERSTOOD):
        raise NotAcceptable("The answer is JSON. Ask for application/json, or for anything.")
    return read(request.args, operation.query)


def as_json(body: object, status: int = 200) -> Response:
    """A struct as JSON, with the address of the next page also as a header."""
    response = Response(msgspec.json.encode(body), status, mimetype="application/json")
    following = getattr(body, "next", None)
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response
