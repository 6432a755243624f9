"""People who sign in by name and password, or with a PIN until they have set a password."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable

from tracker.clock import DAY
from tracker.errors import Conflict, Forbidden, NotFound, Unauthorised, UsageError
from tracker.store import audit, passwords
from tracker.store.callers import Caller, check_name
from tracker.store.connection import reading, writing
from tracker.store.models import Person

SCOPES = ("admin", "read")
# As the hash of a password, which nobody has.
_NOBODYS = f"{passwords.METHOD}${secrets.token_hex(11)}${secrets.token_hex(64)}"
# A PIN is soon guessed, however slowly one may try.
PIN_LIFE = DAY


def add_person(name: str, password: str, *, scope: str = "admin", now: int) -> None:
    """Let somebody sign in; UsageError for a password that is soon guessed."""
    passwords.refuse_weak(password, name)
    _add(name, passwords.hashed(password), scope, now, pin_until=None)


def take_pin(name: str, digest: str, *, scope: str = "admin", now: int) -> int:
    """Let somebody set a password with the PIN of which this is the SHA-256 in hexadecimal.

    Until when (ms). The digest itself is not kept: of so few digits it would be as good as the PIN.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise UsageError(
            "This is no SHA-256 in hexadecimal.", "The earlier application keeps one of its PIN."
        )
    until = now + PIN_LIFE
    _add(name, passwords.hashed(digest.lower()), scope, now, pin_until=until)
    return until


def set_password(name: str, password: str, *, now: int) -> None:
    """Give somebody another password; a PIN ends with it."""
    passwords.refuse_weak(password, name)
    _set(name, passwords.hashed(password), now)


def remove_person(name: str) -> None:
    """From now on this person opens nothing."""
    with writing():
        _known(name).delete_instance()
        audit.note("person removed", name)


def sign_in(name: str, password: str, *, now: int, before_guess: Callable[[], None]) -> Caller:
    """Who this is; Unauthorised, in the same words, for an unknown name and a wrong password.

    `before_guess` is called before a password is tried that was not found right a short time ago;
    what it raises is raised. Forbidden for a PIN, which opens nothing here.
    """
    person = _recognised(name, password, now, before_guess)
    if person.pin_until is not None:
        raise Forbidden(
            f"{name} has signed in with the PIN of the earlier application, which opens nothing.",
            "Set a password with it first, at /settings/password/.",
        )
    return Caller("person", person.name, person.scope)


def change_password(
    name: str, present: str, wanted: str, *, now: int, before_guess: Callable[[], None]
) -> None:
    """Set the password of somebody who knows the present one, or the PIN."""
    before = _recognised(name, present, now, before_guess)
    if wanted == present:
        raise UsageError("The new password is the present one.", "Choose another one.")
    passwords.refuse_weak(wanted, name)
    audit.acting(f"person {name}", audit.address())
    _set(name, passwords.hashed(wanted), now, instead_of=before.secret)


def _recognised(name: str, password: str, now: int, before_guess: Callable[[], None]) -> Person:
    with reading():
        person = Person.get_or_none(Person.name == name)
    kept = person.secret if person else _NOBODYS
    text = _digest(password) if person and person.pin_until is not None else password
    if not passwords.is_remembered(kept, text):
        before_guess()
        if not passwords.is_right(kept, text):  # as long for nobody as for somebody
            raise _unknown()
    if person is None or now >= (person.pin_until or now + 1):
        raise _unknown()
    return person


def _set(name: str, secret: str, now: int, *, instead_of: str | None = None) -> None:
    """Keep the hash of another password, if the present one is yet what was checked."""
    with writing():
        person = _known(name)
        if instead_of not in (None, person.secret):
            raise _unknown()
        Person.update(secret=secret, pin_until=None, changed=now).where(
            Person.id == person.id
        ).execute()
        audit.note("password set", name)


def _unknown() -> Unauthorised:
    return Unauthorised(
        "No person of this name has this password.",
        "`tracker person password NAME` sets another one.",
    )


def _digest(pin: str) -> str:
    return hashlib.sha256(pin.encode("utf-8", "surrogatepass")).hexdigest()


def _add(name: str, secret: str, scope: str, now: int, *, pin_until: int | None) -> None:
    check_name("person", name)
    if scope not in SCOPES:
        raise UsageError(f"No person has the scope {scope!r}.", f"There are {', '.join(SCOPES)}.")
    with writing():
        if Person.select().where(Person.name == name).exists():
            raise Conflict(
                f"A person named {name!r} is known.", "`tracker person password` sets a password."
            )
        Person.create(
            name=name, scope=scope, secret=secret, pin_until=pin_until, created=now, changed=now
        )
        audit.note("person added", name, scope if pin_until is None else f"{scope}, with a PIN")


def _known(name: str) -> Person:
    person: Person | None = Person.get_or_none(Person.name == name)
    if person is None:
        raise NotFound(f"No person named {name!r} is known.", "`tracker person list` has them.")
    return person
