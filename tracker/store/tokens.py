"""Tokens that open the doors for writing: made once, kept as their SHA-256 only."""

from __future__ import annotations

import hashlib
import re
import secrets

from tracker.errors import Conflict, NotFound, Unauthorised, UsageError
from tracker.store.connection import reading, writing
from tracker.store.models import Token

PREFIX = "trk_"
SCOPES = ("hook", "ingest", "read", "admin")
# The scopes that open each door. What stands in an address ends in logs, so the token there must
# be one that opens nothing else.
DOORS = {
    "hook": ("hook", "ingest", "admin"),
    "hook address": ("hook",),
    "ingest": ("ingest", "admin"),
    "read": ("read", "admin"),
    "admin": ("admin",),
}


def create_token(name: str, *, scope: str = "ingest", now: int) -> str:
    """Make a token; this is the only time its text is seen."""
    if scope not in SCOPES:
        raise UsageError(f"No scope is called {scope!r}.", f"There are {', '.join(SCOPES)}.")
    if not re.fullmatch(r"[\w.@-]{1,100}", name):
        raise UsageError(
            f"A token cannot be called {name!r}.", "Use letters, digits and . _ - @ only."
        )
    text = PREFIX + secrets.token_urlsafe(32)
    with writing():
        if Token.select().where(Token.name == name).exists():
            raise Conflict(f"A token named {name!r} exists.", "Revoke it, or choose another name.")
        Token.create(name=name, digest=_digest(text), hint=text[:8], scope=scope, created=now)
    return text


def revoke_token(name: str, *, now: int) -> None:
    """From now on the token opens nothing."""
    with writing():
        changed = Token.update(revoked=now).where((Token.name == name) & Token.revoked.is_null())
        if not changed.execute():
            raise NotFound(
                f"No token named {name!r} is in use.", "`tracker token list` shows them."
            )


def check_token(text: str, door: str) -> str:
    """The name of the token, if it opens the door; Unauthorised otherwise.

    Looking up a digest gives a guesser nothing: how long it takes says nothing about the text.
    """
    with reading():
        token = Token.get_or_none((Token.digest == _digest(text)) & Token.revoked.is_null())
    if token is None or token.scope not in DOORS[door]:
        raise Unauthorised(
            "A token is needed for this, and the one sent does not open it.",
            "Send `Authorization: Bearer …`; `tracker token create NAME` makes one.",
        )
    return str(token.name)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
