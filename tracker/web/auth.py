"""Who asks: a token, as bearer or as a password of Basic authentication, or a person."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask, g, request

from tracker.clock import now_ms
from tracker.errors import Busy, Forbidden, TooMany, TrackerError, Unauthorised
from tracker.store import audit, people
from tracker.store.callers import Caller
from tracker.store.tokens import PREFIX, check_token
from tracker.web import limits
from tracker.web.addresses import address, network
from tracker.web.open_doors import WHERE_PINS_END, is_open
from tracker.web.state import settings, state

log = logging.getLogger("tracker.web")

# What those who send may do is counted; an upload's status and reading are requests like others.
_COUNTED = frozenset({"hook", "hook address", "ingest"})
# The doors of what is read, where reading needs a token and it is another one than `read`.
_READING = {"ingest.queued": "upload status"}
_HOW = "Send `Authorization: Bearer …`; `tracker token create NAME` makes one."


def register(app: Flask) -> None:
    """Know of every request where it comes from."""
    app.before_request(_nobody_yet)


def guard_reading(app: Flask) -> None:
    """Where reading needs a token, let nobody look at anything but what is open to all."""
    app.before_request(_guard_reading)


def require(door: str) -> Caller:
    """Who asks, if that opens the door; Unauthorised or Forbidden otherwise."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and value.strip():
        return by_token(value.strip(), door)
    sent = request.authorization
    if kind.lower() == "basic" and sent and sent.password:
        if sent.password.startswith(PREFIX) or not sent.username:
            return by_token(sent.password, door)
        return _by_password(sent.username, sent.password, door)
    raise Unauthorised("A token is needed for this.", _HOW)


def by_token(text: str, door: str) -> Caller:
    """Whose token this is, wherever in the request it stood."""
    state()
    try:
        return _known(check_token(text, door, now=now_ms()), door)
    except Unauthorised:
        limits.count("refused tokens", network())
        raise


def in_form(text: str) -> Caller:
    """Whose token stands in a form; where none does, who the browser says is asking."""
    if text:
        try:
            return by_token(text, "ingest")
        except Unauthorised as error:
            raise Unauthorised(
                "The token does not open this.",
                "Go back and enter one of scope `ingest` or `admin`;"
                " `tracker token create NAME` makes one.",
            ) from error
    g.may_sign_in = True
    if request.headers.get("Authorization", "").lower().startswith("basic "):
        return require("ingest")
    raise Unauthorised(
        "Nothing was done: a token is missing.",
        "Go back and enter one of scope `ingest` or `admin`, or sign in by name and password;"
        " `tracker token create NAME` makes a token.",
    )


def change_password(name: str, present: str, wanted: str) -> None:
    """Set the password of whoever knows the present one, or a PIN that was taken over."""
    with _guesses_counted(name) as before_guess:
        people.change_password(name, present, wanted, now=now_ms(), before_guess=before_guess)


@contextmanager
def _guesses_counted(name: str) -> Iterator[Callable[[], None]]:
    """Count an attempt to sign in before it is tried, and take it back when it was right."""
    counted: list[tuple[str, str]] = []

    def before_guess() -> None:
        counted.extend([("sign-ins", network()), ("sign-ins of a name", name.casefold()[:100])])
        for limit, whose in counted:
            limits.count(limit, whose)

    try:
        yield before_guess
    except Unauthorised:
        log.warning("not signed in", extra={"about": {"name": name[:100], "address": address()}})
        raise
    except (TooMany, Busy):
        raise
    except TrackerError:  # the password was right, and something else is not
        _take_back(counted)
        raise
    _take_back(counted)


def _take_back(counted: list[tuple[str, str]]) -> None:
    for limit, whose in counted:
        limits.take_back(limit, whose)


def challenges() -> list[str]:
    """The ways to say who asks, for an answer that wants to know it."""
    basic = ['Basic realm="tracker", charset="UTF-8"'] if g.get("may_sign_in") else []
    return ['Bearer realm="tracker"', *basic]


def is_private() -> bool:
    """Whether the answer is for the one who asks alone."""
    return bool(g.get("is_private"))


def _by_password(name: str, password: str, door: str) -> Caller:
    state()
    with _guesses_counted(name) as before_guess:
        caller = people.sign_in(name, password, now=now_ms(), before_guess=before_guess)
    if not caller.opens(door):
        raise Forbidden(
            f"The scope {caller.scope} of {name} does not open this.",
            "`tracker person add` gives the scope admin.",
        )
    return _known(caller, door)


def _known(caller: Caller, door: str) -> Caller:
    g.is_private = True
    audit.acting(caller.who, address())
    if door in _COUNTED:
        limits.count("uploads", caller.who)
    return caller


def _nobody_yet() -> None:
    audit.acting("somebody", address())


def _guard_reading() -> None:
    """What is sent has doors of its own."""
    if settings().reading == "open" or request.method not in ("GET", "HEAD"):
        return
    if not (is_open(request.endpoint) or request.path == WHERE_PINS_END):
        g.is_private = g.may_sign_in = True
        require(_READING.get(str(request.endpoint), "read"))
