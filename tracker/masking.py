"""Secrets in what is written: those that this process knows, and what looks like one.

The text of an exception may hold a secret in any form. Whoever reads one from a file or a setting
says so here; a token of the tracker, or what stands behind `password=`, is told by how it looks.
"""

from __future__ import annotations

import re
import threading
from urllib.parse import quote, unquote, urlsplit

MASK = "***"
# A password that is shorter may be a word, such as `tracker`, that stands in every traceback.
SHORTEST = 12

_LOOKS = (
    (re.compile(r"trk_[\w-]{8,}"), f"trk_{MASK}"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}"), rf"\1{MASK}"),
    (
        re.compile(
            r"(?i)((?:token|password|passwd|secret|api[_-]?key)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;]+"
        ),
        rf"\1{MASK}",
    ),
)
# The longest first: one may stand in another.
_known: tuple[str, ...] = ()
_learning = threading.Lock()


def know(secret: str) -> None:
    """From now on this process masks a secret wherever it stands, also as addresses spell it."""
    global _known
    if len(secret) >= SHORTEST:
        spelt = {secret, quote(secret, safe=""), repr(secret)[1:-1]}
        with _learning:
            _known = tuple(sorted(spelt.union(_known), key=len, reverse=True))


def know_password_of(address: str) -> None:
    """The same for the password in an address, where it has one."""
    try:
        spelt = urlsplit(address).password or ""
    except ValueError:  # no address: whoever uses it says so
        return
    know(spelt)
    know(unquote(spelt))


def mask(text: str) -> str:
    """The text without secrets."""
    for secret in _known:
        text = text.replace(secret, MASK)
    for pattern, masked in _LOOKS:
        text = pattern.sub(masked, text)
    return text
