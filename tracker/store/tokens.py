"""Tokens that open doors: made once, kept as their SHA-256 only, until they end."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from tracker.clock import DAY, HOUR
from tracker.errors import Busy, Conflict, NotFound, StorageError, Unauthorised, UsageError
from tracker.store import audit
from tracker.store.callers import SCOPES, Caller, check_name
from tracker.store.connection import reading, writing
from tracker.store.models import Token

PREFIX = "trk_"
RANDOM_BYTES = 32
GRACE = DAY
# How long a request may wait for writing down that its token was used.
_PATIENCE_SECONDS = 0.05
# When this process last wrote, or tried to write, that a token was used: by its digest, in ms.
_noted: dict[str, int] = {}


def create_token(
    name: str,
    *,
    scope: str = "ingest",
    jobs: Sequence[str] = (),
    expires: int | None = None,
    now: int,
) -> str:
    """Make a token; this is the only time its text is seen.

    `jobs` are patterns of the jobs it may send to, `!` before those it may not; `expires` is when
    it stops opening anything (ms).
    """
    check_name("token", name)
    _refuse_scope(scope, jobs)
    _refuse_past(expires, now)
    text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    with writing():
        if Token.select().where(Token.name == name).exists():
            raise Conflict(f"A token named {name!r} exists.", "Revoke it, or choose another name.")
        Token.create(
            name=name,
            digest=_digest(text),
            hint=text[:8],
            scope=scope,
            jobs="\n".join(jobs),
            created=now,
            expires=expires,
        )
        audit.note("token created", name, ", ".join((scope, *jobs)))
    return text


def rotate_token(name: str, *, grace: int = GRACE, expires: int | None = None, now: int) -> str:
    """Another text for a token; the one before opens for `grace` ms more, older ones do not.

    Without `expires` it lives as long from now as it was made for.
    """
    _refuse_past(expires, now)
    text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    with writing():
        token = _in_use(name)
        until = now + grace if token.expires is None else min(now + grace, token.expires)
        if expires is None and token.expires is not None:
            expires = now + token.expires - token.created
        Token.update(
            digest=_digest(text),
            hint=text[:8],
            created=now,
            expires=expires,
            former=token.digest,
            former_until=until,
        ).where(Token.id == token.id).execute()
        audit.note("token rotated", name, f"the text before opens until {_said(until)}")
    return text


def revoke_token(name: str, *, now: int) -> None:
    """From now on the token opens nothing."""
    with writing():
        token = _in_use(name)
        Token.update(revoked=now).where(Token.id == token.id).execute()
        audit.note("token revoked", name)


def check_token(text: str, door: str, *, now: int) -> Caller:
    """Whose token this is, if it opens the door; Unauthorised otherwise.

    Looking up a digest gives a guesser nothing: how long it takes says nothing about the text.
    """
    digest = _digest(text)
    with reading():
        token = Token.get_or_none(
            ((Token.digest == digest) | (Token.former == digest)) & Token.revoked.is_null()
        )
    if token is None or not _is_text_of(token, digest, now):
        raise _closed()
    caller = Caller("token", token.name, token.scope, tuple(filter(None, token.jobs.split("\n"))))
    if not caller.opens(door):
        raise _closed()
    _note_use(token, now)
    return caller


def _is_text_of(token: Token, digest: str, now: int) -> bool:
    """Whether this is the token's present text, or the one before while that opens yet.

    The text of a token that ended tells whoever has it so: it is nobody's guess.
    """
    if hmac.compare_digest(token.digest, digest):
        if token.expires is not None and now >= token.expires:
            raise Unauthorised(
                f"The token {token.name!r} has expired.",
                f"`tracker token rotate {token.name}` gives it another text.",
            )
        return True
    return hmac.compare_digest(token.former, digest) and now < (token.former_until or 0)


def _note_use(token: Token, now: int) -> None:
    """Write down, once an hour, that a token is used; a request does not wait for that."""
    last = max(token.used or 0, _noted.get(token.digest, 0))
    if now - last < HOUR:
        return
    _noted[token.digest] = now
    # What only reads goes on where nothing can be written.
    with contextlib.suppress(StorageError, Busy), writing(time.monotonic() + _PATIENCE_SECONDS):
        Token.update(used=now).where(Token.id == token.id).execute()


def _in_use(name: str) -> Token:
    token: Token | None = Token.get_or_none((Token.name == name) & Token.revoked.is_null())
    if token is None:
        raise NotFound(f"No token named {name!r} is in use.", "`tracker token list` shows them.")
    return token


def _refuse_scope(scope: str, jobs: Sequence[str]) -> None:
    if scope not in SCOPES:
        raise UsageError(f"No scope is called {scope!r}.", f"There are {', '.join(SCOPES)}.")
    if jobs and scope not in ("hook", "ingest"):
        raise UsageError(
            f"A token of scope {scope} cannot be limited to jobs: pages tell of many at once.",
            "Leave out --jobs, or give --scope ingest or hook.",
        )
    if any(not each.lstrip("!") or not each.isprintable() for each in jobs):
        raise UsageError(
            "A pattern of jobs is empty or holds control characters.", "team/* is one."
        )


def _refuse_past(expires: int | None, now: int) -> None:
    if expires is not None and expires <= now:
        raise UsageError("A token cannot end before it begins.", "Give a time that is to come.")


def _closed() -> Unauthorised:
    return Unauthorised(
        "A token is needed for this, and the one sent does not open it.",
        "Send `Authorization: Bearer …`; `tracker token create NAME` makes one.",
    )


def _said(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
