"""Passwords: which are good enough, their scrypt hashes, and remembering what was checked."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict

from werkzeug.security import check_password_hash, generate_password_hash

from tracker.errors import UsageError
from tracker.store.tokens import PREFIX

LEAST, MOST = 12, 1000
# 32 MB and about a fifth of a second for each guess; at most one at a time in a process.
METHOD = "scrypt:32768:8:3"
REMEMBERED_SECONDS = 300
REMEMBERED = 1000
# What the commonest long passwords are made of, beside digits and rows of keys.
WORDS = (
    "password",
    "passwort",
    "passw0rd",
    "welcome",
    "letmein",
    "iloveyou",
    "administrator",
    "admin",
    "changeme",
    "secret",
    "default",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "qwertyuiop",
    "qwertz",
    "qwerty",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r",
    "abcdefghijklmnopqrstuvwxyz",
    "regression",
    "tracker",
    "jenkins",
    "testing",
    "test",
)
_LEAST_LEFT = 5

# A process that is read out must not give the passwords themselves.
_KEY = secrets.token_bytes(32)
_remembered: OrderedDict[bytes, float] = OrderedDict()
_one_at_a_time = threading.Lock()


def refuse_weak(password: str, name: str) -> None:
    """UsageError, with the reason, for a password that is soon guessed."""
    if len(password) < LEAST:
        raise _weak(f"has fewer than {LEAST} characters")
    if len(password) > MOST:
        raise _weak(f"has more than {MOST} characters")
    if not password.isprintable():
        raise _weak("holds control characters")
    if password.startswith(PREFIX):
        raise _weak(f"begins with {PREFIX}, as tokens do")
    if len(set(_uncommon(password, name))) < _LEAST_LEFT:
        raise _weak("is made of common words, names, digits and signs alone")


def hashed(password: str) -> str:
    """What is kept of a password."""
    return generate_password_hash(password, METHOD, salt_length=22)


def is_remembered(kept: str, password: str) -> bool:
    """Whether the password was found right a short time ago: browsers send it each time."""
    until = _remembered.get(_mark(kept, password))
    return until is not None and time.monotonic() < until


def is_right(kept: str, password: str) -> bool:
    """Whether a password is the one of which `kept` is the hash. Takes long, by intention."""
    if len(password) > MOST:
        return False
    with _one_at_a_time:
        found = check_password_hash(kept, password)
    if found:
        _remember(_mark(kept, password))
    return found


def _remember(mark: bytes) -> None:
    _remembered[mark] = time.monotonic() + REMEMBERED_SECONDS
    _remembered.move_to_end(mark)
    while len(_remembered) > REMEMBERED:
        _remembered.popitem(last=False)


def _mark(kept: str, password: str) -> bytes:
    text = f"{kept}\0{password}".encode("utf-8", "surrogatepass")
    return hmac.digest(_KEY, text, hashlib.sha256)


def _uncommon(password: str, name: str) -> str:
    """What is left of a password without names, words and digits that everybody uses."""
    left = password.casefold()
    for word in (name.casefold(), *WORDS):
        left = left.replace(word, "")
    return re.sub(r"[\d\W_]", "", left)


def _weak(why: str) -> UsageError:
    return UsageError(
        f"The password {why}.",
        f"Choose one of {LEAST} characters or more, such as four unrelated words.",
    )
