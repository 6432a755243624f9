"""What people say of a build, checked in one place: lines of text, and the facets of reports."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tracker.errors import UsageError
from tracker.store.identity import variant_of

LINE_LIMIT = 1000
FACET_LIMIT = 200

# Lone surrogates come from bytes of the command line that are not UTF-8; no database takes them.
_NOT_PLAIN = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def check_line(name: str, value: str) -> str:
    """The value without outer blanks; UsageError, which calls it `name`, for what is no line."""
    if len(value) > LINE_LIMIT or _NOT_PLAIN.search(value):
        raise UsageError(
            f"The value of {name} is longer than {LINE_LIMIT} characters,"
            " or has characters in it that are no text.",
            "Give one line of UTF-8.",
        )
    return value.strip()


def check_facets(texts: Iterable[str]) -> str:
    """The variant that facets such as `platform:linux` make, as canonical text."""
    return variant_of(facets_of(texts))


def facets_of(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Names and values of the facets; UsageError for one that is none, or is given twice."""
    found = [_facet(text) for text in texts]
    if len({name for name, _ in found}) != len(found):
        raise UsageError("A facet is given twice.", "Give each facet one value.")
    return found


def _facet(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[\w.-]{1,60}", name) or not 1 <= len(value) <= FACET_LIMIT:
        raise UsageError(
            f"The facet {text[:80]!r} is not of the form name:value.", "One is platform:linux."
        )
    if _NOT_PLAIN.search(value) or "," in value or "=" in value:
        raise UsageError(f"The facet {text[:80]!r} has a comma, = or control character in it.")
    return name, value
