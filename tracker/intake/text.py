"""Text from reports, made fit to keep: storable, of bounded size, and honest about what was cut."""

from __future__ import annotations

import re

NAME_LIMIT = 4096
MESSAGE_LIMIT = 8 * 1024
TRACE_LIMIT = 64 * 1024
OUTPUT_LIMIT = 32 * 1024

# NUL is refused by PostgreSQL, lone surrogates by every encoder; other controls are kept and
# escaped where they are shown.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with what no database takes replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:  # as most are; a tenth of what the pattern costs
        return text
    return _UNSTORABLE.sub("�", text)


def cut_middle(text: str, limit: int) -> str:
    """At most about `limit` characters: the beginning and the end, and how much is missing."""
    if len(text) <= limit:
        return text
    half = limit // 2
    omitted = len(text[half:-half].encode())
    return f"{text[:half]}\n… {omitted:,} bytes left out …\n{text[-half:]}"


def cut_end(text: str, limit: int) -> str:
    """At most `limit` characters, for names: the beginning, and a mark that it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
