"""Who may do this: a bearer token, or the same text as the password of Basic authentication."""

from __future__ import annotations

from flask import request

from tracker.errors import Unauthorised
from tracker.store.tokens import check_token


def require(scope: str) -> str:
    """The name of the token that this request carries; Unauthorised without one for `scope`."""
    return check_token(_token(), scope)


def _token() -> str:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and value.strip():
        return value.strip()
    if kind.lower() == "basic" and request.authorization and request.authorization.password:
        return str(request.authorization.password)
    raise Unauthorised(
        "A token is needed for this.",
        "Send `Authorization: Bearer …`; `tracker token create NAME` makes one.",
    )
