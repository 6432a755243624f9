"""Lists of the API in pages by key: `limit` and `after` in, `items` and `next` out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from flask import Response, request

from tracker.errors import UsageError
from tracker.web import parameters

DEFAULT_LIMIT = 50
MOST = 200


def paging(*more: str) -> tuple[int, str | None]:
    parameters.refuse_unknown(request.args, ("limit", "after", *more))
    limit = parameters.number(request.args, "limit") if "limit" in request.args else DEFAULT_LIMIT
    if limit > MOST:
        raise UsageError(f"limit={limit} is more than {MOST}.", "Follow `next` for the rest.")
    return limit, request.args.get("after")


def bad_cursor(after: str) -> UsageError:
    return UsageError(
        f"after={after[:40]!r} does not come from a `next` of this list.",
        "Leave it out for the first page.",
    )


def listed(
    items: Sequence[dict[str, Any]],
    limit: int,
    cursor: Callable[[], str],
    about: dict[str, Any] | None = None,
) -> Response:
    """A page of a list; `next` is the address of the following one, None on the last."""
    following = None
    if len(items) > limit:
        given = [(key, value) for key, value in request.args.items(multi=True) if key != "after"]
        following = f"{quote(request.path, safe='/~')}?{urlencode([*given, ('after', cursor())])}"
    response = answer({**(about or {}), "items": items[:limit], "next": following})
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def answer(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), mimetype="application/json")
